import { describe, expect, it } from "vitest";
import type { Connection } from "../src/api/client";
import { connectLabel, grantOf, scopeSummary } from "../src/settings/connection";
import { noticeOf } from "../src/settings/outcome";

const scope = (name: string, is_required: boolean, is_granted: boolean | null) => ({ name, purpose: "", is_required, is_granted });

function connection(status: Connection["status"], ...scopes: Connection["scopes"]): Connection {
  return { type: "hubspot", status, message: null, method: null, hub_id: null, scopes, connected_by: null, connected_at: null, last_synced_at: null };
}

describe("coming back from HubSpot", () => {
  it("is told in a sentence, whatever the outcome", () => {
    expect(noticeOf("connected")?.tone).toBe("good");
    expect(noticeOf("PortalTaken")).toEqual({ tone: "bad", text: expect.stringContaining("another workspace") });
    expect(noticeOf(undefined)).toBeNull();
    expect(noticeOf("")).toBeNull();
  });

  it.each(["<b>x</b>", "constructor", "toString", "Call +1 555 to fix this"])("never repeats %j from the address", (word) => {
    expect(noticeOf(word)?.text).not.toContain(word);
    expect(noticeOf(word)?.tone).toBe("bad");
  });
});

describe("permissions", () => {
  it("are granted, missing or not known", () => {
    expect([true, false, null].map((granted) => grantOf(scope("x", true, granted)))).toEqual(["granted", "missing", "unknown"]);
  });

  it.each([
    [connection("disconnected", scope("tickets", true, null)), ""],
    [connection("active", scope("tickets", true, null)), "HubSpot does not say what an access token may read."],
    [connection("active", scope("tickets", true, true)), "Everything churnboard asks for was granted."],
    [connection("active", scope("tickets", true, true), scope("deals", false, false)), "Everything required was granted; what is optional and missing is left out."],
    [connection("active", scope("tickets", true, false)), "A required permission is missing, so some data stands still. Reconnect and grant it."],
  ])("amount to a sentence", (held, said) => {
    expect(scopeSummary(held)).toBe(said);
  });
});

it("the button says whether this is the first time", () => {
  expect([connectLabel(connection("disconnected")), connectLabel(connection("error"))]).toEqual(["Connect HubSpot", "Reconnect"]);
});
