import { describe, expect, it } from "vitest";
import type { QualityDay } from "../src/api/client";
import { measuresOf, qualityReading, qualityTable } from "../src/dashboard/quality";

const day = (metric_on: string, task: "sentiment" | "topics", part: Partial<QualityDay> = {}): QualityDay => ({
  metric_on,
  task,
  analyzer: "openai_compatible",
  model: "m",
  prompt_version: "2026-11-a",
  reader_count: 1,
  ticket_count: 100,
  read_count: 100,
  dead_letter_count: 0,
  dead_letter_score: 0,
  is_dead_letter_on_target: true,
  verified_quote_count: task === "sentiment" ? 99 : null,
  verified_quote_score: task === "sentiment" ? 0.99 : null,
  is_quote_on_target: task === "sentiment" ? true : null,
  none_topic_score: task === "topics" ? 0.1 : null,
  corrected_count: 0,
  labelled_set: null,
  labelled_count: null,
  kappa_score: null,
  negative_precision_score: null,
  negative_recall_score: null,
  canary_count: null,
  canary_right_count: null,
  injection_count: null,
  injection_steered_count: null,
  flip_score: null,
  cost_usd: 0.2,
  cost_usd_per_1000_tickets: 2,
  ...part,
});
const of = (rows: QualityDay[], key: string) => measuresOf(rows).find((one) => one.key === key)!;

describe("measuresOf", () => {
  it("sums parts and wholes instead of averaging shares of days", () => {
    const rows = [day("2026-11-01", "sentiment"), day("2026-11-02", "sentiment", { read_count: 900, verified_quote_count: 800 }), day("2026-11-02", "topics", { none_topic_score: 0.4, read_count: 300 }), day("2026-11-03", "topics")];
    expect(of(rows, "quoted")).toMatchObject({ value: 0.899, said: "89.9%", isOnTarget: false, of: "1,000 readings of tone" });
    expect(of(rows, "none").value).toBeCloseTo(0.325);
    expect(of(rows, "cost").value).toBeCloseTo(4);
  });

  it("tells what was measured of a reader as it was last measured, and nothing that was not", () => {
    const rows = [day("2026-11-01", "sentiment", { kappa_score: 0.5, labelled_count: 400 }), day("2026-11-02", "sentiment", { kappa_score: 0.7, labelled_count: 400, flip_score: 0.2 }), day("2026-11-03", "sentiment")];
    expect(of(rows, "kappa")).toMatchObject({ said: "0.70", of: "400 labelled texts", isOnTarget: null });
    expect(of(rows, "flip")).toMatchObject({ said: "20.0%", isOnTarget: false, of: "canaries of 2 Nov" });
    expect(of([day("2026-11-01", "sentiment")], "kappa")).toMatchObject({ value: null, said: "not measured" });
    expect(of([day("2026-11-01", "sentiment")], "steered")).toMatchObject({ value: null, said: "not measured", isOnTarget: null });
    expect(of([day("2026-11-01", "sentiment", { canary_count: 9, injection_count: 3, injection_steered_count: 1 })], "steered")).toMatchObject({ said: "1", isOnTarget: false });
  });
});

describe("qualityReading", () => {
  it("says what is not where it should be", () => {
    expect(qualityReading([day("2026-11-01", "sentiment"), day("2026-11-01", "topics")])).toBe("99.0% of 100 readings of tone quote words that stand in the text, 0.0% of answers were of no use. All that is measured is where it should be.");
    expect(qualityReading([day("2026-11-01", "sentiment", { dead_letter_count: 5 })])).toContain("Not where it should be: answers of no use.");
    expect(qualityReading([])).toBe("Nothing was read in these days.");
    expect(qualityReading([day("2026-11-01", "sentiment", { read_count: 0, verified_quote_count: null, dead_letter_count: 4, model: null })])).toBe("100.0% of 4 texts could not be read; no tone was.");
  });
});

it("tells every day in a table, the newest first", () => {
  const rows = qualityTable([day("2026-11-01", "sentiment", { canary_count: 9, canary_right_count: 8 }), day("2026-11-02", "topics", { model: null, cost_usd: null })]);
  expect(rows[0]).toEqual(["2 Nov, topics", "–", "100", "0 (0.0%)", "–", "10.0%", "–", "–"]);
  expect(rows[1]).toEqual(["1 Nov, sentiment", "m, 2026-11-a", "100", "0 (0.0%)", "99.0%", "–", "8 of 9", "$0.2"]);
});
