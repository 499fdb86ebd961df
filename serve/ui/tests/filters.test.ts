import { describe, expect, it } from "vitest";
import { areSame, filtersOf, isNarrowed, keptFrom, NO_FILTERS, queryOf, readFilters, writeFilters, type Filters } from "../src/board/filters";
import type { LocationQuery } from "vue-router";

const ALL: Filters = {
  triggers: ["frustrated", "silently_struggling"],
  severities: ["critical"],
  assignee: "me",
  owner: "",
  topic: "Labels & printing",
  mrrMin: 250,
  q: "north & west",
  sort: "opened_on",
  withEnded: true,
};

describe("filters in a view", () => {
  it("come back as they were kept", () => {
    expect(filtersOf(JSON.parse(JSON.stringify(keptFrom(ALL))))).toEqual(ALL);
    expect(areSame(filtersOf({ sort: "priority", with_ended: false }), NO_FILTERS)).toBe(true);
    expect(areSame(ALL, { ...ALL, mrrMin: 251 })).toBe(false);
  });

  it("ask the API for what they say and nothing else", () => {
    expect(queryOf(NO_FILTERS)).toEqual({ with_ended: false });
    expect(queryOf(ALL)).toMatchObject({ assignee: "me", mrr_min: 250, with_ended: true });
  });
});

describe("filters in the address", () => {
  it("come back as they were written", () => {
    expect(readFilters(writeFilters(ALL) as LocationQuery)).toEqual(ALL);
  });

  it("leave a plain address when nothing is chosen", () => {
    expect(writeFilters({ ...NO_FILTERS })).toEqual({});
  });

  it("drop what is on no list", () => {
    expect(readFilters({ trigger: ["angry", "frustrated"], severity: "extreme", sort: "random", mrr: "-3" })).toEqual({ ...NO_FILTERS, triggers: ["frustrated"] });
  });

  it("know that sorting narrows nothing", () => {
    expect(isNarrowed({ ...NO_FILTERS, sort: "severity", q: "  " })).toBe(false);
    expect(isNarrowed({ ...NO_FILTERS, severities: ["low"] })).toBe(true);
    expect(isNarrowed({ ...NO_FILTERS, assignee: "none" })).toBe(true);
  });
});
