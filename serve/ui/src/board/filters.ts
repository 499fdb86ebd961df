/** The board's filters, and how they are written in the page's address and asked of the API. */
import type { LocationQuery, LocationQueryRaw } from "vue-router";
import { SEVERITIES, SORTS, TRIGGERS, type Severity, type Sort, type Trigger } from "../vocabulary";
import type { SavedView } from "../api/client";

export interface Filters {
  triggers: Trigger[];
  severities: Severity[];
  /** Who works on it: a subject, `me` or `none`; empty: anybody. */
  assignee: string;
  /** HubSpot's owner of the company: an id, or `none`; empty: anybody. */
  owner: string;
  /** What its tickets are about; empty: anything. */
  topic: string;
  /** Monthly revenue at least; null: any. */
  mrrMin: number | null;
  q: string;
  sort: Sort;
  /** Also list new cards whose signal has ended by itself. */
  withEnded: boolean;
}

export const NO_FILTERS: Readonly<Filters> = { triggers: [], severities: [], assignee: "", owner: "", topic: "", mrrMin: null, q: "", sort: "priority", withEnded: false };

type ViewQuery = SavedView["query"];

function chosen<Value extends string>(raw: LocationQuery[string] | undefined, allowed: readonly Value[]): Value[] {
  const wanted = Array.isArray(raw) ? raw : [raw];
  return allowed.filter((value) => wanted.includes(value));
}

const textOf = (raw: LocationQuery[string] | undefined): string => (typeof raw === "string" ? raw.slice(0, 200) : "");

function amountOf(raw: string): number | null {
  const value = Number(raw);
  return raw.trim() !== "" && Number.isFinite(value) && value > 0 && value <= 1e12 ? value : null;
}

/** Reads filters out of an address; whatever is not on a list is dropped, since addresses are typed by hand too. */
export function readFilters(query: LocationQuery): Filters {
  return {
    triggers: chosen(query["trigger"], TRIGGERS),
    severities: chosen(query["severity"], SEVERITIES),
    assignee: textOf(query["assignee"]),
    owner: textOf(query["owner"]),
    topic: textOf(query["topic"]),
    mrrMin: amountOf(textOf(query["mrr"])),
    q: textOf(query["q"]),
    sort: chosen(query["sort"], SORTS)[0] ?? NO_FILTERS.sort,
    withEnded: query["ended"] === "1",
  };
}

/** Writes filters into an address; defaults are left out, so the plain board keeps its plain address. */
export function writeFilters(filters: Filters): LocationQueryRaw {
  const query: LocationQueryRaw = {};
  if (filters.triggers.length > 0) query["trigger"] = filters.triggers;
  if (filters.severities.length > 0) query["severity"] = filters.severities;
  if (filters.assignee !== "") query["assignee"] = filters.assignee;
  if (filters.owner !== "") query["owner"] = filters.owner;
  if (filters.topic !== "") query["topic"] = filters.topic;
  if (filters.mrrMin !== null) query["mrr"] = String(filters.mrrMin);
  if (filters.q.trim() !== "") query["q"] = filters.q.trim();
  if (filters.sort !== NO_FILTERS.sort) query["sort"] = filters.sort;
  if (filters.withEnded) query["ended"] = "1";
  return query;
}

/** Filters as the API is asked: of lists and of sums alike. A card nobody took and whose signal is off asks for nothing. */
export function queryOf(filters: Filters) {
  return {
    ...(filters.triggers.length > 0 && { trigger: filters.triggers }),
    ...(filters.severities.length > 0 && { severity: filters.severities }),
    ...(filters.assignee !== "" && { assignee: filters.assignee }),
    ...(filters.owner !== "" && { owner: filters.owner }),
    ...(filters.topic !== "" && { topic: filters.topic }),
    ...(filters.mrrMin !== null && { mrr_min: filters.mrrMin }),
    ...(filters.q.trim() !== "" && { q: filters.q.trim() }),
    with_ended: filters.withEnded,
  };
}

/** Filters as a view keeps them. */
export const keptFrom = (filters: Filters): ViewQuery => ({ ...queryOf(filters), sort: filters.sort });

/** The filters a view keeps. */
export function filtersOf(query: ViewQuery): Filters {
  return {
    triggers: TRIGGERS.filter((trigger) => query.trigger?.includes(trigger)),
    severities: SEVERITIES.filter((severity) => query.severity?.includes(severity)),
    assignee: query.assignee ?? "",
    owner: query.owner ?? "",
    topic: query.topic ?? "",
    mrrMin: query.mrr_min ?? null,
    q: query.q ?? "",
    sort: query.sort ?? NO_FILTERS.sort,
    withEnded: query.with_ended ?? false,
  };
}

/** Whether two sets of filters show the same board. */
export const areSame = (one: Filters, other: Filters): boolean => JSON.stringify(writeFilters(one)) === JSON.stringify(writeFilters(other));

/** True when something narrows the list (sorting does not). */
export function isNarrowed(filters: Filters): boolean {
  return !areSame(filters, { ...NO_FILTERS, sort: filters.sort, withEnded: filters.withEnded });
}
