/** A rule while somebody builds it: a tree of groups and comparisons that is edited by place, and read out as a sentence. */
import type { RuleFact } from "../api/client";
import { humanise } from "../vocabulary";

export interface Comparison {
  fact: string;
  op: string;
  value: number | string;
  within_days?: number;
  topic?: string;
}
export type Node = { all: Node[] } | { any: Node[] } | { not: Node } | Comparison;
export type GroupKind = "all" | "any" | "not";

/** Where a node stands: which part of which part, from the root. */
export type Path = readonly number[];

export const kindOf = (node: Node): GroupKind | "comparison" => ("all" in node ? "all" : "any" in node ? "any" : "not" in node ? "not" : "comparison");
export const isComparison = (node: Node): node is Comparison => kindOf(node) === "comparison";

export function partsOf(node: Node): Node[] {
  if ("all" in node) return node.all;
  if ("any" in node) return node.any;
  return "not" in node ? [node.not] : [];
}

/** A group of that kind; `not` has one part, so more of them become all of one group below it. */
export function group(kind: GroupKind, parts: Node[]): Node {
  if (kind === "all") return { all: parts };
  if (kind === "any") return { any: parts };
  return { not: parts.length === 1 && parts[0] ? parts[0] : { all: parts } };
}

function at(node: Node, path: Path, change: (node: Node) => Node | null): Node | null {
  const [first, ...rest] = path;
  if (first === undefined) return change(node);
  const parts = partsOf(node).flatMap((part, index) => (index === first ? (at(part, rest, change) ?? []) : [part]));
  // A group without parts asks for nothing: it goes with its last part.
  return parts.length === 0 ? null : group(kindOf(node) as GroupKind, parts);
}

export const replaced = (root: Node, path: Path, node: Node): Node => at(root, path, () => node) ?? root;
export const removed = (root: Node, path: Path): Node => at(root, path, () => null) ?? root;

export function added(root: Node, path: Path, node: Node): Node {
  return at(root, path, (held) => (isComparison(held) ? { all: [held, node] } : kindOf(held) === "not" ? { not: joined(partsOf(held)[0], node) } : group(kindOf(held) as GroupKind, [...partsOf(held), node]))) ?? root;
}

const joined = (held: Node | undefined, node: Node): Node => (held === undefined ? node : kindOf(held) === "all" ? { all: [...partsOf(held), node] } : { all: [held, node] });

/** A comparison of a fact that can be checked as it stands. */
export function comparison(fact: RuleFact, topics: readonly string[], held?: Comparison): Comparison {
  const isText = fact.kind === "text";
  const before = held?.value;
  const op = held && fact.operators.includes(held.op) ? held.op : (fact.operators.find((one) => one === ">=") ?? fact.operators[0] ?? "=");
  return {
    fact: fact.name,
    op,
    value: isText ? (typeof before === "string" ? before : "") : typeof before === "number" ? before : 1,
    ...(fact.longest_days === null ? {} : { within_days: Math.min(held?.within_days ?? 30, fact.longest_days) }),
    ...(fact.has_topic ? { topic: held?.topic ?? topics[0] ?? "" } : {}),
  };
}

export function nodeCount(node: Node): number {
  return 1 + partsOf(node).reduce((sum, part) => sum + nodeCount(part), 0);
}

export function depth(node: Node): number {
  return 1 + Math.max(0, ...partsOf(node).map(depth));
}

const OPS: Record<string, string> = { "<": "below", "<=": "at most", ">": "above", ">=": "at least", "=": "is", "!=": "is not" };

export const opLabel = (op: string): string => OPS[op] ?? op;
export const factLabel = (name: string): string => humanise(name.replace(/_count$/, "s").replace("mrr", "MRR"));

/** The tree as one sentence. */
export function inWords(node: Node): string {
  if (isComparison(node)) {
    const topic = node.topic ? ` about ${node.topic}` : "";
    const within = node.within_days ? ` within ${node.within_days} days` : "";
    return `${factLabel(node.fact).toLowerCase()}${topic}${within} ${opLabel(node.op)} ${node.value}`;
  }
  const parts = partsOf(node).map((part) => (isComparison(part) || kindOf(part) === "not" ? inWords(part) : `(${inWords(part)})`));
  if (kindOf(node) === "not") return `not ${parts[0] ?? ""}`;
  return parts.join(kindOf(node) === "all" ? " and " : " or ");
}

/** A rule's id out of its name: small letters, digits and hyphens, at most 40. */
export function slug(name: string): string {
  return name
    .toLowerCase()
    .normalize("NFKD")
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, 40)
    .replaceAll(/^-+|-+$/g, "");
}

export const sameTree = (one: unknown, other: unknown): boolean => canonical(one) === canonical(other);

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const held = value as Record<string, unknown>;
    return `{${Object.keys(held)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${canonical(held[key])}`)
      .join(",")}}`;
  }
  return JSON.stringify(value);
}

/** What a task `rule_check` answers; the API describes it in words, since each kind of task answers something else. */
export interface Checked {
  dry_run: { days: number; card_count: number; flagged_count: number; active_count: number; company_count: number };
  cards: { company_id: string; company_name: string | null; opened_on: string; closed_on: string | null; severity: string; why: string }[];
  unknown_measures: string[];
  is_flood: boolean;
}
