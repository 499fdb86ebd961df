import { describe, expect, it } from "vitest";
import type { LocationQuery } from "vue-router";
import { bandLabel, cardSegmentOf, isSegmented, readScope, segmentOf, writeScope } from "../src/dashboard/scope";

const LAST = "2026-11-20";

describe("readScope", () => {
  it("is the last ninety days of everybody unless the address says otherwise", () => {
    expect(readScope({}, LAST)).toEqual({ from: "2026-08-23", to: LAST, span: 90, owner: null, bands: [] });
    expect(readScope({ days: "30" }, LAST)).toMatchObject({ from: "2026-10-22", span: 30 });
    expect(readScope({ days: "31" }, LAST).span).toBe(90);
  });

  it("takes days that somebody chose, and puts right what cannot be", () => {
    expect(readScope({ from: "2026-11-01", to: "2026-11-07" }, LAST)).toMatchObject({ from: "2026-11-01", to: "2026-11-07", span: null });
    expect(readScope({ from: "2026-11-07", to: "2026-11-01" }, LAST)).toMatchObject({ from: "2026-11-01", to: "2026-11-07" });
    expect(readScope({ from: "2020-01-01", to: "2030-01-01" }, LAST)).toMatchObject({ from: "2026-05-25", to: LAST });
    expect(readScope({ from: "2026-02-31" }, LAST)).toMatchObject({ span: 90 });
    expect(readScope({ from: "soon", to: "2026-11-01" }, LAST)).toMatchObject({ to: "2026-11-01", span: null });
  });

  it("reads customers, and drops bands nobody knows", () => {
    const scope = readScope({ owner: "9", mrr_band: ["from_5000", "huge"] }, LAST);
    expect(scope).toMatchObject({ owner: "9", bands: ["from_5000"] });
    expect(isSegmented(scope)).toBe(true);
    expect(segmentOf(scope)).toEqual({ owner: "9", mrr_band: ["from_5000"] });
    expect(cardSegmentOf(scope)).toEqual({ company_owner: "9", mrr_band: ["from_5000"] });
    expect(isSegmented(readScope({ owner: "" }, LAST))).toBe(false);
  });

  it("reads back what it writes", () => {
    for (const query of [{}, { days: "180" }, { from: "2026-11-01", to: "2026-11-07" }, { owner: "none", mrr_band: ["unknown"] }] as LocationQuery[]) {
      expect(writeScope(readScope(query, LAST))).toEqual(query);
    }
  });
});

describe("bandLabel", () => {
  it("says where a band begins and ends", () => {
    const band = (from_mrr: number | null, below_mrr: number | null) => ({ mrr_band: "unknown" as const, from_mrr, below_mrr, company_count: 1 });
    expect(bandLabel(band(null, 1000), "EUR")).toBe("Under €1,000");
    expect(bandLabel(band(1000, 5000), "EUR")).toBe("€1,000 to under €5,000");
    expect(bandLabel(band(5000, null), null)).toBe("5,000 and more");
    expect(bandLabel(band(null, null), "EUR")).toBe("MRR not known");
  });
});
