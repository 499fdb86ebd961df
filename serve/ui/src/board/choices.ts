/** The words on what can be done to a card, and the keys for it. */
import type { Choice } from "./acts";

export const CHOICE_LABELS: Record<Choice, string> = {
  start: "Start working",
  assign: "Assign",
  snooze: "Let it wait",
  complete: "Complete",
  reopen: "Reopen",
  severity: "Set severity",
};

export const CHOICE_KEYS: Record<string, Choice> = { w: "start", a: "assign", s: "snooze", e: "complete", r: "reopen" };

export const KEYS: readonly [keys: string, what: string][] = [
  ["← ↑ ↓ →", "Walk over the cards"],
  ["Enter", "Open the card"],
  ["Shift + ← →", "Move the card to the next column"],
  ["M", "Everything that can be done to the card"],
  ["W", "Start working"],
  ["A", "Assign"],
  ["S", "Let it wait"],
  ["E", "Complete"],
  ["R", "Reopen"],
  ["/", "Search"],
  ["?", "This list"],
];
