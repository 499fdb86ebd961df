/** A topic's weeks as the points of a small chart: the line, and the band in which a difference is noise. */
import type { TrendWeek } from "../api/client";

export const WIDTH = 120;
export const HEIGHT = 28;
const PAD = 2;

export interface Trend {
  line: string;
  /** Empty where the weeks have no band. */
  band: string;
  /** The last week, where it stands outside its band. */
  outside: { x: number; y: number } | null;
}

/** Points for a polyline and a polygon; a week without expectation has no band. */
export function trendOf(weeks: readonly TrendWeek[]): Trend {
  const top = Math.max(1, ...weeks.map((week) => Math.max(week.ticket_count, week.upper_count ?? 0)));
  const gap = weeks.length > 1 ? WIDTH / (weeks.length - 1) : 0;
  const x = (index: number): number => Number((index * gap).toFixed(2));
  const y = (value: number): number => Number((HEIGHT - PAD - (value / top) * (HEIGHT - 2 * PAD)).toFixed(2));
  const banded = weeks.flatMap((week, index) =>
    week.lower_count === null || week.upper_count === null ? [] : [{ x: x(index), low: y(week.lower_count), high: y(week.upper_count) }],
  );
  const edge = [...banded.map((one) => `${one.x},${one.high}`), ...banded.toReversed().map((one) => `${one.x},${one.low}`)];
  const last = weeks.at(-1);
  return {
    line: weeks.map((week, index) => `${x(index)},${y(week.ticket_count)}`).join(" "),
    band: banded.length > 1 ? edge.join(" ") : "",
    outside: last?.is_outside_band ? { x: x(weeks.length - 1), y: y(last.ticket_count) } : null,
  };
}

/** The last week in words, for those who do not see the line. */
export function trendSentence(weeks: readonly TrendWeek[]): string {
  const last = weeks.at(-1);
  if (!last) return "no week is over yet";
  if (last.expected_count === null) return `${last.ticket_count} last week; too little is known to expect anything`;
  const expected = Math.round(last.expected_count);
  if (!last.is_outside_band) return `${last.ticket_count} last week, within what is usual (about ${expected})`;
  return `${last.ticket_count} last week, ${last.ticket_count > last.expected_count ? "more" : "fewer"} than is usual (about ${expected})`;
}
