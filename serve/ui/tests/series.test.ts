import { describe, expect, it } from "vitest";
import { axisStep, dayBars, sentimentTotals, topicRows } from "../src/dashboard/series";

const day = (metric_on: string, counts: Partial<Record<"very_negative" | "negative" | "neutral" | "positive" | "very_positive" | "unread", number>>) => {
  const of = (part: keyof typeof counts) => counts[part] ?? 0;
  return {
    metric_on,
    ticket_count: Object.values(counts).reduce((sum, count) => sum + count, 0),
    very_negative_count: of("very_negative"),
    negative_count: of("negative"),
    neutral_count: of("neutral"),
    positive_count: of("positive"),
    very_positive_count: of("very_positive"),
    unread_count: of("unread"),
    mean_level: null,
  };
};

describe("dayBars", () => {
  it("stacks from the worst up, without gaps, over the end of a month", () => {
    const bars = dayBars([day("2026-10-31", { very_negative: 1, neutral: 2, unread: 1 })], "2026-10-30", "2026-11-01");
    expect(bars.map(({ on, total }) => [on, total])).toEqual([
      ["2026-10-30", 0],
      ["2026-10-31", 4],
      ["2026-11-01", 0],
    ]);
    expect(bars[1]?.spans).toEqual([
      { part: "very_negative", from: 0, to: 1 },
      { part: "neutral", from: 1, to: 3 },
      { part: "unread", from: 3, to: 4 },
    ]);
  });
});

describe("sentimentTotals", () => {
  it("takes the share of negatives among tickets that were read", () => {
    const rows = [day("2026-11-01", { very_negative: 1, negative: 1, positive: 2, unread: 4 }), day("2026-12-01", { negative: 9 })];
    expect(sentimentTotals(rows, "2026-11-01", "2026-11-30")).toEqual({ ticketCount: 8, readCount: 4, negativeCount: 2, unreadCount: 4, negativeShare: 0.5 });
  });

  it("knows no share when nothing was read", () => {
    expect(sentimentTotals([day("2026-11-01", { unread: 3 })], "2026-11-01", "2026-11-01").negativeShare).toBeNull();
  });
});

describe("topicRows", () => {
  const row = (metric_on: string, topic: string, ticket_count: number, negative_count = 0, read_count = ticket_count) => ({ metric_on, topic, ticket_count, read_count, negative_count });

  it("compares a span with the one of the same length before it", () => {
    const rows = topicRows([row("2026-11-08", "billing", 6, 3), row("2026-11-01", "billing", 4, 4), row("2026-10-31", "billing", 99)], "2026-11-08", "2026-11-14");
    expect(rows).toEqual([{ topic: "billing", ticketCount: 6, previousCount: 4, change: 0.5, negativeShare: 0.5, trend: [6, 0, 0, 0, 0, 0, 0] }]);
  });

  it("counts unhappy tickets among those that were read", () => {
    const rows = topicRows([row("2026-11-08", "billing", 6, 1, 2), row("2026-11-08", "unread", 3, 0, 0)], "2026-11-08", "2026-11-14");
    expect(rows.map((topic) => topic.negativeShare)).toEqual([0.5, null]);
  });

  it("keeps every ticket of a long span in its trend", () => {
    const rows = topicRows([row("2026-08-26", "billing", 2), row("2026-11-23", "billing", 5)], "2026-08-26", "2026-11-23");
    expect(rows[0]?.trend).toHaveLength(30);
    expect(rows[0]?.trend.reduce((sum, count) => sum + count, 0)).toBe(7);
    expect(rows[0]?.change).toBeNull();
  });
});

describe("axisStep", () => {
  it.each([
    [1, 1],
    [4, 1],
    [7, 2],
    [34, 10],
    [170, 50],
    [2100, 1000],
  ])("for a largest day of %i is %i", (max, step) => {
    expect(axisStep(max, 4)).toBe(step);
  });
});
