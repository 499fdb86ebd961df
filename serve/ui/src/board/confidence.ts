/**
 * What a reading's confidence rests on, in a sentence: how often such answers were right, as it was measured.
 */
import type { Evidence } from "../api/client";
import { formatNumber } from "../format";
import { humanise, intentLabel, SENTIMENTS } from "../vocabulary";

type Measured = Pick<Evidence, "confidence" | "measured_answer" | "right_count" | "answered_count">;

export function explainConfidence({ confidence, measured_answer, right_count, answered_count }: Measured): string {
  const counted = answered_count ?? 0;
  const answer = measured_answer === null ? "" : ` as “${answerLabel(measured_answer)}”`;
  if (confidence === "unknown" && counted === 0) return `It was not measured how often readings${answer} are right.`;
  const found = `${formatNumber(right_count ?? 0)} of ${formatNumber(counted)} readings${answer} were right`;
  return confidence === "unknown" ? `${found}: too few to tell.` : `${found}, measured on texts that people labelled.`;
}

function answerLabel(answer: string): string {
  return (SENTIMENTS as readonly string[]).includes(answer) ? humanise(answer) : intentLabel(answer);
}
