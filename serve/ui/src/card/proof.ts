/**
 * "Prove it": from a quote back to everything it rests on, and on to what it did to the score, as rows that can be read
 * and copied. Every figure is the API's; where one is missing the row says so.
 */
import type { CardDetail, Evidence } from "../api/client";
import { explainConfidence } from "../board/confidence";
import { formatCost, formatDay, formatInstant, formatNumber } from "../format";
import { analyzerLabel, confidenceLabel, humanise, intentLabel, resolutionLabel, targetLabel, triggerLabel } from "../vocabulary";

export interface Fact {
  term: string;
  value: string;
  isCode?: boolean;
}

export interface Step {
  title: string;
  facts: Fact[];
}

const NOT_KNOWN = "not known";
const code = (term: string, value: string | null | undefined): Fact => (value ? { term, value, isCode: true } : { term, value: NOT_KNOWN });
const plain = (term: string, value: string | null | undefined): Fact => ({ term, value: value || NOT_KNOWN });

type Judged = Pick<Evidence, "sentiment" | "churn_intent" | "points" | "score_points" | "ticket_id" | "message_id">;
type Scored = Pick<CardDetail, "trigger_type" | "components" | "score">;

const COUNTED_LEVELS: Record<string, string> = { negative: "negative_count", very_negative: "very_negative_count" };
const COUNTED_INTENTS: Record<string, string> = { implied: "implied_intent_count", explicit: "explicit_intent_count" };
const LABELS: Record<string, [one: string, many: string]> = {
  negative_count: ["negative ticket", "negative tickets"],
  very_negative_count: ["very negative ticket", "very negative tickets"],
  implied_intent_count: ["ticket that hints at leaving", "tickets that hint at leaving"],
  explicit_intent_count: ["ticket that says they may leave", "tickets that say they may leave"],
};

const among = (key: string, count: number): string => {
  const [one, many] = LABELS[key]!;
  return count === 1 ? `The one ${one}.` : `One of ${formatNumber(count)} ${many}.`;
};

/** What a quote did to the score of its card, in sentences. */
export function contribution(card: Scored, quote: Judged): string[] {
  const { components } = card;
  const scoredOn = typeof components["scored_on"] === "string" ? ` of ${formatDay(components["scored_on"])}` : "";
  if (card.trigger_type === "frustrated") return frustration(card, quote, scoredOn);
  if (card.trigger_type === "significant_support") return ["The score counts tickets and messages, not tone: this ticket is one of those counted."];
  if (card.trigger_type === "silently_struggling") {
    const negative = components["negative_count_90d"];
    const counted = typeof negative === "number" ? ` (${formatNumber(negative)} negative in 90 days)` : "";
    return [`It is part of the bad experience before the silence${counted}; the score counts the silence after it.`];
  }
  return ["The rule looks at facts of the company; this message is what was said meanwhile."];
}

function frustration({ components, score }: Scored, quote: Judged, scoredOn: string): string[] {
  if (quote.score_points === null || quote.score_points === undefined) return ["What it brought to the score is not known in this build."];
  if (quote.score_points === 0) {
    return [`Nothing to the score${scoredOn}: a louder message of the same ticket stands for it, its conversation ended well, or it was too old or not yet written that day.`];
  }
  const faded = quote.points !== null && quote.points > quote.score_points ? `, faded from ${formatNumber(quote.points)} by its age` : "";
  const sentences = [`${formatNumber(quote.score_points)} of the score ${formatNumber(score)}${scoredOn}${faded}.`];
  for (const key of [COUNTED_LEVELS[quote.sentiment ?? ""], COUNTED_INTENTS[quote.churn_intent ?? ""]]) {
    const count = key === undefined ? undefined : components[key];
    if (key !== undefined && typeof count === "number" && count > 0) sentences.push(among(key, count));
  }
  if (components["strongest_ticket_id"] === quote.ticket_id && components["strongest_message_id"] === quote.message_id) {
    sentences.push("The strongest message of that day.");
  }
  const turned = [components["turned_bad_count"], components["ended_well_count"]].some((count) => typeof count === "number" && count > 0);
  if (turned) sentences.push("A conversation that turned bad adds a point before it fades, one that ended well takes one off; both are in it.");
  return sentences;
}

/** The way from the card to the run that read the words. */
export function proofOf(card: CardDetail, quotes: readonly [Evidence, ...Evidence[]]): Step[] {
  const [reading] = quotes;
  const { input_tokens, output_tokens } = reading;
  const tokens = input_tokens === null || output_tokens === null ? null : `${formatNumber(input_tokens)} in, ${formatNumber(output_tokens)} out`;
  const places = quotes.flatMap(({ quote_start, quote_end }) => (quote_start === null || quote_end === null ? [] : [`${quote_start} to ${quote_end}`]));
  return [
    {
      title: "Card",
      facts: [
        code("Card", card.card_id),
        plain("Trigger", triggerLabel(card.trigger_type)),
        plain("Brings to the score", contribution(card, reading).join(" ")),
        code("Rule version", card.rule_version),
      ],
    },
    {
      title: "Words",
      facts: [
        code("Ticket", reading.ticket_id),
        code("Message", reading.message_id),
        plain("Written", reading.message_sent_at && formatInstant(reading.message_sent_at)),
        plain("Place in the text", places.length > 0 ? `characters ${places.join(", ")}, verified letter by letter` : null),
        code("Hash of the text", reading.input_hash),
      ],
    },
    {
      title: "Reading",
      facts: [
        plain("Read as", readAs(reading)),
        plain("Confidence", reading.confidence && `${confidenceLabel(reading.confidence)}. ${explainConfidence(reading)}${interval(reading)}`),
        plain("Read by", reading.analyzer && analyzerLabel(reading.analyzer)),
        code("Model", reading.model),
        code("Prompt version", reading.prompt_version),
        code("Hash of the answer's shape", reading.schema_hash),
        plain("Tokens", tokens),
        plain("Cost", reading.cost_usd === null ? null : formatCost(reading.cost_usd)),
        plain("Read on", reading.analyzed_at && formatInstant(reading.analyzed_at)),
        code("Run", reading.run_id),
        code("Call key, over prompt wording, model and text", reading.call_key),
      ],
    },
  ];
}

function readAs({ sentiment, churn_intent, target, resolution }: Evidence): string {
  const parts = [sentiment && humanise(sentiment), churn_intent && intentLabel(churn_intent), target && `about ${targetLabel(target).toLowerCase()}`, resolution && resolutionLabel(resolution)];
  return parts.filter(Boolean).join("; ");
}

/** The 95 % Wilson interval of how often such answers are right, in words; empty where nothing was counted. */
export function interval({ right_count, answered_count }: Pick<Evidence, "right_count" | "answered_count">): string {
  if (right_count === null || !answered_count) return "";
  const z = 1.959964;
  const n = answered_count;
  const share = right_count / n;
  const centre = (share + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const reach = (z * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n))) / (1 + (z * z) / n);
  const percent = (value: number) => `${Math.round(100 * Math.min(1, Math.max(0, value)))} %`;
  return ` Precision ${percent(share)} (95 % interval ${percent(centre - reach)} to ${percent(centre + reach)}, n = ${formatNumber(n)}).`;
}

/** The same as text, for the clipboard. */
export function proofText(quotes: readonly Evidence[], steps: readonly Step[]): string {
  const said = quotes.flatMap(({ quote }) => (quote === null ? [] : [`“${quote}”`]));
  return [...said, ...steps.flatMap(({ title, facts }) => ["", title, ...facts.map(({ term, value }) => `${term}: ${value}`)])].join("\n");
}

export interface Bill {
  callCount: number;
  inputTokens: number;
  outputTokens: number;
  costUsd: number;
}

/** What reading the messages behind a card took: each call once, however many quotes it found. */
export function billOf(evidence: readonly Pick<Evidence, "ticket_id" | "message_id" | "input_tokens" | "output_tokens" | "cost_usd">[]): Bill {
  const calls = new Map(evidence.map((item) => [`${item.ticket_id} ${item.message_id ?? ""}`, item]));
  const bill = { callCount: calls.size, inputTokens: 0, outputTokens: 0, costUsd: 0 };
  for (const { input_tokens, output_tokens, cost_usd } of calls.values()) {
    bill.inputTokens += input_tokens ?? 0;
    bill.outputTokens += output_tokens ?? 0;
    bill.costUsd += cost_usd ?? 0;
  }
  return bill;
}
