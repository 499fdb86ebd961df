/** Words about access: roles, how long keys last, and what the audit trail says. */
import type { AuditEntry, Role } from "../api/client";
import { humanise } from "../vocabulary";

export const ROLES: readonly Role[] = ["viewer", "member", "admin"];

/** How long a new key may last, in days; null: for good. */
export const LIFETIMES: readonly { label: string; days: number | null }[] = [
  { label: "30 days", days: 30 },
  { label: "90 days", days: 90 },
  { label: "a year", days: 365 },
  { label: "for good", days: null },
];

/** When a key that lasts so long expires, seen from a moment (milliseconds since 1970). */
export function expiryAfter(days: number | null, now: number): string | null {
  return days === null ? null : new Date(now + days * 86_400_000).toISOString();
}

/** Whether a moment lies behind another (milliseconds since 1970). */
export const isPast = (at: string | null, now: number): boolean => at !== null && Date.parse(at) <= now;

type Details = Record<string, unknown>;
const text = (details: Details, name: string): string => (typeof details[name] === "string" ? details[name] : "");

const TASKS: Record<string, string> = { import: "the import", topic_discovery: "the search for topics", topic_retagging: "the sorting of old tickets" };
const cards = ({ card_count: count }: Details): string => (typeof count !== "number" || count === 0 ? "" : count === 1 ? "; one card of theirs is nobody's now" : `; ${count} cards of theirs are nobody's now`);

const SENTENCES: Record<string, (details: Details) => string> = {
  invited: (it) => `invited ${text(it, "email")} as ${text(it, "role")}`,
  invitation_resent: (it) => `made a new link for the invitation of ${text(it, "email")}`,
  invitation_revoked: (it) => `took back the invitation of ${text(it, "email")}`,
  joined: (it) => `joined as ${text(it, "role")}`,
  role_changed: (it) => `made ${text(it, "name")} ${text(it, "to")}, before: ${text(it, "from")}`,
  user_removed: (it) => `removed ${text(it, "name")}${cards(it)}`,
  api_key_made: (it) => `made the API key ${text(it, "name")}`,
  api_key_revoked: (it) => `revoked the API key ${text(it, "name")}`,
  connected: (it) => `connected HubSpot${text(it, "hub_id") && `, account ${text(it, "hub_id")}`}`,
  disconnected: () => "disconnected HubSpot",
  notifications_changed: (it) => `set how your company is told things: ${String(it["weekly_budget"])} a week, ${text(it, "slack") ? `Slack channel ${text(it, "slack")}` : "no Slack channel"}`,
  task_cancelled: (it) => `stopped ${TASKS[text(it, "kind")] ?? humanise(text(it, "kind")).toLowerCase()}`,
  settings_changed: (it) => `changed the settings: ${text(it, "said")}`,
  triggers_changed: (it) => `changed the triggers: ${text(it, "said")}`,
  budget_set: (it) => `changed the ${text(it, "said")}`,
  fields_mapped: (it) => `changed what fields mean: ${text(it, "said")}`,
};

/** Of rules: their id stands with the act, not in its details. */
const RULES: Record<string, (id: string, details: Details) => string> = {
  rule_saved: (id, it) => `saved the rule ${id}, ${text(it, "severity")}${it["is_notify"] === true ? ", which notifies" : ""}`,
  rule_switched: (id, it) => `switched the rule ${id} ${it["is_active"] === true ? "on" : "off"}`,
  rule_deleted: (id) => `deleted the rule ${id}`,
};

/** What somebody did, to be read after their name; an action this build does not know is named as it is. */
export function sentenceFor(entry: AuditEntry): string {
  const known = Object.hasOwn(SENTENCES, entry.action) ? SENTENCES[entry.action] : undefined;
  const ofRules = Object.hasOwn(RULES, entry.action) ? RULES[entry.action] : undefined;
  return known?.(entry.details) ?? ofRules?.(entry.object_id, entry.details) ?? `${humanise(entry.action).toLowerCase()}: ${humanise(entry.object_type).toLowerCase()} ${entry.object_id}`;
}
