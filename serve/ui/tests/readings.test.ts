import { describe, expect, it } from "vitest";
import { coursesOf, pointOf } from "../src/dashboard/bands";
import * as say from "../src/dashboard/readings";

type Risk = Parameters<typeof say.riskReading>[0][number];
type Week = Parameters<typeof say.trendReading>[0][number];
type Impact = Parameters<typeof say.weighed>[0][number];

const risk = (metric_on: string, topic: string, active_count: number, opened_count = 0): Risk => ({ metric_on, topic, active_count, opened_count, closed_count: 0, trigger_type: "frustrated", severity: "high", active_mrr: null });
const week = (week_on: string, topic: string, part: Partial<Week> = {}): Week => ({
  week_on,
  topic,
  parent_topic: null,
  ticket_count: 12,
  expected_count: 10,
  lower_count: 4.2,
  upper_count: 17.3,
  is_outside_band: false,
  read_count: 12,
  negative_count: 3,
  negative_share: 0.25,
  negative_share_lower: 0.1,
  negative_share_upper: 0.5,
  expected_negative_share: 0.2,
  noise_share_lower: 0.02,
  noise_share_upper: 0.4,
  is_negative_share_outside_band: false,
  ...part,
});

describe("riskReading", () => {
  it("says where cards went and what is behind them", () => {
    const rows = [risk("2026-11-01", "billing", 2), risk("2026-11-20", "billing", 5), risk("2026-11-20", "none", 9)];
    expect(say.riskReading(rows, "active", "2026-11-01", "2026-11-20")).toBe("Cards whose signal is on rose from 2 on 1 Nov to 14; Billing is behind 5 of them.");
    expect(say.riskReading(rows, "active", "2026-11-01", "2026-11-19")).toBe("Cards whose signal is on fell from 2 on 1 Nov to 0.");
  });

  it("compares with the first day anything is known of", () => {
    expect(say.riskReading([risk("2026-11-10", "billing", 3), risk("2026-11-20", "billing", 3)], "active", "2026-06-01", "2026-11-20")).toBe("3 cards are on, as many as on 10 Nov; Billing is behind 3 of them.");
  });

  it("counts what opened", () => {
    expect(say.riskReading([risk("2026-11-02", "billing", 1, 1), risk("2026-11-03", "billing", 2, 1)], "opened", "2026-11-01", "2026-11-20")).toBe("2 cards opened from 1 Nov to 20 Nov; Billing is behind 2 of them.");
    expect(say.riskReading([], "opened", "2026-11-01", "2026-11-20")).toBe("No card had a signal in these days.");
  });
});

describe("sentimentReading", () => {
  it("tells noise from change", () => {
    expect(say.sentimentReading([week("2026-11-09", "")])).toBe("In the week of 9 Nov 25% of 12 read tickets were negative, where 20% was usual: within noise, which explains up to 40%.");
    const worse = week("2026-11-09", "", { negative_share: 0.5, is_negative_share_outside_band: true });
    expect(say.sentimentReading([worse])).toContain("20% was usual, and noise explains up to 40%: tone turned for the worse.");
    const better = week("2026-11-09", "", { negative_share: 0.01, is_negative_share_outside_band: true });
    expect(say.sentimentReading([better])).toContain("noise explains down to 2%: tone got better.");
  });

  it("does not compare with what is not known", () => {
    expect(say.sentimentReading([])).toBe("No week in these days is over yet.");
    expect(say.sentimentReading([week("2026-11-09", "", { negative_share: null })])).toBe("In the week of 9 Nov no ticket was read.");
    expect(say.sentimentReading([week("2026-11-09", "", { expected_negative_share: null })])).toContain("too little came before");
  });
});

describe("trendReading", () => {
  const outside = { ticket_count: 31, is_outside_band: true };

  it("names the topic that moved most in the last week that is over", () => {
    const weeks = [week("2026-11-02", "data", outside), week("2026-11-09", "data"), week("2026-11-09", "billing", outside), week("2026-11-09", "login", { ...outside, ticket_count: 19 })];
    expect(say.trendReading(weeks, "count")).toBe("In the week of 9 Nov Billing had 31 tickets, where 10 were usual and noise explains up to 17. 1 other topic left the band too.");
    expect(say.trendReading(weeks, "share")).toBe("In the week of 9 Nov all 3 topics stayed within noise.");
  });

  it("tells a share from what noise explains", () => {
    const weeks = [week("2026-11-09", "billing", { negative_share: 0.31, expected_negative_share: 0.12, noise_share_upper: 0.18, is_negative_share_outside_band: true })];
    expect(say.trendReading(weeks, "share")).toBe("In the week of 9 Nov the negative share of Billing rose from 12% to 31%; noise explains up to 18%.");
  });

  it("draws the same: what moved now first, without what was not sorted", () => {
    const weeks = [week("2026-11-02", "data", { ticket_count: 90 }), week("2026-11-09", "data", { ticket_count: 90 }), week("2026-11-09", "billing", outside), week("2026-11-09", "unread")];
    expect(coursesOf(weeks, "count").map(({ topic, outsideCount, isOutsideNow }) => [topic, outsideCount, isOutsideNow])).toEqual([
      ["billing", 1, true],
      ["data", 0, false],
    ]);
    expect(pointOf(weeks[0]!, "share")).toMatchObject({ value: 0.25, expected: 0.2, lower: 0.02, upper: 0.4, isOutside: false });
  });
});

describe("weighed", () => {
  const impact = (topic: string, negative_count: number, mrr_touched: number | null, parent_topic: string | null = null): Impact => ({
    topic,
    parent_topic,
    negative_count,
    mrr_touched,
    ticket_count: 10,
    all_ticket_count: 30,
    read_count: 10,
    negative_share: negative_count / 10,
    all_negative_share: 0.3,
    negative_share_without: 0.2,
    negative_share_impact: 0.1,
    all_mean_level: 0,
    mean_level_without: 0,
    mean_level_impact: 0,
    points: 0,
    points_share: 0,
    company_count: 2,
    negative_rank: 1,
    level_rank: 1,
    mrr_rank: 1,
  });

  it("multiplies negative tickets with money, and counts nothing twice", () => {
    const rows = say.weighed([impact("billing", 2, 1000), impact("data", 6, 1000), impact("export", 6, 1000, "data"), impact("unread", 9, 9000), impact("other", 3, null)]);
    expect(rows.map(({ row, weight }) => [row.topic, weight])).toEqual([
      ["data", 0.75],
      ["billing", 0.25],
      ["other", null],
    ]);
    expect(say.weightReading(rows, "EUR")).toBe("Data weighs most: 6 negative tickets of 10 read (60%), from customers who pay €1,000 a month together.");
  });

  it("says so where there is nothing to multiply", () => {
    expect(say.weightReading(say.weighed([impact("billing", 0, 1000)]), "EUR")).toBe("No negative ticket of a customer whose MRR is known.");
    expect(say.weightReading([], "EUR")).toBe("No ticket of these days was sorted.");
  });
});

describe("costReading", () => {
  const costs = (spent_usd: number, monthly_usd: number | null, cost_usd = spent_usd) => ({
    items: [{ metric_on: "2026-11-02", task: "topics" as const, analyzer: "openai_compatible" as const, model: "m", call_count: 3, input_tokens: 1, output_tokens: 1, cost_usd }],
    budget: { month_on: "2026-11-01", monthly_usd, spent_usd },
  });

  it("tells the month, its budget and where it is going", () => {
    expect(say.costReading(costs(10, 20), "2026-11-15T06:00:00Z")).toBe("$10 so far in November, 50% of the $20 budget; at this pace $20 by its end.");
    expect(say.costReading(costs(10, null), "2026-11-01")).toBe("$10 so far in November. No budget is set.");
    expect(say.costReading(costs(0, 20, 0), "2026-11-15")).toBe("3 texts read in these days at no cost.");
    expect(say.costReading({ ...costs(0, 20), items: [] }, "2026-11-15")).toBe("No model was paid in these days. The budget is $20 a month.");
    expect(say.projected({ month_on: "2028-02-01", monthly_usd: null, spent_usd: 1 }, "2028-02-02")).toBe(14.5);
  });
});

describe("precisionReading", () => {
  const judged = (trigger_type: "frustrated" | "significant_support", counted_count: number, precision_score: number | null) => ({
    trigger_type,
    opened_severity: "all" as const,
    prompt_version: "all",
    period: "all",
    card_count: 40,
    completed_count: counted_count,
    saved_count: 0,
    at_risk_unresolved_count: 0,
    churned_count: 0,
    contraction_count: 0,
    false_alarm_count: 0,
    known_expected_count: 0,
    right_count: 0,
    counted_count,
    precision_score,
    lower_bound_score: precision_score,
    upper_bound_score: precision_score,
    hidden_reason: precision_score === null ? ("too_few" as const) : null,
  });

  it("tells nothing from too few", () => {
    expect(say.precisionReading([judged("frustrated", 0, null)], [])).toBe("Nobody has judged a card yet; from 20 of a trigger on its precision is told.");
    expect(say.precisionReading([judged("frustrated", 19, null)], [])).toBe("So far people have judged 19 cards; from 20 of a trigger on its precision is told.");
    expect(say.hiddenReason("churn_not_mapped")).toBe("no company property says when a customer left");
  });

  it("tells the best and the worst, and no month alone", () => {
    const rows = [judged("frustrated", 24, 0.6), judged("significant_support", 30, 0.8), { ...judged("frustrated", 22, 0.1), period: "2026-11" }];
    expect(say.precisionReading(rows, [])).toBe("Significant support is right in 80% of 30 judged cards, Frustrated is right in 60% of 24 judged cards.");
  });
});
