import { describe, expect, it } from "vitest";
import type { TriggerParam } from "../src/api/client";
import { bounds, changes, draftOf, isSame, problem, sentences, valueOf, withValue, type Tried } from "../src/settings/triggers";

const param = (values: Partial<TriggerParam> = {}): TriggerParam => ({
  trigger_type: "frustrated",
  name: "t_on",
  description: "",
  unit: "points",
  minimum: 0.01,
  maximum: 1000,
  choices: [],
  balanced: 0.5,
  quiet: 2.5,
  value: 0.5,
  origin: "balanced",
  ...values,
});

describe("a draft", () => {
  const params = [param(), param({ name: "window_days", unit: "days", minimum: 1, maximum: 365, balanced: 21, quiet: 14, value: 30, origin: "own" })];
  const held = draftOf("balanced", params);

  it("starts as what is set, and changes nothing", () => {
    expect(held).toEqual({ preset: "balanced", own: { "frustrated.window_days": 30 } });
    expect(isSame(held, held, params)).toBe(true);
  });

  it("says what is set, and what is taken back", () => {
    const draft = withValue(withValue(held, params[0]!, 1.5), params[1]!, null);
    expect(changes(draft, held, params)).toEqual([
      { trigger_type: "frustrated", name: "t_on", value: 1.5 },
      { trigger_type: "frustrated", name: "window_days", value: null },
    ]);
    expect(valueOf(params[1]!, draft)).toBe(21);
  });

  it("needs no version for the value the preset has anyway", () => {
    expect(isSame(withValue(withValue(held, params[0]!, 3), params[0]!, 0.5), held, params)).toBe(true);
    const quiet = { ...held, preset: "quiet" as const };
    expect(valueOf(params[0]!, quiet)).toBe(2.5);
    expect(isSame(quiet, held, params)).toBe(false);
  });
});

describe("a slider", () => {
  it.each([
    param(),
    param({ unit: "days", minimum: 1, maximum: 365, balanced: 21, quiet: 14, value: 21 }),
    param({ unit: "probability", minimum: 0, maximum: 1, balanced: 0.6, quiet: 0.75, value: 0.6 }),
    param({ unit: "usage", minimum: 0, maximum: 1e12, balanced: 50, quiet: 50, value: 5000 }),
    param({ unit: "rules", minimum: 1, maximum: 3, balanced: 1, quiet: 1, value: 1 }),
  ])("reaches every preset and what is set, within the range", (one) => {
    const range = bounds(one);
    for (const value of [one.balanced, one.quiet, one.value]) {
      expect(value).toBeGreaterThanOrEqual(range.min);
      expect(value).toBeLessThanOrEqual(range.max);
    }
    expect(range.min).toBeGreaterThanOrEqual(one.minimum);
    expect(range.max).toBeLessThanOrEqual(one.maximum);
    expect((range.max - range.min) / range.step).toBeGreaterThanOrEqual(2);
    expect((range.max - range.min) / range.step).toBeLessThanOrEqual(101);
  });

  it("leaves what does not fit to the field, with the reason", () => {
    expect(problem(param(), 2000)).toContain("0.01 to 1,000 points");
    expect(problem(param(), Number.NaN)).not.toBe("");
    expect(problem(param(), 1000)).toBe("");
  });
});

describe("what was tried", () => {
  const side = (opened: number, interruptions: number, hits: number, count: number) => ({
    opened,
    opened_by_week: {},
    interruptions,
    precision: { hits, count, value: count ? hits / count : 0, is_enough: count >= 20 },
  });
  const tried = (values: Partial<Tried>): Tried => ({
    from: "2026-08-29",
    to: "2026-11-26",
    settings: [{ trigger_type: "frustrated", name: "t_on", current: 0.5, candidate: 2.5 }],
    current: side(41, 16, 5, 24),
    candidate: side(14, 1, 3, 4),
    unchanged_cards: 9,
    change_count: 27,
    change_counts: {},
    changes: [],
    remarks: [],
    ...values,
  });

  it("is said in a sentence", () => {
    expect(sentences(tried({}))).toEqual([
      "Last 90 days: 14 cards instead of 41, 1 interruption instead of 16.",
      "People confirmed 3 of 4 of those they gave an outcome; as it is, 5 of 24.",
    ]);
    expect(sentences(tried({ candidate: side(14, 2, 15, 20) }))[1]).toContain("15 of 20 of those they gave an outcome (75%)");
  });

  it("compares nothing where nothing is different, and promises nothing where nothing is known", () => {
    const same = side(1, 0, 0, 0);
    expect(sentences(tried({ settings: [], current: same, candidate: same }))).toEqual(["Last 90 days: 1 card opened, 0 interruptions."]);
  });
});
