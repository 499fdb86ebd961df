/** The sentence above each chart: what it says today, worked out from the same rows it is drawn from. Pure. */
import type { AlertPrecision, ChurnRecall, Costs, EmergingTopic, LeaderboardCompany, RiskDay, SentimentWeek, TopicImpact, TopicWeek } from "../api/client";
import { formatCount, formatDollars, formatMoney, formatNumber, formatPercent, formatShortDay } from "../format";
import { topicLabel, triggerLabel } from "../vocabulary";
import type { TopicRow } from "./series";
import { ranked } from "./stack";

export type RiskMeasure = "active" | "opened";
export type RiskKey = "topic" | "trigger_type" | "severity";

const NOT_A_TOPIC = new Set(["none", "unread"]);

/** What a risk row counts under a measure. */
export const countOf = (row: RiskDay, measure: RiskMeasure): number => (measure === "active" ? row.active_count : row.opened_count);

function summed<Row>(rows: readonly Row[], key: (row: Row) => string, value: (row: Row) => number): Map<string, number> {
  const totals = new Map<string, number>();
  for (const row of rows) totals.set(key(row), (totals.get(key(row)) ?? 0) + value(row));
  return totals;
}

const verb = (from: number, to: number) => (to > from ? "rose" : to < from ? "fell" : "stayed");

export function riskReading(rows: readonly RiskDay[], measure: RiskMeasure, from: string, to: string): string {
  if (rows.length === 0) return "No card had a signal in these days.";
  const byDay = summed(rows, (row) => row.metric_on, (row) => countOf(row, measure));
  const known = [...byDay.keys()].sort();
  const first = known[0]! > from ? known[0]! : from;
  const counted = measure === "active" ? rows.filter((row) => row.metric_on === to) : rows;
  const topics = summed(counted.filter((row) => !NOT_A_TOPIC.has(row.topic)), (row) => row.topic, (row) => countOf(row, measure));
  const [top] = ranked(topics);
  const behind = top === undefined || (topics.get(top) ?? 0) === 0 ? "" : `; ${topicLabel(top)} is behind ${formatNumber(topics.get(top)!)} of them`;
  if (measure === "opened") {
    const opened = rows.reduce((sum, row) => sum + row.opened_count, 0);
    return `${formatCount(opened, "card")} opened from ${formatShortDay(from)} to ${formatShortDay(to)}${opened > 0 ? behind : ""}.`;
  }
  const [then, now] = [byDay.get(first) ?? 0, byDay.get(to) ?? 0];
  const change = then === now ? `${formatCount(now, "card is", "cards are")} on, as many as on ${formatShortDay(first)}` : `Cards whose signal is on ${verb(then, now)} from ${formatNumber(then)} on ${formatShortDay(first)} to ${formatNumber(now)}`;
  return `${change}${now > 0 ? behind : ""}.`;
}

/** What noise explains, on the side of it that a share is on. */
function noiseEdge(week: SentimentWeek | TopicWeek): number | null {
  if (week.negative_share === null || week.expected_negative_share === null) return null;
  return week.negative_share >= week.expected_negative_share ? week.noise_share_upper : week.noise_share_lower;
}

export function sentimentReading(weeks: readonly SentimentWeek[]): string {
  const week = weeks.at(-1);
  if (!week) return "No week in these days is over yet.";
  const when = `In the week of ${formatShortDay(week.week_on)}`;
  if (week.negative_share === null) return `${when} no ticket was read.`;
  const share = `${formatPercent(week.negative_share)} of ${formatCount(week.read_count, "read ticket")} were negative`;
  const edge = noiseEdge(week);
  if (week.expected_negative_share === null || edge === null) return `${when} ${share}; too little came before to compare it with.`;
  const expected = formatPercent(week.expected_negative_share);
  const isAbove = week.negative_share >= week.expected_negative_share;
  if (!week.is_negative_share_outside_band) return `${when} ${share}, where ${expected} was usual: within noise, which explains ${isAbove ? "up" : "down"} to ${formatPercent(edge)}.`;
  return `${when} ${share}. ${expected} was usual, and noise explains ${isAbove ? "up" : "down"} to ${formatPercent(edge)}: tone ${isAbove ? "turned for the worse" : "got better"}.`;
}

export type TrendMeasure = "count" | "share";

export const isOutside = (week: TopicWeek, measure: TrendMeasure): boolean => (measure === "count" ? week.is_outside_band : week.is_negative_share_outside_band) === true;

export function trendReading(weeks: readonly TopicWeek[], measure: TrendMeasure): string {
  const last = weeks.reduce((found, week) => (week.week_on > found ? week.week_on : found), "");
  if (last === "") return "No week in these days is over yet.";
  const current = weeks.filter((week) => week.week_on === last && week.topic !== "unread");
  const outside = current.filter((week) => isOutside(week, measure));
  const when = `In the week of ${formatShortDay(last)}`;
  if (outside.length === 0) return `${when} all ${formatCount(current.length, "topic")} stayed within noise.`;
  const far = (week: TopicWeek) => (measure === "count" ? Math.abs(week.ticket_count - (week.expected_count ?? 0)) : Math.abs((week.negative_share ?? 0) - (week.expected_negative_share ?? 0)) * Math.sqrt(week.read_count));
  const top = [...outside].sort((a, b) => far(b) - far(a) || a.topic.localeCompare(b.topic))[0]!;
  const others = outside.length === 1 ? "" : ` ${formatCount(outside.length - 1, "other topic")} left the band too.`;
  const lead = topicLabel(top.topic);
  if (measure === "share") {
    const edge = noiseEdge(top);
    return `${when} the negative share of ${lead} ${verb(top.expected_negative_share ?? 0, top.negative_share ?? 0)} from ${formatPercent(top.expected_negative_share ?? 0)} to ${formatPercent(top.negative_share ?? 0)}; noise explains ${(top.negative_share ?? 0) >= (top.expected_negative_share ?? 0) ? "up" : "down"} to ${formatPercent(edge ?? 0)}.${others}`;
  }
  const isAbove = top.ticket_count > (top.upper_count ?? 0);
  const edge = isAbove ? Math.floor(top.upper_count ?? 0) : Math.ceil(top.lower_count ?? 0);
  return `${when} ${lead} had ${formatCount(top.ticket_count, "ticket")}, where ${formatNumber(Math.round(top.expected_count ?? 0))} were usual and noise explains ${isAbove ? "up" : "down"} to ${formatNumber(edge)}.${others}`;
}

export interface Weighed {
  row: TopicImpact;
  /** Negative tickets × MRR touched, as a part of that of all topics; null where no MRR is known. */
  weight: number | null;
}

/** Topics by negative tickets times the revenue of whoever wrote them; those below another topic are left to it. */
export function weighed(rows: readonly TopicImpact[]): Weighed[] {
  const top = rows.filter((row) => row.parent_topic === null && row.topic !== "unread");
  const product = (row: TopicImpact) => (row.mrr_touched === null ? null : row.negative_count * row.mrr_touched);
  const all = top.reduce((sum, row) => sum + (product(row) ?? 0), 0);
  return top
    .map((row) => ({ row, weight: product(row) === null ? null : all === 0 ? 0 : product(row)! / all }))
    .sort((a, b) => (b.weight ?? -1) - (a.weight ?? -1) || b.row.negative_count - a.row.negative_count || a.row.topic.localeCompare(b.row.topic));
}

export function weightReading(rows: readonly Weighed[], currency: string | null): string {
  const top = rows.find((one) => one.weight !== null && one.weight > 0);
  if (!top) return rows.length === 0 ? "No ticket of these days was sorted." : "No negative ticket of a customer whose MRR is known.";
  const { row } = top;
  return `${topicLabel(row.topic)} weighs most: ${formatCount(row.negative_count, "negative ticket")} of ${formatNumber(row.read_count)} read (${formatPercent(row.negative_share ?? 0)}), from customers who pay ${formatMoney(row.mrr_touched ?? 0, currency)} a month together.`;
}

export function emergingReading(alerts: readonly EmergingTopic[]): string {
  const active = alerts.filter((alert) => alert.is_active);
  const top = active[0] ?? alerts[0];
  if (!top) return "In the last four months no topic came up more than it used to.";
  const told = `${topicLabel(top.topic)}: ${formatCount(top.peak_count, "ticket")} in seven days, where ${formatNumber(Math.round(top.expected_count * 10) / 10)} were usual`;
  if (active.length === 0) return `Nothing emerges at the moment. The last was ${told}, until ${formatShortDay(top.last_seen_on)}.`;
  return `${formatCount(active.length, "topic comes up", "topics come up")} more than usual. ${told}.`;
}

export function topicsReading(rows: readonly TopicRow[], isComparable: boolean): string {
  const top = rows.filter((row) => !NOT_A_TOPIC.has(row.topic));
  const first = top[0];
  if (!first) return "No ticket of these days was sorted under a topic.";
  const grown = top.filter((row) => row.change !== null && row.change > 0 && row.previousCount >= 5).sort((a, b) => b.ticketCount - b.previousCount - (a.ticketCount - a.previousCount))[0];
  const growth = isComparable && grown && grown.change !== null ? ` ${topicLabel(grown.topic)} grew most, from ${formatNumber(grown.previousCount)} to ${formatNumber(grown.ticketCount)}.` : "";
  return `${topicLabel(first.topic)} leads with ${formatCount(first.ticketCount, "ticket")}${first.negativeShare === null ? "" : `, ${formatPercent(first.negativeShare)} of those read negative`}.${growth}`;
}

export type LeaderSort = "negative" | "tickets" | "trend" | "mrr" | "cards";

export function leaderReading(rows: readonly LeaderboardCompany[], sort: LeaderSort): string {
  const top = rows[0];
  if (!top) return "No company to rank.";
  const name = top.company_name ?? `Company ${top.company_id}`;
  const days = `${top.window_days} days`;
  if (sort === "mrr") return top.mrr === null ? "No company's MRR is known." : `${name} pays most, ${formatMoney(top.mrr, top.currency)} a month, and wrote ${formatCount(top.ticket_count, "ticket")} in ${days}.`;
  if (sort === "cards") return `${name} has most active cards: ${formatNumber(top.active_card_count)}.`;
  if (sort === "trend") return top.level_change === null || top.level_change >= 0 ? "No company's tone is known to have fallen." : `${name} fell most: its tone is ${formatNumber(Math.abs(top.level_change))} lower than in the ${days} before, on a scale from −2 to 2.`;
  if (sort === "tickets") return `${name} wrote most: ${formatCount(top.ticket_count, "ticket")} in ${days}, ${formatNumber(top.negative_count)} of them negative.`;
  return top.negative_count === 0 ? `No company wrote a negative ticket in ${days}.` : `${name} is unhappiest: ${formatCount(top.negative_count, "negative ticket")} of ${formatNumber(top.read_count)} read in ${days}.`;
}

const HIDDEN: Record<string, string> = {
  too_few: "too few to say",
  churn_not_mapped: "no company property says when a customer left",
};

export const hiddenReason = (reason: string | null): string => (reason === null ? "" : (HIDDEN[reason] ?? reason.replaceAll("_", " ")));

/** One line for each trigger, over every month, severity and prompt. */
export const overall = (items: readonly AlertPrecision[]): AlertPrecision[] => items.filter((row) => row.period === "all" && row.opened_severity === "all" && row.prompt_version === "all");

export function precisionReading(items: readonly AlertPrecision[], recall: readonly ChurnRecall[]): string {
  const told = overall(items).filter((row) => row.precision_score !== null);
  const left = recall.find((row) => row.period === "all");
  const caught = left && left.company_recall_score !== null ? ` Of ${formatCount(left.churned_company_count, "company", "companies")} that left, ${formatPercent(left.company_recall_score)} had a card in time.` : "";
  if (told.length === 0) {
    const counted = overall(items).reduce((sum, row) => sum + row.counted_count, 0);
    return `${counted === 0 ? "Nobody has" : `So far people have`} judged ${counted === 0 ? "a card yet" : formatCount(counted, "card")}; from 20 of a trigger on its precision is told.${caught}`;
  }
  const worst = [...told].sort((a, b) => (a.precision_score ?? 0) - (b.precision_score ?? 0))[0]!;
  const best = [...told].sort((a, b) => (b.precision_score ?? 0) - (a.precision_score ?? 0))[0]!;
  const say = (row: AlertPrecision) => `${triggerLabel(row.trigger_type)} is right in ${formatPercent(row.precision_score ?? 0)} of ${formatNumber(row.counted_count)} judged cards`;
  return `${say(best)}${best === worst ? "" : `, ${say(worst)}`}.${caught}`;
}

/** What the month will have cost at the pace so far; null on a month's first day, when nothing can be said. */
export function projected(budget: Costs["budget"], asOf: string): number | null {
  const [year, month, day] = asOf.slice(0, 10).split("-").map(Number) as [number, number, number];
  const days = new Date(Date.UTC(year, month, 0)).getUTCDate();
  return day < 2 ? null : (budget.spent_usd / day) * days;
}

export function costReading(costs: Pick<Costs, "items" | "budget">, asOf: string): string {
  const { budget, items } = costs;
  const month = new Intl.DateTimeFormat("en-GB", { month: "long", timeZone: "UTC" }).format(new Date(budget.month_on));
  const calls = items.reduce((sum, row) => sum + row.call_count, 0);
  if (calls === 0) return `No model was paid in these days. ${budget.monthly_usd === null ? "No budget is set." : `The budget is ${formatDollars(budget.monthly_usd)} a month.`}`;
  const free = items.every((row) => row.cost_usd === 0) && budget.spent_usd === 0;
  if (free) return `${formatCount(calls, "text")} read in these days at no cost.`;
  const ahead = projected(budget, asOf);
  const pace = ahead === null ? "" : `; at this pace ${formatDollars(ahead)} by its end`;
  if (budget.monthly_usd === null) return `${formatDollars(budget.spent_usd)} so far in ${month}${pace}. No budget is set.`;
  const part = budget.monthly_usd === 0 ? "" : `, ${formatPercent(budget.spent_usd / budget.monthly_usd)}`;
  return `${formatDollars(budget.spent_usd)} so far in ${month}${part} of the ${formatDollars(budget.monthly_usd)} budget${pace}.`;
}
