/** What can be done to a card, and what it looks like afterwards: rules alone, the same as the API's. */
import type { Card, CardAct, CardState, TimelineEntry } from "../api/client";
import { formatDay } from "../format";
import { humanise, outcomeLabel, type Sort, type Status } from "../vocabulary";

type Without<Union, Key extends PropertyKey> = Union extends unknown ? Omit<Union, Key> : never;

/** Something to do, without the number of the event it follows. */
export type Act = Without<CardAct, "seq">;

/** What somebody may choose for a card. */
export type Choice = "start" | "assign" | "snooze" | "complete" | "reopen" | "severity";

/** What a choice has to be told before it can be done. */
export type Form = "assign" | "snooze" | "complete" | "severity";

/** Everything the board knows of a card that acting on it needs. */
export type Actable = Pick<
  Card,
  "card_id" | "seq" | "status" | "assignee" | "severity" | "computed_severity" | "company_id" | "company_name" | "suggested_outcome" | "waiting_until_on" | "is_waiting_for_reply"
>;

const CHOICES: Record<Status, readonly Choice[]> = {
  new: ["start", "assign", "snooze", "complete", "severity"],
  working: ["assign", "snooze", "complete", "severity"],
  waiting: ["start", "assign", "snooze", "complete", "severity"],
  completed: ["reopen", "assign"],
};

const START: Act = { type: "status_changed", status: "working" };
const REOPEN: Act = { type: "reopened" };

export const choicesFor = (status: Status): readonly Choice[] => CHOICES[status];

/** How a card gets from one column to another: acts to do first, and the form that says the rest; or why it cannot. */
export type Move = { first: Act[]; form: Form | null } | { refusal: string };

export function moveBetween(from: Status, to: Status): Move | null {
  if (from === to) return null;
  if (to === "completed") return { first: [], form: "complete" };
  if (to === "waiting") {
    if (from === "completed") return { first: [REOPEN, START], form: "snooze" };
    return { first: from === "new" ? [START] : [], form: "snooze" };
  }
  if (to === "working") return { first: from === "completed" ? [REOPEN, START] : [START], form: null };
  if (from === "completed") return { first: [REOPEN], form: null };
  return { refusal: "A card that somebody took up does not become new again. Let it wait, or complete it." };
}

/** What has to be done for a choice that needs no form. */
export function actsOf(choice: "start" | "reopen"): Act[] {
  return [choice === "start" ? START : REOPEN];
}

/** Acts that a form's own act has to come after: only a card somebody works on can wait. */
export function beforeForm(form: Form, status: Status): Act[] {
  return form === "snooze" && status === "new" ? [START] : [];
}

const NOT_WAITING = { waiting_until_on: null, is_waiting_for_reply: false };
const NOT_COMPLETED = { outcome: null, outcome_mrr: null, outcome_mrr_source: null, completed_at: null };

/** The card as it will be when the API agrees. */
export function after(card: Card, act: Act): Card {
  switch (act.type) {
    case "assigned":
      return { ...card, assignee: act.assignee };
    case "severity_overridden":
      return { ...card, severity: act.severity ?? card.computed_severity };
    case "status_changed":
      return { ...card, ...NOT_WAITING, ...NOT_COMPLETED, status: act.status };
    case "snoozed":
      return { ...card, ...NOT_COMPLETED, status: "waiting", waiting_until_on: act.until_on ?? null, is_waiting_for_reply: act.is_for_reply ?? false };
    case "completed":
      return { ...card, ...NOT_WAITING, status: "completed", outcome: act.outcome };
    case "reopened":
      return { ...card, ...NOT_WAITING, ...NOT_COMPLETED, status: "new", reopen_count: card.reopen_count + 1 };
    case "commented":
      return card;
  }
}

/** The card as the API says it is; one that is further already stays as it is. */
export function withState(card: Card, state: CardState): Card {
  if (state.seq < card.seq) return card;
  const { severity_override, ...told } = state;
  return { ...card, ...told, card_id: card.card_id, severity: severity_override ?? card.computed_severity };
}

const WAIT_DAYS = { day: 1, week: 7, fortnight: 14 } as const;

/** Days from which a wait is chosen with one press. */
export function waitChoices(today: string, addDays: (on: string, days: number) => string): { label: string; on: string }[] {
  return [
    { label: "Tomorrow", on: addDays(today, WAIT_DAYS.day) },
    { label: "In a week", on: addDays(today, WAIT_DAYS.week) },
    { label: "In two weeks", on: addDays(today, WAIT_DAYS.fortnight) },
  ];
}

/** "just now", "5 s ago", "3 min ago", "2 h ago", else the day. */
export function formatSince(at: string, now: number): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(at)) / 1000));
  if (seconds < 2) return "just now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `on ${formatDay(at)}`;
}

/** One thing that was done, as a sentence without its full stop: "Maria moved it to Working". */
export function told(entry: Pick<TimelineEntry, "type" | "actor" | "status" | "details">, nameOf: (subject: string) => string): string {
  const who = entry.actor === null ? "churnboard" : nameOf(entry.actor);
  const details = entry.details as { assignee?: string | null; until_on?: string | null; outcome?: string; severity?: string | null };
  switch (entry.type) {
    case "assigned":
      if (details.assignee === entry.actor) return `${who} took it`;
      return details.assignee ? `${who} gave it to ${nameOf(details.assignee)}` : `${who} took it from everybody`;
    case "severity_overridden":
      return details.severity ? `${who} called it ${humanise(details.severity).toLowerCase()}` : `${who} set its severity back to the computed one`;
    case "commented":
      return `${who} commented on it`;
    case "snoozed":
      return details.until_on ? `${who} put it off until ${formatDay(details.until_on)}` : `${who} put it off until the customer replies`;
    case "completed":
      return details.outcome ? `${who} completed it: ${outcomeLabel(details.outcome).toLowerCase()}` : `${who} completed it`;
    case "reopened":
      return `${who} reopened it`;
    default:
      return `${who} moved it to ${humanise(entry.status ?? "another column")}`;
  }
}

const RANK: Record<string, number> = { low: 0, medium: 1, high: 2, critical: 3 };

function sortValue(card: Card, sort: Sort): number | string | null {
  return sort === "severity" ? (RANK[card.severity] ?? -1) : card[sort];
}

/** Which of two cards stands higher, as the API sorts: larger or later first, without a value last, then by id. */
export function compareCards(one: Card, other: Card, sort: Sort): number {
  const [a, b] = [sortValue(one, sort), sortValue(other, sort)];
  if (a !== b) {
    if (a === null) return 1;
    if (b === null) return -1;
    return a > b ? -1 : 1;
  }
  return one.card_id < other.card_id ? -1 : 1;
}

/** The list with the card where it belongs. */
export function inserted(items: readonly Card[], card: Card, sort: Sort): Card[] {
  const at = items.findIndex((other) => compareCards(card, other, sort) < 0);
  return at < 0 ? [...items, card] : [...items.slice(0, at), card, ...items.slice(at)];
}
