import { describe, expect, it } from "vitest";
import { isNarrowed, NO_FILTERS, readFilters, writeFilters, type Filters } from "../src/board/filters";
import type { LocationQuery } from "vue-router";

describe("filters in the address", () => {
  it("come back as they were written", () => {
    const filters: Filters = { triggers: ["frustrated", "silently_struggling"], severities: ["critical"], q: "north & west", sort: "opened_on", withEnded: true };
    expect(readFilters(writeFilters(filters) as LocationQuery)).toEqual(filters);
  });

  it("leave a plain address when nothing is chosen", () => {
    expect(writeFilters({ ...NO_FILTERS })).toEqual({});
  });

  it("drop what is on no list", () => {
    expect(readFilters({ trigger: ["angry", "frustrated"], severity: "extreme", sort: "random" })).toEqual({ ...NO_FILTERS, triggers: ["frustrated"] });
  });

  it("know that sorting narrows nothing", () => {
    expect(isNarrowed({ ...NO_FILTERS, sort: "severity", q: "  " })).toBe(false);
    expect(isNarrowed({ ...NO_FILTERS, severities: ["low"] })).toBe(true);
  });
});
