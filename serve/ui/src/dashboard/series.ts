/** Arithmetic behind the dashboard: days without gaps, stacked bars, sums per topic. Nothing here draws. */
import { addDays, daysBetween } from "../format";
import { SENTIMENTS } from "../vocabulary";

export interface SentimentCounts {
  metric_on: string;
  ticket_count: number;
  very_negative_count: number;
  negative_count: number;
  neutral_count: number;
  positive_count: number;
  very_positive_count: number;
  unread_count: number;
  mean_level: number | null;
}

export interface TopicCounts {
  metric_on: string;
  topic: string;
  ticket_count: number;
  read_count: number;
  negative_count: number;
}

/** What a bar is made of, from the axis up. Tickets nobody has read yet stand on top, apart from every judgement. */
export const STACK = [...SENTIMENTS, "unread"] as const;
export type StackPart = (typeof STACK)[number];

export interface DayBar {
  on: string;
  total: number;
  counts: Record<StackPart, number>;
  /** Half-open spans in tickets, one for each part that is not empty. */
  spans: { part: StackPart; from: number; to: number }[];
}

/** Every day from one to another, both included. */
export function daysOf(from: string, to: string): string[] {
  return Array.from({ length: Math.max(0, daysBetween(from, to) + 1) }, (_, index) => addDays(from, index));
}

/** One bar for each day; a day without a row is a day without tickets, not a gap. */
export function dayBars(rows: readonly SentimentCounts[], from: string, to: string): DayBar[] {
  const byDay = new Map(rows.map((row) => [row.metric_on, row]));
  return daysOf(from, to).map((on) => {
    const row = byDay.get(on);
    const counts = Object.fromEntries(STACK.map((part) => [part, row?.[`${part}_count`] ?? 0])) as Record<StackPart, number>;
    let height = 0;
    const spans = STACK.filter((part) => counts[part] > 0).map((part) => {
      const span = { part, from: height, to: height + counts[part] };
      height = span.to;
      return span;
    });
    return { on, total: height, counts, spans };
  });
}

export interface SentimentTotals {
  ticketCount: number;
  readCount: number;
  negativeCount: number;
  unreadCount: number;
  /** Negative and very negative among tickets that were read; null when none was. */
  negativeShare: number | null;
}

/** Adds up the days from one to another, both included. */
export function sentimentTotals(rows: readonly SentimentCounts[], from: string, to: string): SentimentTotals {
  const bars = dayBars(rows, from, to);
  const sum = (part: StackPart) => bars.reduce((total, bar) => total + bar.counts[part], 0);
  const ticketCount = bars.reduce((total, bar) => total + bar.total, 0);
  const unreadCount = sum("unread");
  const readCount = ticketCount - unreadCount;
  const negativeCount = sum("very_negative") + sum("negative");
  return { ticketCount, readCount, negativeCount, unreadCount, negativeShare: readCount === 0 ? null : negativeCount / readCount };
}

export interface TopicRow {
  topic: string;
  ticketCount: number;
  previousCount: number;
  /** Relative change against the span before; null when there is nothing to compare with. */
  change: number | null;
  /** Negative tickets among those that were read; null when none was. */
  negativeShare: number | null;
  /** Tickets per step of the span, oldest first. */
  trend: number[];
}

/** At most this many points in a sparkline: below a pixel or two per point it stops being readable. */
const TREND_POINTS = 30;

/**
 * Topics of a span of days, largest first, compared with the span of the same length before it.
 *
 * Companies and revenue are not added up over days: one company writing on two days would count twice.
 */
export function topicRows(rows: readonly TopicCounts[], from: string, to: string): TopicRow[] {
  const length = daysBetween(from, to) + 1;
  const before = addDays(from, -length);
  const step = Math.ceil(length / TREND_POINTS);
  const points = Math.ceil(length / step);
  const topics = new Map<string, TopicRow & { negativeCount: number; readCount: number }>();
  for (const row of rows) {
    if (row.metric_on < before || row.metric_on > to) continue;
    let topic = topics.get(row.topic);
    if (!topic) {
      topic = { topic: row.topic, ticketCount: 0, previousCount: 0, change: null, negativeCount: 0, readCount: 0, negativeShare: 0, trend: Array<number>(points).fill(0) };
      topics.set(row.topic, topic);
    }
    if (row.metric_on < from) {
      topic.previousCount += row.ticket_count;
      continue;
    }
    topic.ticketCount += row.ticket_count;
    topic.negativeCount += row.negative_count;
    topic.readCount += row.read_count;
    const point = Math.floor(daysBetween(from, row.metric_on) / step);
    topic.trend[point] = (topic.trend[point] ?? 0) + row.ticket_count;
  }
  return [...topics.values()]
    .filter((topic) => topic.ticketCount > 0)
    .map(({ negativeCount, readCount, ...topic }) => ({
      ...topic,
      change: topic.previousCount === 0 ? null : topic.ticketCount / topic.previousCount - 1,
      negativeShare: readCount === 0 ? null : negativeCount / readCount,
    }))
    .sort((a, b) => b.ticketCount - a.ticketCount || a.topic.localeCompare(b.topic));
}

/** The smallest 1, 2 or 5 times a power of ten that divides the axis into at most `steps`; at least 1, as tickets are whole. */
export function axisStep(max: number, steps: number): number {
  const rough = Math.max(1, max / steps);
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= rough - 1e-9) ?? 10;
  return factor * power;
}
