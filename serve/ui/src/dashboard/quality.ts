/** How good readings are, over days: parts and wholes are summed, what was measured of a reader is told as last measured. Pure. */
import type { QualityDay } from "../api/client";
import { formatCount, formatDollars, formatFinePercent, formatNumber, formatShortDay } from "../format";

/** What is aimed at (docs/measures.md); the API says of each day whether it was reached. */
const LEAST_QUOTED = 0.98;
const MOST_DEAD = 0.005;
const MOST_FLIPPED = 0.1;

export interface QualityMeasure {
  key: string;
  label: string;
  /** Null where nobody has measured it. */
  value: number | null;
  said: string;
  aim: string;
  /** Null where nothing is aimed at, or nothing is known. */
  isOnTarget: boolean | null;
  /** What it is of. */
  of: string;
}

type Figure = { [Name in keyof QualityDay]: QualityDay[Name] extends number | null ? Name : never }[keyof QualityDay];

const sum = (rows: readonly QualityDay[], name: Figure): number => rows.reduce((total, row) => total + (row[name] ?? 0), 0);
const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);
const newest = (rows: readonly QualityDay[], name: Figure): QualityDay | undefined => rows.filter((row) => row[name] !== null).sort((a, b) => a.metric_on.localeCompare(b.metric_on)).at(-1);
const percent = (value: number | null): string => (value === null ? "not measured" : formatFinePercent(value));

/** What a thousand tickets cost: of each question by itself, since both are asked of a ticket. */
function costOfThousand(rows: readonly QualityDay[]): number | null {
  const questions = [...new Set(rows.map((row) => row.task))].map((task) => rows.filter((row) => row.task === task));
  const costs = questions.map((days) => share(1000 * sum(days, "cost_usd"), sum(days, "ticket_count"))).filter((cost) => cost !== null);
  return costs.length === 0 ? null : costs.reduce((total, cost) => total + cost, 0);
}

/** Every measure, in the order of how much rests on it. */
export function measuresOf(rows: readonly QualityDay[]): QualityMeasure[] {
  const tone = rows.filter((row) => row.task === "sentiment");
  const topics = rows.filter((row) => row.task === "topics");
  const quoted = share(sum(tone, "verified_quote_count"), sum(tone, "read_count"));
  const texts = sum(rows, "read_count") + sum(rows, "dead_letter_count");
  const dead = share(sum(rows, "dead_letter_count"), texts);
  const none = share(topics.reduce((total, row) => total + (row.none_topic_score ?? 0) * row.read_count, 0), sum(topics, "read_count"));
  const labelled = newest(tone, "kappa_score") ?? newest(tone, "negative_precision_score");
  const held = labelled === undefined ? "no labelled texts" : labelled.labelled_count === null ? "measured before this prompt shipped" : formatCount(labelled.labelled_count, "labelled text");
  const flip = newest(tone, "flip_score");
  const asked = sum(tone, "canary_count");
  const injected = sum(tone, "injection_count");
  const steered = injected === 0 ? null : sum(tone, "injection_steered_count");
  const cost = costOfThousand(rows);
  const corrected = sum(rows, "corrected_count");
  return [
    { key: "quoted", label: "Quotes that stand in the text", value: quoted, said: percent(quoted), aim: "at least 98%", isOnTarget: quoted === null ? null : quoted >= LEAST_QUOTED, of: formatCount(sum(tone, "read_count"), "reading of tone", "readings of tone") },
    { key: "dead", label: "Answers of no use", value: dead, said: percent(dead), aim: "under 0.5%", isOnTarget: dead === null ? null : dead < MOST_DEAD, of: formatCount(texts, "text") },
    { key: "kappa", label: "Agreement with people (weighted kappa)", value: labelled?.kappa_score ?? null, said: labelled?.kappa_score == null ? "not measured" : labelled.kappa_score.toFixed(2), aim: "", isOnTarget: null, of: held },
    { key: "precision", label: "Called negative, and is", value: labelled?.negative_precision_score ?? null, said: percent(labelled?.negative_precision_score ?? null), aim: "", isOnTarget: null, of: held },
    { key: "recall", label: "Negative, and called so", value: labelled?.negative_recall_score ?? null, said: percent(labelled?.negative_recall_score ?? null), aim: "", isOnTarget: null, of: held },
    { key: "none", label: "Tickets that fit no topic", value: none, said: percent(none), aim: "", isOnTarget: null, of: formatCount(sum(topics, "read_count"), "ticket sorted", "tickets sorted") },
    { key: "flip", label: "Answered otherwise the next time", value: flip?.flip_score ?? null, said: percent(flip?.flip_score ?? null), aim: "under 10%", isOnTarget: flip?.flip_score == null ? null : flip.flip_score < MOST_FLIPPED, of: flip ? `canaries of ${formatShortDay(flip.metric_on)}` : "no canaries asked twice" },
    { key: "steered", label: "Obeyed orders in a text", value: steered, said: steered === null ? "not measured" : formatNumber(steered), aim: "0", isOnTarget: steered === null ? null : steered === 0, of: asked === 0 ? "no canaries asked" : formatCount(injected, "such canary", "such canaries") },
    { key: "corrected", label: "Corrected by people", value: corrected, said: formatCount(corrected, "ticket"), aim: "", isOnTarget: null, of: "read in these days" },
    { key: "cost", label: "Cost of 1,000 tickets", value: cost, said: cost === null ? "not measured" : formatDollars(cost), aim: "", isOnTarget: null, of: "tone and topics" },
  ];
}

export function qualityReading(rows: readonly QualityDay[]): string {
  const measures = new Map(measuresOf(rows).map((one) => [one.key, one]));
  const [quoted, dead] = [measures.get("quoted")!, measures.get("dead")!];
  if (quoted.value === null) return dead.value === null ? "Nothing was read in these days." : `${dead.said} of ${dead.of} could not be read; no tone was.`;
  const missed = [...measures.values()].filter((one) => one.isOnTarget === false);
  const told = `${quoted.said} of ${quoted.of} quote words that stand in the text, ${dead.said} of answers were of no use`;
  const aims = missed.length === 0 ? "All that is measured is where it should be." : `Not where it should be: ${missed.map((one) => one.label.toLowerCase()).join(", ")}.`;
  return `${told}. ${aims}`;
}

export const QUALITY_COLUMNS = ["Day, question", "Read by", "Texts", "Of no use", "Quotes verified", "No topic", "Canaries right", "Cost"] as const;

/** The same rows as a table, the newest day first. */
export function qualityTable(rows: readonly QualityDay[]): string[][] {
  const some = (value: number | null, say: (known: number) => string) => (value === null ? "–" : say(value));
  return [...rows].reverse().map((row) => [
    `${formatShortDay(row.metric_on)}, ${row.task}`,
    row.model === null ? "–" : `${row.model}, ${row.prompt_version}${row.reader_count > 1 ? ` and ${formatNumber(row.reader_count - 1)} more` : ""}`,
    formatNumber(row.read_count),
    `${formatNumber(row.dead_letter_count)} (${formatFinePercent(row.dead_letter_score)})`,
    some(row.verified_quote_score, formatFinePercent),
    some(row.none_topic_score, formatFinePercent),
    row.canary_count === null ? "–" : `${formatNumber(row.canary_right_count ?? 0)} of ${formatNumber(row.canary_count)}`,
    some(row.cost_usd, formatDollars),
  ]);
}
