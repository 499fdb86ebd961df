import { expect, it } from "vitest";
import type { PromptWording } from "../src/api/client";
import { passagesOf, wordingAt } from "../src/card/wording";

const said = (fingerprint: string, first_used_at: string): PromptWording => ({
  task: "sentiment",
  prompt_version: "2026-11-b",
  fingerprint,
  schema_hash: "f",
  notes: "",
  system_text: "You read tickets.",
  user_text: "ticket {{ text }}",
  again_text: "again {{ complaint }}",
  first_used_at,
});

it("tells the words that were in force when a message was read", () => {
  const both = [said("old", "2026-11-01T00:00:00Z"), said("new", "2026-11-10T00:00:00Z")];
  expect(wordingAt(both, "2026-11-09T12:00:00Z")?.fingerprint).toBe("old");
  expect(wordingAt(both, "2026-11-10T00:00:00Z")?.fingerprint).toBe("new");
  // Read before words were kept, or by nobody knows when.
  expect(wordingAt(both, "2026-10-01T00:00:00Z")?.fingerprint).toBe("old");
  expect(wordingAt(both, null)?.fingerprint).toBe("old");
  expect(wordingAt([], "2026-10-01T00:00:00Z")).toBeUndefined();
});

it("shows every part of what is sent", () => {
  expect(passagesOf(said("f", "")).map(({ text }) => text)).toEqual(["You read tickets.", "ticket {{ text }}", "again {{ complaint }}"]);
});
