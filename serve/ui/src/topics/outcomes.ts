/**
 * What the tasks of this page came to.
 *
 * A task's result is the API's to shape and has no schema of its own, so what is not there counts as nothing found.
 */
import type { Task } from "../api/client";
import { formatCount, formatCost, formatNumber, formatPercent } from "../format";

type Result = Record<string, unknown>;

const resultOf = (task: Task | null): Result => (task?.status === "done" && task.result ? (task.result as Result) : {});
const count = (from: Result, name: string): number => (typeof from[name] === "number" ? from[name] : 0);
const words = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
const rows = (from: Result, name: string): Result[] => (Array.isArray(from[name]) ? (from[name] as Result[]) : []);

export interface Estimate {
  calls: number;
  usd: number;
}

/** What it would cost, where the task asks before it pays; null where it went through. */
export function estimateOf(task: Task | null): Estimate | null {
  const result = resultOf(task);
  return result["is_estimate"] === true ? { calls: count(result, "unpaid_count"), usd: count(result, "cost_usd") } : null;
}

/** The same as a sentence. */
export const estimateSentence = ({ calls, usd }: Estimate): string =>
  `${formatCount(calls, "call")} to the model, about ${formatCost(usd)}. Nothing is paid twice.`;

export interface Change {
  before: string;
  after: string;
  count: number;
}

/** Tickets by what they were and what they would be, those that stay left out; most first. */
export function changesOf(task: Task | null): Change[] {
  return rows(resultOf(task), "matrix")
    .map((row) => ({ before: String(row["before"]), after: String(row["after"]), count: count(row, "ticket_count") }))
    .filter((row) => row.before !== row.after)
    .sort((one, other) => other.count - one.count);
}

export interface Moved {
  ticketId: string;
  before: string[];
  after: string[];
}

/** Tickets that change, newest first. */
export const movedOf = (task: Task | null): Moved[] =>
  rows(resultOf(task), "moved").map((row) => ({ ticketId: String(row["ticket_id"]), before: words(row["before"]), after: words(row["after"]) }));

/** What a preview or a sorting came to, as a sentence; empty while it is not done. */
export function changeSentence(task: Task | null, looked: "would" | "has"): string {
  const result = resultOf(task);
  if (typeof result["changed_count"] !== "number") return "";
  const total = count(result, "ticket_count");
  if (total === 0) return `There is no sorted ticket to ${looked === "would" ? "try it on" : "compare"} yet.`;
  const changed = count(result, "changed_count");
  const verb = looked === "would" ? "would change" : changed === 1 ? "has changed" : "have changed";
  if (changed === 0) return `None of ${formatCount(total, "ticket")} ${looked === "would" ? "would change" : "has changed"}.`;
  return `${formatNumber(changed)} of ${formatCount(total, "ticket")} ${verb}.`;
}

/** How much of the tickets have a topic, before and with the draft; empty where nothing was compared. */
export function coverageSentence(task: Task | null): string {
  const result = resultOf(task);
  const total = count(result, "ticket_count");
  if (total === 0 || typeof result["covered_after"] !== "number") return "";
  const before = formatPercent(count(result, "covered_before") / total);
  const after = formatPercent(count(result, "covered_after") / total);
  return before === after ? `${after} have a topic, as before.` : `${after} would have a topic; ${before} have one now.`;
}

export interface FailedCase {
  correctionId: number;
  ticketId: string;
  expected: string[];
  given: string[] | null;
}

export interface Shipped {
  version: number | null;
  cases: number;
  failures: FailedCase[];
}

/** What came of shipping; null while it is not done. */
export function shippedOf(task: Task | null): Shipped | null {
  if (task?.status !== "done") return null;
  const result = resultOf(task);
  return {
    version: typeof result["version"] === "number" ? result["version"] : null,
    cases: count(result, "case_count"),
    failures: rows(result, "failures").map((row) => ({
      correctionId: count(row, "correction_id"),
      ticketId: String(row["ticket_id"]),
      expected: words(row["expected"]),
      given: Array.isArray(row["given"]) ? words(row["given"]) : null,
    })),
  };
}

/** What a discovery came to, as a sentence. */
export function discoverySentence(task: Task | null): string {
  const result = resultOf(task);
  if (typeof result["proposal_count"] !== "number") return "";
  const looked = `${formatCount(count(result, "looked_at_count"), "ticket")} of the newest ${formatNumber(count(result, "latest_count"))} were looked at`;
  const found = count(result, "proposal_count");
  return `${looked}; ${found === 0 ? "no new topic was found" : `${formatCount(found, "proposal")} came of it`}.`;
}
