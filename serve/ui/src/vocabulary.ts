/**
 * Human words for the product's closed lists.
 *
 * The lists themselves belong to the API. A value this build does not know yet is shown with its own name, so that an
 * older page in front of a newer API stays readable.
 */
export const TRIGGERS = ["frustrated", "significant_support", "silently_struggling", "tenant_rule"] as const;
export const SEVERITIES = ["critical", "high", "medium", "low"] as const;
export const STATUSES = ["new", "working", "waiting", "completed"] as const;
export const SORTS = ["priority", "severity", "opened_on", "last_signal_on"] as const;
/** From worst to best: the order in which the parts of a stacked bar stand on the axis. */
export const SENTIMENTS = ["very_negative", "negative", "neutral", "positive", "very_positive"] as const;

/** What people may complete a card with, the good ones first. */
export const OUTCOMES = ["saved", "at_risk_unresolved", "churned", "contraction", "false_alarm", "known_expected", "duplicate", "cannot_act"] as const;

export type Outcome = (typeof OUTCOMES)[number];
export type Trigger = (typeof TRIGGERS)[number];
export type Severity = (typeof SEVERITIES)[number];
export type Status = (typeof STATUSES)[number];
export type Sort = (typeof SORTS)[number];

/** `very_negative` becomes "Very negative". */
export function humanise(name: string): string {
  const words = name.replaceAll(/[_.]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const SORT_LABELS: Record<Sort, string> = {
  priority: "Expected loss",
  severity: "Severity",
  opened_on: "Newest card",
  last_signal_on: "Latest signal",
};

const TRIGGER_LABELS: Record<string, string> = {
  tenant_rule: "Your own rule",
};

const OUTCOME_LABELS: Record<string, string> = {
  saved: "Saved",
  at_risk_unresolved: "Still at risk, nothing more to do",
  churned: "Churned",
  contraction: "Pays less now",
  false_alarm: "False alarm",
  known_expected: "Known and expected",
  duplicate: "Duplicate of another card",
  cannot_act: "We cannot act on it",
  expired: "Expired, nobody looked",
};

const TARGET_LABELS: Record<string, string> = {
  product: "The product",
  support: "Support",
  billing: "Billing",
  external: "Something outside our control",
};

const INTENT_LABELS: Record<string, string> = {
  none: "No intent to leave",
  implied: "Implied intent to leave",
  explicit: "Says they may leave",
};

const ANALYZER_LABELS: Record<string, string> = {
  embedded: "Embedded analyzer (offline)",
  openai_compatible: "Language model",
};

const CONFIDENCE_LABELS: Record<string, string> = {
  high: "High confidence",
  medium: "Medium confidence",
  low: "Low confidence",
  unknown: "Confidence not measured",
};

const SCOPE_LABELS: Record<string, string> = {
  opening_message: "the ticket's opening message",
  thread: "a later message",
};

const RESOLUTION_LABELS: Record<string, string> = {
  solved: "Says it is solved",
  unsolved: "Not solved",
  unclear: "Unclear whether it is solved",
  no_problem: "Names no problem",
};

const TREND_LABELS: Record<string, string> = {
  improving: "Improving",
  steady: "Steady",
  worsening: "Worsening",
  unknown: "Unknown",
};

const labelled = (labels: Record<string, string>) => (value: string) => labels[value] ?? humanise(value);

export const outcomeLabel = labelled(OUTCOME_LABELS);
export const sortLabel = labelled(SORT_LABELS);
export const triggerLabel = labelled(TRIGGER_LABELS);
export const targetLabel = labelled(TARGET_LABELS);
export const intentLabel = labelled(INTENT_LABELS);
export const analyzerLabel = labelled(ANALYZER_LABELS);
export const resolutionLabel = labelled(RESOLUTION_LABELS);
export const confidenceLabel = labelled(CONFIDENCE_LABELS);
export const scopeLabel = labelled(SCOPE_LABELS);
export const trendLabel = labelled(TREND_LABELS);

/** `none` is the label of a ticket that fits no topic, which is not a topic called "None". */
export function topicLabel(topic: string): string {
  if (topic === "none") return "No topic fits";
  return topic === "unread" ? "Not sorted yet" : humanise(topic);
}

/** How many of four bars a severity fills; 0 for one this build does not know. */
export function severityLevel(severity: string): number {
  const position = (SEVERITIES as readonly string[]).indexOf(severity);
  return position < 0 ? 0 : SEVERITIES.length - position;
}
