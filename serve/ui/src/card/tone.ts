/** A company's tone over 90 days as points to draw. */
import { addDays, daysBetween, formatNumber } from "../format";

export const SPAN_DAYS = 90;

export interface Tone {
  metric_on: string;
  read_count: number;
  mean_level: number | null;
}

export interface Point {
  /** 0 at the first day, 1 at the last. */
  x: number;
  /** 0 at the best tone, 1 at the worst. */
  y: number;
  on: string;
  level: number;
}

/** One point for each day on which something was read; days are told apart by their date, not by their number. */
export function tonePoints(days: readonly Tone[], asOf: string): Point[] {
  const first = addDays(asOf, 1 - SPAN_DAYS);
  return days.flatMap(({ metric_on, mean_level }) => {
    const x = daysBetween(first, metric_on) / (SPAN_DAYS - 1);
    return mean_level === null || x < 0 || x > 1 ? [] : [{ x, y: (2 - mean_level) / 4, on: metric_on, level: mean_level }];
  });
}

/** The same in words, for whoever does not see the line. */
export function toneSentence(days: readonly Tone[], asOf: string): string {
  const points = tonePoints(days, asOf);
  if (points.length === 0) return "Nothing was read in the last 90 days.";
  const read = days.reduce((sum, { read_count }) => sum + read_count, 0);
  const levels = points.map(({ level }) => level);
  const [worst, best] = [Math.min(...levels), Math.max(...levels)];
  const range = worst === best ? `${formatNumber(worst)} each day` : `between ${formatNumber(worst)} and ${formatNumber(best)}, last ${formatNumber(levels.at(-1)!)}`;
  return `${formatNumber(read)} tickets read on ${formatNumber(points.length)} days: ${range}, on a scale from -2 to 2.`;
}
