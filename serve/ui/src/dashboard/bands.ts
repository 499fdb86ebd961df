/** Weeks as points in their band of noise. Pure. */
import type { SentimentWeek, TopicWeek } from "../api/client";
import type { TrendMeasure } from "./readings";

export interface BandPoint {
  on: string;
  /** Null where nothing was counted. */
  value: number | null;
  expected: number | null;
  lower: number | null;
  upper: number | null;
  isOutside: boolean | null;
}

type Week = SentimentWeek | TopicWeek;

/** The tickets of a week, or their negative share. */
export function pointOf(week: Week, measure: TrendMeasure): BandPoint {
  if (measure === "count") {
    return { on: week.week_on, value: week.ticket_count, expected: week.expected_count, lower: week.lower_count, upper: week.upper_count, isOutside: week.is_outside_band };
  }
  return { on: week.week_on, value: week.negative_share, expected: week.expected_negative_share, lower: week.noise_share_lower, upper: week.noise_share_upper, isOutside: week.is_negative_share_outside_band };
}

export interface TopicCourse {
  topic: string;
  weeks: TopicWeek[];
  ticketCount: number;
  /** Weeks outside the band. */
  outsideCount: number;
  isOutsideNow: boolean;
}

/** One course for each topic: those that left their band in the last week first, then the largest. */
export function coursesOf(weeks: readonly TopicWeek[], measure: TrendMeasure): TopicCourse[] {
  const last = weeks.reduce((found, week) => (week.week_on > found ? week.week_on : found), "");
  const byTopic = new Map<string, TopicWeek[]>();
  for (const week of weeks) {
    if (week.topic === "unread") continue;
    byTopic.set(week.topic, [...(byTopic.get(week.topic) ?? []), week]);
  }
  return [...byTopic]
    .map(([topic, of]) => {
      const outside = of.filter((week) => pointOf(week, measure).isOutside === true);
      return {
        topic,
        weeks: of,
        ticketCount: of.reduce((sum, week) => sum + week.ticket_count, 0),
        outsideCount: outside.length,
        isOutsideNow: outside.some((week) => week.week_on === last),
      };
    })
    .sort((a, b) => Number(b.isOutsideNow) - Number(a.isOutsideNow) || b.ticketCount - a.ticketCount || a.topic.localeCompare(b.topic));
}
