import { describe, expect, it } from "vitest";
import { CARD_FILTERS, chipsOf, readFilters, TICKET_FILTERS, without } from "../src/dashboard/lists";

describe("filters of a list", () => {
  it("are those of the address it knows", () => {
    expect(readFilters({ topic: "billing", sentiment: ["negative", "positive"], utm: "x", q: "" }, TICKET_FILTERS)).toEqual({ topic: ["billing"], sentiment: ["negative", "positive"] });
    expect(readFilters({ active_on: "2026-11-20", from: "2026-11-01" }, CARD_FILTERS)).toEqual({ active_on: ["2026-11-20"] });
  });

  it("can be taken away one by one", () => {
    expect(without({ topic: ["billing"], q: ["x"] }, "q")).toEqual({ topic: ["billing"] });
  });

  it("are told in words, by name where it is known, and nonsense as it is", () => {
    expect(chipsOf({ from: ["2026-11-01"], topic: ["none"], negative: ["true"], company: ["7"] }, { "company:7": "Northwind" }).map((chip) => chip.text)).toEqual(["from 1 Nov 2026", "No topic fits", "negative", "Northwind"]);
    expect(chipsOf({ ticket: ["1", "2"], owner: ["none"], from: ["soon"] }).map((chip) => chip.text)).toEqual(["2 tickets", "nobody owns the company", "from soon"]);
  });
});
