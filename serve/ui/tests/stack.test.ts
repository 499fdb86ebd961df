import { describe, expect, it } from "vitest";
import { barsOf, OTHER, partsOf, ticksOf } from "../src/dashboard/stack";

describe("partsOf", () => {
  it("gives the largest a colour each, whatever order they come in", () => {
    const parts = partsOf(new Map([["b", 2], ["a", 2], ["c", 9]]), (key) => key.toUpperCase());
    expect(parts.map(({ key, label, colour }) => [key, label, colour])).toEqual([
      ["c", "C", "--series-1"],
      ["a", "A", "--series-2"],
      ["b", "B", "--series-3"],
    ]);
  });

  it("puts the rest together once colours run out", () => {
    const totals = new Map(Array.from({ length: 9 }, (_, index) => [`t${index}`, 10 - index] as const));
    const parts = partsOf(totals, (key) => key);
    expect(parts.map((part) => part.key)).toEqual(["t0", "t1", "t2", "t3", "t4", OTHER]);
    expect(parts.at(-1)?.label).toBe("4 others");
    expect(partsOf(new Map([...totals].slice(0, 6)), (key) => key).map((part) => part.key)).not.toContain(OTHER);
  });
});

describe("barsOf", () => {
  const parts = partsOf(new Map([["a", 5], ["b", 1]]), (key) => key);

  it("stacks without gaps, keeps days with nothing, and loses no row", () => {
    const rows = [
      { on: "2026-11-02", key: "b", value: 1 },
      { on: "2026-11-02", key: "a", value: 2 },
      { on: "2026-11-02", key: "a", value: 1 },
    ];
    const bars = barsOf(rows, parts, "2026-11-01", "2026-11-02");
    expect(bars.map((bar) => bar.total)).toEqual([0, 4]);
    expect(bars[1]?.spans).toEqual([
      { key: "a", from: 0, to: 3 },
      { key: "b", from: 3, to: 4 },
    ]);
  });

  it("counts what has no colour of its own among the others", () => {
    const withOther = [...parts, { key: OTHER, label: "2 others", colour: "--series-other" }];
    const [bar] = barsOf([{ on: "2026-11-01", key: "z", value: 3 }], withOther, "2026-11-01", "2026-11-01");
    expect(bar?.values).toEqual({ [OTHER]: 3 });
    expect(bar?.total).toBe(3);
  });
});

describe("ticksOf", () => {
  it("begins at zero, ends at or above the largest, and counts whole things", () => {
    expect(ticksOf(0, 4)).toEqual([0, 1]);
    expect(ticksOf(3, 4)).toEqual([0, 1, 2, 3]);
    expect(ticksOf(41, 4)).toEqual([0, 20, 40, 60]);
  });

  it("goes below one for shares", () => {
    const ticks = ticksOf(0.31, 4, 0.05);
    expect(ticks.map((tick) => tick.toFixed(2))).toEqual(["0.00", "0.10", "0.20", "0.30", "0.40"]);
  });
});
