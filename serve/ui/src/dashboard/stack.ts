/** Arithmetic of stacked bars: what is summed by what, which parts are told apart, and the axis. Nothing here draws. */
import { axisStep, daysOf } from "./series";

export interface Part {
  key: string;
  label: string;
  /** Name of the token of its colour. */
  colour: string;
}

export interface Bar {
  on: string;
  total: number;
  values: Record<string, number>;
  /** Half-open spans, one for each part that is not empty, from the axis up. */
  spans: { key: string; from: number; to: number }[];
}

/** The part that holds whatever has no colour of its own. */
export const OTHER = "·other";
export const COLOURS = 6;

/** Sums by key, largest first; equal ones by name, so that colours do not jump. */
export function ranked(totals: ReadonlyMap<string, number>): string[] {
  return [...totals].sort(([a, left], [b, right]) => right - left || a.localeCompare(b)).map(([key]) => key);
}

/** The largest keys get a colour each, all others share one. */
export function partsOf(totals: ReadonlyMap<string, number>, label: (key: string) => string): Part[] {
  const keys = ranked(totals);
  const shown = keys.length > COLOURS ? keys.slice(0, COLOURS - 1) : keys;
  const parts = shown.map((key, index) => ({ key, label: label(key), colour: `--series-${index + 1}` }));
  return keys.length > shown.length ? [...parts, { key: OTHER, label: `${keys.length - shown.length} others`, colour: "--series-other" }] : parts;
}

export interface Counted {
  on: string;
  key: string;
  value: number;
}

/** One bar for each day; a day without a row is a day with nothing, not a gap. */
export function barsOf(rows: readonly Counted[], parts: readonly Part[], from: string, to: string): Bar[] {
  const known = new Set(parts.map((part) => part.key));
  const byDay = new Map<string, Record<string, number>>();
  for (const row of rows) {
    const values = byDay.get(row.on) ?? {};
    const key = known.has(row.key) ? row.key : OTHER;
    values[key] = (values[key] ?? 0) + row.value;
    byDay.set(row.on, values);
  }
  return daysOf(from, to).map((on) => {
    const values = byDay.get(on) ?? {};
    let height = 0;
    const spans = parts
      .filter((part) => (values[part.key] ?? 0) > 0)
      .map((part) => {
        const span = { key: part.key, from: height, to: height + (values[part.key] ?? 0) };
        height = span.to;
        return span;
      });
    return { on, total: height, values, spans };
  });
}

/** Ticks from zero to the first one at or above the largest value. `least` is the smallest step that makes sense. */
export function ticksOf(largest: number, steps: number, least = 1): number[] {
  const unit = least >= 1 ? 1 : least;
  const step = axisStep(Math.max(largest, unit) / unit, steps) * unit;
  const count = Math.max(1, Math.ceil(largest / step - 1e-9));
  return Array.from({ length: count + 1 }, (_, index) => index * step);
}
