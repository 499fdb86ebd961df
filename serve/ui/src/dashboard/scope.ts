/** Which days and which customers a page of figures is about, and how that is written in its address. */
import type { LocationQuery, LocationQueryRaw } from "vue-router";
import type { MrrBand, Segments } from "../api/client";
import { addDays, daysBetween, formatMoney } from "../format";

export const SPANS = [30, 90, 180] as const;
export type Span = (typeof SPANS)[number];
export const DEFAULT_SPAN: Span = 90;
/** Single tickets and segments go back no further. */
export const LONGEST = 180;
export const NOBODY = "none";

export interface Scope {
  from: string;
  to: string;
  /** The preset the days come from; null where they were chosen one by one. */
  span: Span | null;
  owner: string | null;
  bands: MrrBand[];
}

const BANDS: readonly MrrBand[] = ["under_1000", "from_1000", "from_5000", "unknown"];
const DAY = /^\d{4}-\d{2}-\d{2}$/;

const texts = (raw: LocationQuery[string] | undefined): string[] => (Array.isArray(raw) ? raw : [raw]).filter((one): one is string => typeof one === "string" && one !== "");
const isDay = (text: string | undefined): text is string => text !== undefined && DAY.test(text) && !Number.isNaN(Date.parse(text)) && addDays(text, 0) === text;

/**
 * Reads a scope out of an address. Addresses are typed by hand too: days that are none, end before they start, or lie
 * outside what is kept are put right instead of failing.
 */
export function readScope(query: LocationQuery, lastOn: string): Scope {
  const [from] = texts(query["from"]);
  const [to] = texts(query["to"]);
  const owner = texts(query["owner"])[0] ?? null;
  const bands = BANDS.filter((band) => texts(query["mrr_band"]).includes(band));
  if (isDay(from) || isDay(to)) {
    const earliest = addDays(lastOn, 1 - LONGEST);
    const within = (on: string) => (on > lastOn ? lastOn : on < earliest ? earliest : on);
    const last = within(isDay(to) ? to : lastOn);
    const first = within(isDay(from) ? from : addDays(last, 1 - DEFAULT_SPAN));
    return { from: first <= last ? first : last, to: first <= last ? last : first, span: null, owner, bands };
  }
  const span = SPANS.find((one) => texts(query["days"]).includes(String(one))) ?? DEFAULT_SPAN;
  return { from: addDays(lastOn, 1 - span), to: lastOn, span, owner, bands };
}

/** Writes a scope into an address; what is the default is left out. */
export function writeScope(scope: Scope): LocationQueryRaw {
  const query: LocationQueryRaw = {};
  if (scope.span === null) Object.assign(query, { from: scope.from, to: scope.to });
  else if (scope.span !== DEFAULT_SPAN) query["days"] = String(scope.span);
  if (scope.owner !== null) query["owner"] = scope.owner;
  if (scope.bands.length > 0) query["mrr_band"] = scope.bands;
  return query;
}

/** The customers of a scope, as the API takes them. */
export function segmentOf(scope: Scope): { owner?: string; mrr_band?: MrrBand[] } {
  return { ...(scope.owner !== null && { owner: scope.owner }), ...(scope.bands.length > 0 && { mrr_band: scope.bands }) };
}

/** The same where the owner of a card is meant, which is not always the owner of its company. */
export function cardSegmentOf(scope: Scope): LocationQueryRaw {
  return { ...(scope.owner !== null && { company_owner: scope.owner }), ...(scope.bands.length > 0 && { mrr_band: scope.bands }) };
}

export const isSegmented = (scope: Scope): boolean => scope.owner !== null || scope.bands.length > 0;
export const lengthOf = (scope: Scope): number => daysBetween(scope.from, scope.to) + 1;

/** "Under €1,000", "€1,000 to under €5,000". */
export function bandLabel(band: Segments["mrr_bands"][number], currency: string | null): string {
  if (band.from_mrr === null && band.below_mrr === null) return "MRR not known";
  const from = band.from_mrr === null ? "" : formatMoney(band.from_mrr, currency);
  const below = band.below_mrr === null ? "" : formatMoney(band.below_mrr, currency);
  if (from === "") return `Under ${below}`;
  return below === "" ? `${from} and more` : `${from} to under ${below}`;
}
