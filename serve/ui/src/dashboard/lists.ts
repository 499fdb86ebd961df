/** The lists behind the figures: their filters as they stand in an address, and in words. Pure. */
import type { LocationQuery, LocationQueryRaw } from "vue-router";
import { formatDay } from "../format";
import { humanise, topicLabel, triggerLabel } from "../vocabulary";

export type Filters = Record<string, string[]>;

/** What a list of tickets, and one of cards, may be narrowed by. */
export const TICKET_FILTERS = ["from", "to", "topic", "negative", "sentiment", "company", "owner", "mrr_band", "ticket", "q"] as const;
export const CARD_FILTERS = ["active_on", "opened_from", "opened_to", "topic", "trigger", "computed_severity", "status", "active", "company", "company_owner", "mrr_band", "q"] as const;

/** Those filters an address names that the list knows; everything else in it is left alone. */
export function readFilters(query: LocationQuery, names: readonly string[]): Filters {
  const found: Filters = {};
  for (const name of names) {
    const raw = query[name];
    const values = (Array.isArray(raw) ? raw : [raw]).filter((one): one is string => typeof one === "string" && one !== "");
    if (values.length > 0) found[name] = values;
  }
  return found;
}

/** Without one of them. */
export function without(filters: Filters, name: string): LocationQueryRaw {
  return Object.fromEntries(Object.entries(filters).filter(([one]) => one !== name));
}

const BANDS: Record<string, string> = { under_1000: "MRR under 1,000", from_1000: "MRR 1,000 to under 5,000", from_5000: "MRR 5,000 and more", unknown: "MRR not known" };
const isDay = (value: string) => !Number.isNaN(Date.parse(value));
const day = (value: string) => (isDay(value) ? formatDay(value) : value);
const WORDS: Record<string, (values: string[]) => string> = {
  from: ([on]) => `from ${day(on ?? "")}`,
  to: ([on]) => `to ${day(on ?? "")}`,
  active_on: ([on]) => `signal on, on ${day(on ?? "")}`,
  opened_from: ([on]) => `opened from ${day(on ?? "")}`,
  opened_to: ([on]) => `opened to ${day(on ?? "")}`,
  topic: ([topic]) => topicLabel(topic ?? ""),
  negative: ([value]) => (value === "true" ? "negative" : "not negative"),
  active: ([value]) => (value === "true" ? "signal on" : "signal off"),
  sentiment: (values) => values.map(humanise).join(" or "),
  trigger: (values) => values.map(triggerLabel).join(" or "),
  computed_severity: (values) => values.map(humanise).join(" or "),
  status: (values) => values.map(humanise).join(" or "),
  company: ([id]) => `company ${id}`,
  owner: ([id]) => (id === "none" ? "nobody owns the company" : `owner ${id}`),
  company_owner: ([id]) => (id === "none" ? "nobody owns the company" : `owner ${id}`),
  mrr_band: (values) => values.map((band) => BANDS[band] ?? band).join(" or "),
  ticket: (values) => (values.length === 1 ? `ticket ${values[0]}` : `${values.length} tickets`),
  q: ([q]) => `“${q}”`,
};

/** Each filter in a few words; ids are told by name where `names` has one. */
export function chipsOf(filters: Filters, names: Readonly<Record<string, string>> = {}): { name: string; text: string }[] {
  return Object.entries(filters).map(([name, values]) => ({ name, text: names[`${name}:${values[0]}`] ?? WORDS[name]?.(values) ?? `${name} ${values.join(", ")}` }));
}
