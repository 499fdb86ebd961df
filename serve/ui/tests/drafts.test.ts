import { beforeEach, describe, expect, it, vi } from "vitest";
import { draftOf, forgetDrafts, keepDraft } from "../src/card/drafts";

class Kept {
  items = new Map<string, string>();
  getItem = (key: string) => this.items.get(key) ?? null;
  setItem = (key: string, value: string) => void this.items.set(key, value);
  removeItem = (key: string) => void this.items.delete(key);
}

let kept: Kept;
beforeEach(() => {
  kept = new Kept();
  vi.stubGlobal("sessionStorage", kept);
});

const said = (text: string) => ({ text, picked: [] });

describe("drafts", () => {
  it("are kept by person, card and purpose, until they are sent", () => {
    keepDraft("ada", "card-1", said("Call them"));
    keepDraft("ada", "card-1", said("They left"), "complete");
    expect(draftOf("ada", "card-1").text).toBe("Call them");
    expect(draftOf("ada", "card-1", "complete").text).toBe("They left");
    expect([draftOf("bo", "card-1").text, draftOf("ada", "card-2").text]).toEqual(["", ""]);
    keepDraft("ada", "card-1", said(""));
    keepDraft("ada", "card-1", said(""), "complete");
    expect(kept.items.size).toBe(0);
  });

  it("of others are gone once somebody else signs in, and all of them when their writer signs out", () => {
    keepDraft("ada", "card-1", said("mine"));
    keepDraft("bo", "card-1", said("theirs"));
    forgetDrafts("ada");
    expect([draftOf("ada", "card-1").text, draftOf("bo", "card-1").text]).toEqual(["mine", ""]);
    forgetDrafts(null);
    expect(kept.items.size).toBe(0);
  });

  it("that cannot be read, or kept, are none", () => {
    kept.items.set("churnboard.drafts", "{not json");
    expect(draftOf("ada", "card-1")).toEqual(said(""));
    kept.setItem = () => {
      throw new DOMException("full", "QuotaExceededError");
    };
    expect(() => keepDraft("ada", "card-1", said("words"))).not.toThrow();
  });
});
