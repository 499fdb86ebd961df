/** What a notification says, in words; and where it leads. */
import type { RouteLocationRaw } from "vue-router";
import type { Notification, ToldCompany } from "../api/client";
import { formatCount } from "../format";
import { triggerLabel } from "../vocabulary";

export interface ToldLine {
  /** Who did it; empty: churnboard. */
  who: string;
  what: string;
  /** Below it, quieter; empty: nothing. */
  more: string;
}

/** "Frustrated, high (got worse)", card by card. */
export function cardsOf(company: ToldCompany): string {
  return company.cards.map((card) => `${triggerLabel(card.trigger_type)}, ${card.severity}${card.is_risen ? " (got worse)" : ""}`).join("; ");
}

/** The line of one notification; a kind this build does not know names its companies. */
export function toldLine(told: Notification, nameOf: (subject: string) => string): ToldLine {
  const first = told.companies[0];
  const name = first?.company_name ?? "a card";
  const who = told.actor === null ? "" : nameOf(told.actor);
  switch (told.kind) {
    case "mention":
      return { who, what: `mentioned you on ${name}`, more: told.comment ?? "" };
    case "assignment":
      return { who, what: `gave you the card of ${name}`, more: first ? cardsOf(first) : "" };
    case "digest":
      return { who: "", what: `${formatCount(told.company_count, "more company", "more companies")} to look at`, more: digestNames(told) };
    default:
      return { who: "", what: `${name} may be about to leave`, more: first ? cardsOf(first) : "" };
  }
}

function digestNames(told: Notification): string {
  const named = told.companies.slice(0, 3).map((company) => company.company_name);
  const left = told.company_count - named.length;
  return named.join(", ") + (left > 0 ? ` and ${left} more` : "");
}

/** The page it leads to: its card, or the board. */
export const pageOf = (told: Notification): RouteLocationRaw => (told.card_id === null ? { name: "board" } : { name: "card", params: { cardId: told.card_id } });

/** What the bell says to who cannot see it. */
export const bellLabel = (unread: number): string => (unread === 0 ? "Notifications" : `Notifications, ${formatCount(unread, "unread", "unread")}`);

/** What fits beside the bell. */
export const badge = (unread: number): string => (unread > 99 ? "99+" : String(unread));

const KIND_LABELS: Record<string, string> = {
  mention: "Somebody mentions you",
  assignment: "You are given a card",
  card: "A card needs you",
  digest: "Digest",
};

const KIND_HINTS: Record<string, string> = {
  mention: "In a comment. Never held back.",
  assignment: "By a colleague. Never held back.",
  card: "Yours, at the point from which people are interrupted, or worse than it was.",
  digest: "Every morning at 07:00 UTC: what did not fit into the week's budget; on Mondays what is low, too.",
};

const CHANNEL_LABELS: Record<string, string> = {
  mention: "Mentions",
  assignment: "Cards given to people",
  card: "Cards that need somebody",
  digest: "Digests",
};

/** A kind of notification, as it is told to everybody in a channel. */
export const channelKindLabel = (kind: string): string => CHANNEL_LABELS[kind] ?? kind;
export const kindLabel = (kind: string): string => KIND_LABELS[kind] ?? kind;
export const kindHint = (kind: string): string => KIND_HINTS[kind] ?? "";
