/** Which words a reading was asked with, and how they are shown. Pure. */
import type { PromptWording } from "../api/client";

/**
 * The wording in force when a message was read. One is the rule; a version whose file was edited after all has several, and what
 * was read before the oldest of them was kept is told that one.
 */
export function wordingAt(wordings: readonly PromptWording[], analyzedAt: string | null): PromptWording | undefined {
  const known = analyzedAt === null ? [] : wordings.filter((one) => one.first_used_at <= analyzedAt);
  return known.at(-1) ?? wordings[0];
}

export interface Passage {
  title: string;
  text: string;
}

export const passagesOf = (wording: PromptWording): Passage[] => [
  { title: "The model is told", text: wording.system_text },
  { title: "and is given each message as", text: wording.user_text },
  { title: "and, where its answer could not be used, once more as", text: wording.again_text },
];
