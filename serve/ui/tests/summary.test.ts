import { describe, expect, it } from "vitest";
import { atRisk } from "../src/board/summary";

const card = (company_id: string, mrr: number | null, currency: string | null = "EUR", mrr_source = "mapped_property") => ({ company_id, mrr, currency, mrr_source });

describe("atRisk", () => {
  it("counts a company with several cards once", () => {
    expect(atRisk([card("1", 100), card("1", 100), card("2", 50)])).toMatchObject({ sums: [{ currency: "EUR", mrr: 150 }], companyCount: 2 });
  });

  it("never adds one currency to another", () => {
    expect(atRisk([card("1", 100), card("2", 900, "USD")]).sums).toEqual([
      { currency: "USD", mrr: 900 },
      { currency: "EUR", mrr: 100 },
    ]);
  });

  it("says how much is assumed and what is left out", () => {
    const risk = atRisk([card("1", 100, "EUR", "tenant_median_assumed"), card("2", null, null, "unknown")]);
    expect(risk).toEqual({ sums: [{ currency: "EUR", mrr: 100 }], companyCount: 2, assumedCount: 1, unknownCount: 1 });
  });
});
