import { describe, expect, it } from "vitest";
import type { AuditEntry } from "../src/api/client";
import { expiryAfter, isPast, LIFETIMES, sentenceFor } from "../src/settings/access";
import { sectionsFor } from "../src/settings/sections";

const NOW = Date.parse("2026-11-26T12:00:00Z");

const entry = (action: string, details: Record<string, unknown> = {}): AuditEntry => ({
  audit_id: "a",
  occurred_at: "2026-11-26T12:00:00Z",
  actor: "google|1",
  actor_name: "Ann",
  action,
  object_type: "api_key",
  object_id: "k3v9",
  details,
  request_id: null,
});

describe("the activity", () => {
  it.each([
    [entry("invited", { email: "bo@acme.example", role: "viewer" }), "invited bo@acme.example as viewer"],
    [entry("role_changed", { name: "Bo", from: "viewer", to: "admin" }), "made Bo admin, before: viewer"],
    [entry("connected", {}), "connected HubSpot"],
    [entry("connected", { hub_id: "17" }), "connected HubSpot, account 17"],
    [entry("api_key_made", { name: 7 }), "made the API key "],
    [entry("user_removed", { name: "Bo" }), "removed Bo"],
    [entry("user_removed", { name: "Bo", card_count: 3 }), "removed Bo; 3 cards of theirs are nobody's now"],
    [entry("task_cancelled", { kind: "import" }), "stopped the import"],
    [entry("settings_changed", { said: "masking off (before: on)" }), "changed the settings: masking off (before: on)"],
    [entry("budget_set", { said: "budget of a month $20 (before: $10)" }), "changed the budget of a month $20 (before: $10)"],
    [{ ...entry("rule_saved", { severity: "high", is_notify: true }), object_id: "many" }, "saved the rule many, high, which notifies"],
    [{ ...entry("rule_switched", { is_active: false }), object_id: "many" }, "switched the rule many off"],
  ])("is told in sentences", (one, said) => {
    expect(sentenceFor(one)).toBe(said);
  });

  it.each(["coffee_made", "constructor", "toString"])("names %s, which this build does not know, as it is", (action) => {
    expect(sentenceFor(entry(action))).toContain("api key k3v9");
  });
});

describe("keys", () => {
  it("last as long as was chosen, or for good", () => {
    expect(LIFETIMES.map(({ days }) => expiryAfter(days, NOW)?.slice(0, 10) ?? null)).toEqual(["2026-12-26", "2027-02-24", "2027-11-26", null]);
  });

  it("are past from the very moment on", () => {
    expect([isPast(null, NOW), isPast("2026-11-26T12:00:00Z", NOW), isPast("2026-11-26T12:00:01Z", NOW)]).toEqual([false, true, false]);
  });
});

it("sections that only admins have a use for are shown to nobody else", () => {
  const names = (role: "viewer" | "member" | "admin") => sectionsFor(role).map((section) => section.path);
  expect(names("viewer")).toEqual(names("member"));
  expect(names("viewer")).not.toContain("keys");
  expect(names("admin")).toEqual(expect.arrayContaining(["connection", "people", "keys", "activity"]));
});
