/**
 * Doing things to cards, wherever one is shown.
 *
 * What somebody does shows at once and is taken back where the API refuses it. Whoever shows a card listens with
 * `onCardChange`; whoever lets people act calls `perform`, `choose` or `moveCard`. One panel (ActPanel.vue) asks for what
 * a choice still needs, and one place (ActNotices.vue) says what went wrong.
 */
import { computed, ref, shallowRef } from "vue";
import { api, type Card, type CardAct, type CardChanged, type CardState, type TimelineEntry } from "../api/client";
import { isCode, sentenceOf } from "../api/errors";
import { keepDraft } from "../card/drafts";
import { session } from "../session";
import { humanise, type Status } from "../vocabulary";
import { actsOf, after, beforeForm, moveBetween, withState, type Act, type Actable, type Choice, type Form } from "./acts";

type Change = (card: Card) => Card;

/** A form that waits for an answer. */
export interface Question {
  card: Actable;
  form: Form | "menu";
  /** What it opened from, to stand beside; null: in the middle. */
  anchor: DOMRect | null;
  /** Done before the form's own act. */
  first: Act[];
  /** The card without what already shows of the answer. */
  was: Change;
}

/** Somebody was faster: what they did, and what was to be done. */
export interface Conflict {
  card: Actable;
  acts: Act[];
  changes: TimelineEntry[];
  seq: number;
}

/** Something to say about what was done, or was not. */
export interface Notice {
  text: string;
  isFailure: boolean;
  again: (() => void) | null;
}

const listeners = new Set<(cardId: string, change: Change) => void>();
const asked = shallowRef<Question | null>(null);
const conflict = shallowRef<Conflict | null>(null);
const notice = shallowRef<Notice | null>(null);
const spoken = ref("");

/** Whether who is signed in may act on cards. */
export const mayAct = computed(() => session.me.value !== null && session.me.value.role !== "viewer");

export const acting = { asked, conflict, notice, spoken };

/** Calls `handler` with every change to a card that shows before or after the API agreed; returns how to stop that. */
export function onCardChange(handler: (cardId: string, change: Change) => void): () => void {
  listeners.add(handler);
  return () => listeners.delete(handler);
}

function show(cardId: string, change: Change): void {
  for (const listener of [...listeners]) listener(cardId, change);
}

/** Shows, wherever a card is shown, what the API has said that it is by now. */
export function learn(cardId: string, state: CardState): void {
  show(cardId, (shown) => withState(shown, state));
}

/** Has a screen reader say something; the same words twice are still said twice. */
export function say(text: string): void {
  spoken.value = "";
  setTimeout(() => (spoken.value = text), 20);
}

const companyOf = (card: Actable): string => card.company_name ?? `Company ${card.company_id}`;

/** What a card is after some acts, as one word for it. */
function outcomeOf(acts: Act[]): string {
  const last = acts.at(-1)!;
  if (last.type === "assigned") return last.assignee === null ? "is nobody's now" : "is assigned";
  if (last.type === "severity_overridden") return last.severity ? `is ${last.severity} now` : "has its computed severity again";
  const status: Status = last.type === "completed" ? "completed" : last.type === "snoozed" ? "waiting" : last.type === "reopened" ? "new" : last.type === "status_changed" ? last.status : "new";
  return `moved to ${humanise(status)}`;
}

/**
 * Does something to a card: shows it, asks the API, and shows what came of it.
 *
 * @param acts - one after the other; where one is refused, those before it stay done
 * @param question - what was asked before, where the card was shown elsewhere meanwhile
 * @returns whether all of it was done
 */
export async function perform(card: Actable, acts: Act[], question?: Question): Promise<boolean> {
  // The card as the API last said it is; what is shown runs ahead of it.
  let agreed: Card | null = null;
  show(card.card_id, (shown) => {
    agreed ??= question ? question.was(shown) : shown;
    return acts.reduce(after, shown);
  });
  notice.value = null;
  conflict.value = null;
  let seq = card.seq;
  for (const [index, act] of acts.entries()) {
    try {
      const done = await api.actOnCard(card.card_id, { ...act, seq } as CardAct);
      seq = done.state.seq;
      agreed = agreed && withState(agreed, done.state);
      show(card.card_id, (shown) => acts.slice(index + 1).reduce(after, withState(shown, done.state)));
    } catch (error) {
      // What was done of it stays; the rest is taken back, unless somebody else has moved the card on meanwhile.
      const back = agreed as Card | null;
      show(card.card_id, (shown) => (back === null || shown.seq > back.seq ? shown : back));
      refused(error, { ...card, seq }, acts.slice(index));
      return false;
    }
  }
  forgetReasons(card.card_id, acts);
  say(`${companyOf(card)} ${outcomeOf(acts)}.`);
  return true;
}

/** Words that were given with what is done now are no draft any more. */
function forgetReasons(cardId: string, acts: Act[]): void {
  const subject = session.me.value?.subject;
  if (subject === undefined) return;
  for (const { type } of acts) {
    if (type === "completed") keepDraft(subject, cardId, { text: "", picked: [] }, "complete");
    if (type === "severity_overridden") keepDraft(subject, cardId, { text: "", picked: [] }, "severity");
  }
}

function refused(error: unknown, card: Actable, acts: Act[]): void {
  if (isCode(error, "CardChangedMeanwhile")) {
    const { state, changes } = (error as { body: CardChanged }).body;
    if (state) {
      show(card.card_id, (shown) => withState(shown, state));
      conflict.value = { card: { ...card, ...state, severity: state.severity_override ?? card.computed_severity }, acts, changes: changes ?? [], seq: state.seq };
      return;
    }
  }
  const text = `${companyOf(card)} was not changed. ${sentenceOf(error)}`;
  notice.value = { text, isFailure: true, again: () => void perform(card, acts) };
}

/** Does once more, on the card as it is now, what somebody else was faster than. */
export function applyAgain(): void {
  const held = conflict.value;
  if (held === null) return;
  conflict.value = null;
  void perform({ ...held.card, seq: held.seq }, held.acts);
}

/** Starts a choice: does it, or asks for what it needs. */
export function choose(card: Actable, choice: Choice | "menu", anchor: DOMRect | null): void {
  if (choice === "start" || choice === "reopen") {
    asked.value = null;
    void perform(card, actsOf(choice));
    return;
  }
  const first = choice === "menu" ? [] : beforeForm(choice, card.status);
  asked.value = { card, form: choice, anchor, first, was: (shown) => shown };
}

/** Moves a card to another column, or says why that cannot be; a form that is given up puts it back. */
export function moveCard(card: Actable, to: Status, anchor: DOMRect | null): void {
  const move = moveBetween(card.status, to);
  if (move === null) return;
  if ("refusal" in move) {
    notice.value = { text: move.refusal, isFailure: true, again: null };
    return;
  }
  if (move.form === null) {
    void perform(card, move.first);
    return;
  }
  const was: Change = (shown) => (shown.seq === card.seq ? { ...shown, status: card.status } : shown);
  asked.value = { card, form: move.form, anchor, first: move.first, was };
  show(card.card_id, (shown) => ({ ...shown, status: to }));
}

/** Ends the question that is open: with its act, or without. */
export function answer(act: Act | null): void {
  const question = asked.value;
  if (question === null) return;
  asked.value = null;
  if (act === null) show(question.card.card_id, question.was);
  else void perform(question.card, [...question.first, act], question);
}
