/** Trigger settings while somebody tries them: what is different, how far a slider goes, and what came of it in words. */
import type { TriggerParam } from "../api/client";
import { formatCount, formatNumber, formatPercent } from "../format";
import { humanise } from "../vocabulary";

export type Preset = "balanced" | "quiet";

/** Values by key; a key that is not in it has the value of the preset. */
export type OwnValues = Readonly<Record<string, number>>;

export interface Draft {
  preset: Preset;
  own: OwnValues;
}

export interface ParamValue {
  trigger_type: TriggerParam["trigger_type"];
  name: string;
  value: number | null;
}

export const keyOf = (param: { trigger_type: string; name: string }): string => `${param.trigger_type}.${param.name}`;

/** What is set now, as a draft that changes nothing. */
export function draftOf(preset: string, params: readonly TriggerParam[]): Draft {
  const own = params.filter((param) => param.origin === "own").map((param) => [keyOf(param), param.value] as const);
  return { preset: preset === "quiet" ? "quiet" : "balanced", own: Object.fromEntries(own) };
}

/** What a parameter comes to under a draft. */
export const valueOf = (param: TriggerParam, draft: Draft): number => draft.own[keyOf(param)] ?? param[draft.preset];

/** The draft with one more value; the preset's own value needs no version of ours. */
export function withValue(draft: Draft, param: TriggerParam, value: number | null): Draft {
  const { [keyOf(param)]: _, ...rest } = draft.own;
  return { ...draft, own: value === null || value === param[draft.preset] ? rest : { ...rest, [keyOf(param)]: value } };
}

/** What to tell the API so that the draft holds: values that are set, and own values that are taken back. */
export function changes(draft: Draft, held: Draft, params: readonly TriggerParam[]): ParamValue[] {
  return params
    .filter((param) => draft.own[keyOf(param)] !== held.own[keyOf(param)])
    .map((param) => ({ trigger_type: param.trigger_type, name: param.name, value: draft.own[keyOf(param)] ?? null }));
}

export const isSame = (draft: Draft, held: Draft, params: readonly TriggerParam[]): boolean =>
  draft.preset === held.preset && changes(draft, held, params).length === 0;

export interface Bounds {
  min: number;
  max: number;
  step: number;
}

const WHOLE = /^(days|business days|tickets|messages|cards|rules|step|direction)$/;

/**
 * How far a slider goes: around the values anybody would choose, since most ranges allow far more than is useful. The field beside
 * it takes the whole range.
 */
export function bounds(param: TriggerParam): Bounds {
  const most = Math.max(param.balanced, param.quiet, param.value);
  const max = param.unit === "probability" || param.unit === "share" || param.choices.length > 0 ? param.maximum : Math.min(param.maximum, Math.max(most * 4, param.minimum + 1));
  const isWhole = WHOLE.test(param.unit);
  const fine = (max - param.minimum) / 100;
  const step = isWhole ? Math.max(1, nice(fine)) : nice(fine);
  // A slider counts its steps from its lower end, which should not make every stop an odd number.
  const min = Math.ceil(param.minimum / step - 1e-9) * step;
  return { min: Math.max(param.minimum, round(min)), max, step };
}

/** The next of 1, 2, 5 times a power of ten. */
function nice(wanted: number): number {
  const power = 10 ** Math.floor(Math.log10(wanted) + 1e-9);
  return round(([1, 2, 5, 10].find((step) => step * power >= wanted * 0.999) ?? 10) * power);
}

const round = (value: number): number => Number(value.toFixed(6));

/** Why a typed value cannot be; empty: it can. */
export function problem(param: TriggerParam, value: number): string {
  if (!Number.isFinite(value)) return "This is no number.";
  if (value < param.minimum || value > param.maximum) return `It may be ${formatNumber(param.minimum)} to ${formatNumber(param.maximum)} ${param.unit}.`;
  return "";
}

const NAMES: Record<string, string> = {
  t_on: "Opens a card",
  t_notify: "Interrupts",
  t_off: "Ends a card",
  t_notify_top_quartile: "Interrupts, top quarter by revenue",
  z_min: "Stands out by",
  min_p: "Sure enough",
};

/** `tickets_7d_min` becomes "Tickets 7d min", the thresholds get their own words. */
export const paramLabel = (name: string): string => NAMES[name] ?? humanise(name);

/** What a task `backtest` answers; the API describes it in words, since each kind of task answers something else. */
export interface Tried {
  from: string;
  to: string;
  settings: { trigger_type: string; name: string; current: number; candidate: number }[];
  current: Side;
  candidate: Side;
  unchanged_cards: number;
  change_count: number;
  change_counts: Record<string, number>;
  changes: CardChange[];
  remarks: string[];
}

export interface Side {
  opened: number;
  opened_by_week: Record<string, number>;
  interruptions: number;
  precision: { hits: number; count: number; value: number; is_enough: boolean };
}

export interface CardChange {
  kinds: string[];
  company_id: string;
  company_name: string | null;
  trigger_type: string;
  current: TriedCard | null;
  candidate: TriedCard | null;
  why: string;
}

export interface TriedCard {
  opened_on: string;
  last_signal_on: string;
  severity: string;
  score: number;
  notified_on: string | null;
}

/** "Last 90 days: 14 cards instead of 41." and what is known of how good they were. */
export function sentences(tried: Tried): string[] {
  const { current, candidate } = tried;
  const days = Math.round((Date.parse(tried.to) - Date.parse(tried.from)) / 86_400_000) + 1;
  const isSame = tried.settings.length === 0;
  const cards = formatCount(candidate.opened, "card");
  const opened = isSame ? `${cards} opened` : `${cards} instead of ${formatNumber(current.opened)}`;
  const told = formatCount(candidate.interruptions, "interruption");
  const interrupted = isSame ? told : `${told} instead of ${formatNumber(current.interruptions)}`;
  const said = [`Last ${days} days: ${opened}, ${interrupted}.`];
  if (current.precision.count > 0 || candidate.precision.count > 0) {
    const known = ({ precision }: Side) => `${formatNumber(precision.hits)} of ${formatNumber(precision.count)}`;
    const share = candidate.precision.is_enough ? ` (${formatPercent(candidate.precision.value)})` : "";
    const now = isSame ? "" : `; as it is, ${known(current)}`;
    said.push(`People confirmed ${known(candidate)} of those they gave an outcome${share}${now}.`);
  }
  return said;
}

const KINDS: Record<string, string> = {
  appears: "appears",
  vanishes: "vanishes",
  opens_earlier: "opens earlier",
  opens_later: "opens later",
  severity_up: "more severe",
  severity_down: "less severe",
  interrupts_now: "interrupts now",
  interrupts_no_longer: "interrupts no longer",
  joins: "joins another card",
  splits: "splits in two",
};

export const kindLabel = (kind: string): string => KINDS[kind] ?? humanise(kind).toLowerCase();

/** Cards by week on both sides, in order, for the little chart. */
export function weeks(tried: Tried): { week: string; current: number; candidate: number }[] {
  return Object.entries(tried.current.opened_by_week).map(([week, count]) => ({ week, current: count, candidate: tried.candidate.opened_by_week[week] ?? 0 }));
}
