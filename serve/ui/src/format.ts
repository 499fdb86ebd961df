/** Figures and days as text. Days are calendar days and instants are UTC, as everywhere in churnboard. */
const LOCALE = "en-GB";
const DAY_MS = 86_400_000;

const number = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 2 });
const percent = new Intl.NumberFormat(LOCALE, { style: "percent", maximumFractionDigits: 0 });
const finePercent = new Intl.NumberFormat(LOCALE, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const longDay = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
const shortDay = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short", timeZone: "UTC" });
const instant = new Intl.DateTimeFormat(LOCALE, {
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  timeZone: "UTC",
});

const smallNumber = new Intl.NumberFormat(LOCALE, { maximumSignificantDigits: 2 });

/** Two decimals at most, except where that would leave nothing of a small figure. */
export const formatNumber = (value: number): string => (value !== 0 && Math.abs(value) < 0.01 ? smallNumber : number).format(value);
export const formatPercent = (share: number): string => percent.format(share);
/** With a decimal, where shares that differ by less than a point are compared. */
export const formatFinePercent = (share: number): string => finePercent.format(share);
export const formatDay = (on: string): string => longDay.format(new Date(on));
export const formatShortDay = (on: string): string => shortDay.format(new Date(on));
export const formatInstant = (at: string): string => `${instant.format(new Date(at))} UTC`;

/** Whole units of money; a code that is no ISO 4217 currency is written out instead of failing. */
export function formatMoney(value: number, currency: string | null | undefined): string {
  if (!currency) return number.format(Math.round(value));
  try {
    return new Intl.NumberFormat(LOCALE, {
      style: "currency",
      currency,
      currencyDisplay: "narrowSymbol",
      maximumFractionDigits: 0,
    }).format(value);
  } catch {
    return `${number.format(Math.round(value))} ${currency}`;
  }
}

/** What one model call cost, in US dollars; calls cost fractions of a cent, so significant digits matter. */
export function formatCost(usd: number): string {
  if (usd === 0) return "$0";
  return `$${usd.toLocaleString(LOCALE, { maximumSignificantDigits: 3, useGrouping: false })}`;
}

/** What many calls cost together: cents from a dollar on, and of less than that what is left of it. */
export function formatDollars(usd: number): string {
  if (usd < 1) return formatCost(usd);
  const cents = Math.round(usd * 100);
  return `$${(cents / 100).toLocaleString(LOCALE, { minimumFractionDigits: cents % 100 === 0 ? 0 : 2, maximumFractionDigits: 2 })}`;
}

/** Whole days from one calendar day to another; both may carry a time, which is ignored. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to.slice(0, 10)) - Date.parse(from.slice(0, 10))) / DAY_MS);
}

/** The calendar day `days` after (or, negative, before) another, as an ISO date. */
export function addDays(on: string, days: number): string {
  return new Date(Date.parse(on.slice(0, 10)) + days * DAY_MS).toISOString().slice(0, 10);
}

/** "1 day", "12 days". */
export function formatCount(count: number, one: string, many = `${one}s`): string {
  return `${number.format(count)} ${count === 1 ? one : many}`;
}

/** How long ago a day was, seen from the day the data stands for. */
export function formatAge(on: string, asOf: string): string {
  const days = daysBetween(on, asOf);
  if (days <= 0) return "today";
  if (days === 1) return "yesterday";
  return `${number.format(days)} days ago`;
}

/** "Maya Lindqvist" becomes "ML". */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => Array.from(word ?? "")[0] ?? "");
  return letters.join("").toUpperCase();
}
