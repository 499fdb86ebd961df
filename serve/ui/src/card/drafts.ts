/**
 * Words that were begun and not sent, by person, card and what they are for.
 *
 * They outlive a card that is closed, a page that is reloaded and a sign-in that runs out, which may lead to another site and back;
 * they end with the tab, when they are sent, and when their writer signs out. Of whoever else signs in here nothing is left either.
 */
import type { Person } from "./mentions";

export interface Draft {
  text: string;
  picked: Person[];
}

/** What the words are for: a comment, or the reason given with an act. */
export type Purpose = "comment" | "complete" | "severity";

const KEY = "churnboard.drafts";
const keyOf = (subject: string, cardId: string, purpose: Purpose) => JSON.stringify([subject, cardId, purpose]);

/** The same, for a browser that keeps nothing: closing a card loses no words there either. */
let remembered: Record<string, Draft> = {};

function held(): Record<string, Draft> {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "{}");
    return typeof kept === "object" && kept !== null ? (kept as Record<string, Draft>) : {};
  } catch {
    return { ...remembered };
  }
}

function write(drafts: Record<string, Draft>): void {
  remembered = drafts;
  try {
    if (Object.keys(drafts).length === 0) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, JSON.stringify(drafts));
  } catch {
    // They are remembered while the page lives.
  }
}

export function draftOf(subject: string, cardId: string, purpose: Purpose = "comment"): Draft {
  const draft = held()[keyOf(subject, cardId, purpose)];
  return typeof draft?.text === "string" ? { text: draft.text, picked: Array.isArray(draft.picked) ? draft.picked : [] } : { text: "", picked: [] };
}

export function keepDraft(subject: string, cardId: string, draft: Draft, purpose: Purpose = "comment"): void {
  const drafts = held();
  if (draft.text === "") delete drafts[keyOf(subject, cardId, purpose)];
  else drafts[keyOf(subject, cardId, purpose)] = draft;
  write(drafts);
}

/** Forgets everybody's words but this person's; null: everybody's. */
export function forgetDrafts(but: string | null): void {
  write(Object.fromEntries(Object.entries(held()).filter(([key]) => but !== null && (JSON.parse(key) as string[])[0] === but)));
}
