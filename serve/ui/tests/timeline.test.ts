import { describe, expect, it } from "vitest";
import { toldTimeline, type Entry } from "../src/card/timeline";

const names = new Map([
  ["s|ada", "Ada"],
  ["s|grace", "Grace"],
]);
const entry = (type: string, parts: Partial<Entry> = {}): Entry => ({ type, occurred_at: "2026-03-30T09:00:00Z", seq: 1, actor: "s|ada", status: null, details: {}, ...parts });
const signal = (type: string, details: Record<string, unknown> = {}) => entry(type, { seq: null, actor: null, details });
const said = (one: Entry) => {
  const [told] = toldTimeline([one], names);
  return `${told!.who ? `${told!.who} ` : ""}${told!.what}`;
};

describe("toldTimeline", () => {
  it("puts the newest first and keeps the order of one moment", () => {
    const told = toldTimeline([signal("opened"), entry("commented", { seq: 1 }), entry("assigned", { seq: 2 })], names);
    expect(told.map(({ kind }) => kind)).toEqual(["person", "comment", "signal"]);
  });

  it("tells what the signal did", () => {
    expect(said(signal("opened", { severity: "low" }))).toBe("The card opened, severity low");
    expect(said(signal("raised", { severity: "critical", previous_severity: "low", score: 7.25 }))).toBe("It got worse: from low to critical (score 7.25)");
    expect(said(signal("returned", { severity: "high", score: 4 }))).toBe("The signal came back after a pause, severity high (score 4)");
    expect(said(signal("something_new"))).toBe("Something new");
  });

  it("names people, never subjects", () => {
    expect(said(entry("assigned", { details: { assignee: "s|grace" } }))).toBe("Ada gave it to Grace");
    expect(said(entry("assigned", { details: { assignee: "s|ada" } }))).toBe("Ada took it");
    expect(said(entry("assigned", { details: { assignee: null } }))).toBe("Ada took it from whoever had it");
    expect(said(entry("assigned", { actor: "s|gone", details: { assignee: "s|gone-too" } }))).toBe("somebody who is no longer here gave it to somebody who is no longer here");
  });

  it("tells what people decided", () => {
    expect(said(entry("status_changed", { status: "working" }))).toBe("Ada began to work on it");
    expect(said(entry("snoozed", { details: { until_on: "2026-04-02", is_for_reply: true } }))).toBe("Ada let it wait until 2 Apr 2026, or for the customer's reply");
    expect(said(entry("completed", { details: { outcome: "false_alarm" } }))).toBe("Ada completed it as a false alarm");
    expect(said(entry("severity_overridden", { details: { severity: null } }))).toBe("Ada set its severity back to what is computed");
  });

  it("tells what the pipeline did with its reason", () => {
    const [told] = toldTimeline([entry("completed", { actor: "churnboard", details: { outcome: "expired", why: "Nobody owned it." } })], names);
    expect(told).toMatchObject({ who: null, kind: "machine", what: "It expired", words: "Nobody owned it." });
  });
});
