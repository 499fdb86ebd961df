/** What happened to a card, as sentences. Which things happen is the API's business; one this page has no words for keeps its name. */
import { formatDay, formatNumber } from "../format";
import { humanise } from "../vocabulary";
import { nameOf } from "./names";

export interface Entry {
  type: string;
  occurred_at: string;
  seq: number | null;
  actor: string | null;
  status: string | null;
  details: Record<string, unknown>;
}

export interface Told {
  key: string;
  at: string;
  /** What the signal did belongs to a day, not to a moment. */
  isDay: boolean;
  /** Who did it; null: the pipeline, or the signal itself. */
  who: string | null;
  what: string;
  /** Its reason, or words that were left with it. */
  words: string;
  kind: "signal" | "machine" | "person" | "comment";
  mentions: string[];
}

const MACHINE = "churnboard";

const OUTCOMES: Record<string, string> = {
  saved: "saved",
  at_risk_unresolved: "still at risk",
  false_alarm: "a false alarm",
  known_expected: "known and expected",
  churned: "churned",
  contraction: "paying less",
  duplicate: "a duplicate",
  cannot_act: "nothing to be done about",
  expired: "expired",
};

const text = (value: unknown): string => (typeof value === "string" ? value : "");

function scored(details: Record<string, unknown>): string {
  return typeof details["score"] === "number" ? ` (score ${formatNumber(details["score"])})` : "";
}

const SIGNAL: Record<string, (details: Record<string, unknown>) => string> = {
  opened: (details) => `The card opened${details["severity"] ? `, severity ${text(details["severity"])}` : ""}`,
  raised: (details) => `It got worse: from ${text(details["previous_severity"])} to ${text(details["severity"])}${scored(details)}`,
  eased: (details) => `It eased: from ${text(details["previous_severity"])} to ${text(details["severity"])}${scored(details)}`,
  returned: (details) => `The signal came back after a pause, severity ${text(details["severity"])}${scored(details)}`,
  signal_ended: () => "The signal ended",
  looks_resolved: () => "It looks resolved since this day",
  aliased: () => "Data that came late moved its days or joined it with another card; its other id still leads here",
};

function snooze(details: Record<string, unknown>): string {
  const day = text(details["until_on"]);
  const waits = [day ? `until ${formatDay(day)}` : "", details["is_for_reply"] === true ? "for the customer's reply" : ""].filter(Boolean);
  return `let it wait ${waits.join(", or ")}`.trim();
}

const ACTS: Record<string, (entry: Entry, names: ReadonlyMap<string, string>) => string> = {
  assigned: ({ actor, details }, names) => {
    const assignee = details["assignee"];
    if (assignee === null || assignee === undefined) return "took it from whoever had it";
    return assignee === actor ? "took it" : `gave it to ${nameOf(names, text(assignee))}`;
  },
  status_changed: ({ status }) => (status === "working" ? "began to work on it" : `moved it to ${status ?? "another column"}`),
  commented: () => "wrote",
  snoozed: ({ details }) => snooze(details),
  woken: () => "brought it back to work",
  completed: ({ details }) => `completed it as ${OUTCOMES[text(details["outcome"])] ?? text(details["outcome"])}`,
  reopened: () => "reopened it",
  severity_overridden: ({ details }) => (details["severity"] ? `set its severity to ${text(details["severity"])}` : "set its severity back to what is computed"),
};

const ACTS_OF_THE_PIPELINE: Record<string, string> = {
  woken: "It came back to work",
  reopened: "It was reopened",
  completed: "It expired",
  assigned: "It is nobody's now",
};

/** The timeline as it is told, newest first. */
export function toldTimeline(timeline: readonly Entry[], names: ReadonlyMap<string, string>): Told[] {
  return timeline.map((entry, index) => told(entry, index, names)).reverse();
}

function told(entry: Entry, index: number, names: ReadonlyMap<string, string>): Told {
  const { type, occurred_at, seq, actor, details } = entry;
  const base = { key: `${type} ${occurred_at} ${index}`, at: occurred_at, isDay: false, who: null, words: "", mentions: [] };
  if (seq === null) {
    const said = SIGNAL[type]?.(details) ?? humanise(type);
    return { ...base, isDay: type !== "aliased", kind: "signal", what: said, words: type === "aliased" ? text(details["alias_id"]) : "" };
  }
  const reason = text(details["why"]) || text(details["note"]);
  if (actor === MACHINE) return { ...base, kind: "machine", what: ACTS_OF_THE_PIPELINE[type] ?? humanise(type), words: reason };
  const who = nameOf(names, actor);
  const what = ACTS[type]?.(entry, names) ?? humanise(type).toLowerCase();
  if (type !== "commented") return { ...base, kind: "person", who, what, words: reason };
  const mentions = Array.isArray(details["mentions"]) ? details["mentions"].map(String) : [];
  return { ...base, kind: "comment", who, what, words: text(details["text"]), mentions };
}
