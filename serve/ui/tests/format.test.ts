import { describe, expect, it } from "vitest";
import { formatDollars, addDays, daysBetween, formatAge, formatCost, formatCount, formatDay, formatInstant, formatMoney, initials } from "../src/format";

describe("format", () => {
  it("writes money in whole units and survives a code that is no currency", () => {
    expect(formatMoney(1234.5, "EUR")).toBe("€1,235");
    expect(formatMoney(1234.5, null)).toBe("1,235");
    expect(formatMoney(1234.5, "no code")).toBe("1,235 no code");
  });

  it("keeps the significant digits of a tiny cost", () => {
    expect(formatCost(0.00039512)).toBe("$0.000395");
    expect(formatCost(0)).toBe("$0");
  });

  it("counts calendar days, whatever the hour", () => {
    expect(daysBetween("2026-10-24", "2026-10-26T23:59:00Z")).toBe(2);
    expect(addDays("2026-03-01", -1)).toBe("2026-02-28");
    expect(formatAge("2026-11-22", "2026-11-23T06:00:00Z")).toBe("yesterday");
    expect(formatAge("2026-11-23", "2026-11-23T00:00:00Z")).toBe("today");
    expect(formatAge("2026-11-01", "2026-11-23T06:00:00Z")).toBe("22 days ago");
  });

  it("shows days and instants in UTC", () => {
    expect(formatDay("2026-11-23")).toBe("23 Nov 2026");
    expect(formatInstant("2026-11-23T23:30:00+00:00")).toBe("23 Nov 2026, 23:30 UTC");
  });

  it("counts and abbreviates", () => {
    expect(formatCount(1, "company", "companies")).toBe("1 company");
    expect(formatCount(1200, "open card")).toBe("1,200 open cards");
    expect(initials("Tomás de la Herrera")).toBe("TH");
    expect(initials("Cher")).toBe("C");
  });
});

describe("formatDollars", () => {
  it("has cents from a dollar on", () => {
    expect([0, 0.0123, 1, 33.8, 1234.567].map(formatDollars)).toEqual(["$0", "$0.0123", "$1", "$33.80", "$1,234.57"]);
  });
});
