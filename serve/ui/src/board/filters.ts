/** The board's filters, and how they are written in the page's address. */
import type { LocationQuery, LocationQueryRaw } from "vue-router";
import { SEVERITIES, SORTS, TRIGGERS, type Severity, type Sort, type Trigger } from "../vocabulary";

export interface Filters {
  triggers: Trigger[];
  severities: Severity[];
  q: string;
  sort: Sort;
  /** Also list new cards whose signal has ended by itself. */
  withEnded: boolean;
}

export const NO_FILTERS: Readonly<Filters> = { triggers: [], severities: [], q: "", sort: "priority", withEnded: false };

function chosen<Value extends string>(raw: LocationQuery[string] | undefined, allowed: readonly Value[]): Value[] {
  const wanted = Array.isArray(raw) ? raw : [raw];
  return allowed.filter((value) => wanted.includes(value));
}

/** Reads filters out of an address; whatever is not on a list is dropped, since addresses are typed by hand too. */
export function readFilters(query: LocationQuery): Filters {
  const q = query["q"];
  return {
    triggers: chosen(query["trigger"], TRIGGERS),
    severities: chosen(query["severity"], SEVERITIES),
    q: typeof q === "string" ? q : "",
    sort: chosen(query["sort"], SORTS)[0] ?? NO_FILTERS.sort,
    withEnded: query["ended"] === "1",
  };
}

/** Writes filters into an address; defaults are left out, so the plain board keeps its plain address. */
export function writeFilters(filters: Filters): LocationQueryRaw {
  const query: LocationQueryRaw = {};
  if (filters.triggers.length > 0) query["trigger"] = filters.triggers;
  if (filters.severities.length > 0) query["severity"] = filters.severities;
  if (filters.q.trim() !== "") query["q"] = filters.q.trim();
  if (filters.sort !== NO_FILTERS.sort) query["sort"] = filters.sort;
  if (filters.withEnded) query["ended"] = "1";
  return query;
}

/** True when something narrows the list (sorting does not). */
export function isNarrowed(filters: Filters): boolean {
  return filters.triggers.length > 0 || filters.severities.length > 0 || filters.q.trim() !== "";
}
