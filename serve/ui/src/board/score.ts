/**
 * The components of a score as rows a person can read.
 *
 * Which components exist is the rules' business (dbt), so nothing here decides: keys this page has words for get them,
 * every other key is shown under its own name. A fact without a value is "unknown". It never counted towards the score,
 * and saying so is the difference between "no sign of it" and "nobody could look".
 */
import { formatDay, formatNumber } from "../format";
import { humanise, topicLabel } from "../vocabulary";

export interface ComponentRow {
  key: string;
  label: string;
  value: string;
}

export interface ComponentGroups {
  /** What was counted, in the order the rules gave it. */
  found: ComponentRow[];
  /** The thresholds and spans in force when it was counted. */
  rules: ComponentRow[];
  /** What could not be known. */
  unknown: ComponentRow[];
}

const LABELS: Record<string, string> = {
  absolute: "Over a fixed limit",
  after_pain: "Quiet after a bad experience",
  calibrated_probability: "Calibrated certainty of the reading",
  closed_without_customer_answer: "Closed without the customer's answer",
  explicit_intent_count: "Tickets that say they may leave",
  company_age_days: "Not for customers younger than",
  count_direction: "Messages counted",
  crm_rules_min: "CRM facts that must hold at once",
  ended_well_count: "Tickets that ended well",
  half_life_days: "Points halve every",
  implied_intent_count: "Tickets that hint at leaving",
  inbound_count_30d: "Messages from them, 30 days",
  is_mrr_top_quarter: "Among the quarter that pays most",
  is_mrr_top_tenth: "Among the tenth that pays most",
  last_login: "Last login",
  last_login_on: "Last login",
  later_messages: "Later messages in the same ticket",
  login_age: "Long without a login",
  message_count_30d: "Messages counted, 30 days",
  messages_30d: "Messages in 30 days",
  messages_in_one_ticket_5d: "Most messages in one ticket, 5 days",
  mrr: "MRR",
  negative_count: "Negative tickets",
  negative_count_90d: "Negative tickets, 90 days",
  onboarding_factor: "Limits raised while onboarding, times",
  onboarding_step: "Onboarding step reached",
  onboarding_stuck: "Stuck in onboarding",
  open_count: "Tickets left open",
  overdue_count: "Open for more than 5 business days",
  quiet_probability: "Chance of so long a silence",
  relative: "Over their own habit",
  renewal: "Days to renewal",
  renewal_in_days: "Days to renewal",
  repeat: "Same topic again",
  repeat_topic: "Topic that keeps coming back",
  repeat_topic_count_30d: "Tickets on that topic, 30 days",
  scored_on: "Scored on",
  strongest_message_id: "Its strongest message",
  strongest_ticket_id: "Strongest ticket",
  t_notify: "Notifies from a score of",
  t_notify_top_quartile: "Notifies about large customers from a score of",
  t_off: "Ends below a score of",
  t_on: "Opens from a score of",
  ticket_count: "Tickets counted",
  ticket_count_7d: "Tickets, 7 days",
  ticket_count_14d: "Tickets, 14 days",
  ticket_count_90d_before: "Tickets, 90 days before that",
  ticket_message_count_5d: "Most messages in one ticket, 5 days",
  turned_bad_count: "Tickets that turned bad",
  unanswered_count_90d: "Closed without an answer to our question, 90 days",
  usage_30d: "Usage, 30 days",
  usage_low: "Low usage for the price",
  usual_count_14d: "Usual for 14 days",
  very_negative_count: "Very negative tickets",
  went_quiet: "Quiet against their own habit",
  window_days: "Looks back",
  z: "Distance from usual (z)",
};

/** What a tenant's own rule may ask for (core/rules/facts.py). */
const FACT_LABELS: Record<string, string> = {
  company_age_days: "Days in HubSpot",
  days_since_inbound: "Days since their last word",
  inbound_count: "Messages from them",
  last_login_age_days: "Days since the last login",
  lifecycle_stage: "Lifecycle stage",
  message_count: "Messages both ways",
  mrr: "MRR",
  negative_count: "Unhappy tickets",
  onboarding_step: "Onboarding step reached",
  open_ticket_count: "Open tickets",
  renewal_in_days: "Days to renewal",
  ticket_count: "Tickets",
  topic_ticket_count: "Tickets",
  usage_30d: "Usage, 30 days",
};

const RULES = new Set(["count_direction", "half_life_days", "scored_on", "t_notify", "t_on", "window_days"]);
/** Every parameter of the trigger as it was in force that day; those with a line of their own are not told twice. */
const IN_FORCE = "in_force";
const POINTS = new Set(["absolute", "after_pain", "login_age", "onboarding_stuck", "relative", "repeat", "usage_low", "went_quiet"]);
/** The score has its own line under the table. */
const SHOWN_ELSEWHERE = new Set(["score"]);

const labelOf = (key: string) => LABELS[key] ?? humanise(key);

function textOf(key: string, value: string | number | boolean): string {
  if (typeof value === "boolean") return value ? "Yes" : "No";
  if (typeof value === "number") {
    const figure = formatNumber(value);
    if (POINTS.has(key)) return `${figure} ${value === 1 ? "point" : "points"}`;
    return key.endsWith("_days") && RULES.has(key) ? `${figure} days` : figure;
  }
  if (key.endsWith("_topic")) return topicLabel(value);
  if (key === "strongest_message_id") return value === "opening" ? "the opening message" : value;
  return /^\d{4}-\d\d-\d\d/.test(value) && !Number.isNaN(Date.parse(value)) ? formatDay(value) : value;
}

interface TenantRule {
  name?: string;
  facts?: Record<string, string | number>;
  unknown?: string[];
}

/** `ticket_count_14d` becomes "Tickets, 14 days"; the topic of `topic_ticket_count_30d:export` stands behind it. */
function factLabel(measure: string): string {
  const [, fact = measure, days, topic] = /^(\w+?)(?:_(\d+)d)?(?::(.*))?$/s.exec(FACT_LABELS[measure] ? "" : measure) ?? [];
  const label = FACT_LABELS[fact] ?? humanise(fact);
  return `${label}${topic ? ` on ${topicLabel(topic)}` : ""}${days ? `, ${days} ${days === "1" ? "day" : "days"}` : ""}`;
}

/** Groups components for reading; nested objects become rows of their own, named by their path. */
export function componentGroups(components: Record<string, unknown>): ComponentGroups {
  const groups: ComponentGroups = { found: [], rules: [], unknown: [] };

  const addUnknown = (key: string, label = labelOf(key)) => {
    // The same fact may be both empty and named in the list of unknowns.
    if (!groups.unknown.some((row) => row.label === label)) groups.unknown.push({ key, label, value: "unknown" });
  };

  const addTenantRule = (ruleId: string, rule: TenantRule): void => {
    const path = `rules.${ruleId}`;
    groups.found.push({ key: path, label: "Rule", value: rule.name ?? ruleId });
    for (const [fact, value] of Object.entries(rule.facts ?? {})) {
      groups.found.push({ key: `${path}.${fact}`, label: factLabel(fact), value: textOf(fact, value) });
    }
    for (const fact of rule.unknown ?? []) addUnknown(`${path}.${fact}`, factLabel(fact));
  };

  const add = (path: string, key: string, value: unknown): void => {
    if (SHOWN_ELSEWHERE.has(path)) return;
    if (value === null || value === undefined || value === "") return addUnknown(path);
    if (path === "unknown" && Array.isArray(value)) return value.map(String).forEach((name) => addUnknown(name));
    if (path === "rules" && typeof value === "object" && !Array.isArray(value)) {
      for (const [ruleId, rule] of Object.entries(value)) addTenantRule(ruleId, rule as TenantRule);
    } else if (Array.isArray(value)) {
      const text = value.map((item) => (typeof item === "object" ? JSON.stringify(item) : textOf(key, item as string | number | boolean)));
      groups.found.push({ key: path, label: labelOf(path), value: text.join(", ") || "none" });
    } else if (path === IN_FORCE) {
      for (const [name, held] of Object.entries(value as Record<string, number>)) {
        if (!(name in components)) groups.rules.push({ key: name, label: labelOf(name), value: formatNumber(held) });
      }
    } else if (typeof value === "object") {
      for (const [name, inner] of Object.entries(value)) add(`${path}.${name}`, name, inner);
    } else {
      const row = { key: path, label: labelOf(path), value: textOf(key, value as string | number | boolean) };
      (RULES.has(path) ? groups.rules : groups.found).push(row);
    }
  };

  for (const [name, value] of Object.entries(components)) add(name, name, value);
  return groups;
}
