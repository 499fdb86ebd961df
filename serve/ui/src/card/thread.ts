/**
 * A ticket's thread as it is read: quotes marked in the full text, long stretches folded away. Nothing here draws.
 *
 * Text is cut on Unicode code points, as the API counts; JavaScript strings count UTF-16 units.
 */
export interface Span {
  start: number;
  end: number;
  /** What must stand there: text that was not verified is never marked as if the customer had said it. */
  quote: string;
}

export interface Piece {
  text: string;
  isQuote: boolean;
}

/** Cuts a text into pieces, quoted or not, in order; overlapping quotes become one mark, and one that is not there none. */
export function marked(text: string, spans: readonly Span[]): Piece[] {
  const points = Array.from(text);
  const found = spans
    .filter(({ start, end, quote }) => start >= 0 && start < end && points.slice(start, end).join("") === quote)
    .sort((a, b) => a.start - b.start || a.end - b.end);
  const pieces: Piece[] = [];
  let at = 0;
  const add = (to: number, isQuote: boolean) => {
    if (to <= at) return;
    const piece = points.slice(at, to).join("");
    const last = pieces.at(-1);
    if (isQuote && last?.isQuote) last.text += piece;
    else pieces.push({ text: piece, isQuote });
    at = to;
  };
  for (const { start, end } of found) {
    add(start, false);
    add(end, true);
  }
  add(points.length, false);
  return pieces;
}

export interface InThread {
  message_id: string;
  message_index: number;
}

export type Part<Message> =
  | { kind: "messages"; messages: Message[] }
  /** Messages that are there and not shown yet. */
  | { kind: "folded"; key: string; messages: Message[] }
  /** Messages that were never published: only the newest of a very long thread are. */
  | { kind: "missing"; key: string; count: number };

const ENDS = 3;
const WORTH_FOLDING = 3;

/**
 * Groups a thread for reading: its first message, its last three, and every quoted one with its neighbours stand; what
 * lies between is folded, unless it is too little to be worth a press.
 *
 * @param isComplete Whether the last message here is the last there is; of an unfinished list the end is no end.
 */
export function folded<Message extends InThread>(
  messages: readonly Message[],
  quoted: ReadonlySet<string>,
  opened: ReadonlySet<string>,
  isComplete = true,
): Part<Message>[] {
  const stands = messages.map((_, index) => {
    const isEnd = index === 0 || (isComplete && index >= messages.length - ENDS);
    const isNearQuote = [index - 1, index, index + 1].some((near) => quoted.has(messages[near]?.message_id ?? ""));
    return isEnd || isNearQuote;
  });
  const parts: Part<Message>[] = [];
  let index = 0;
  while (index < messages.length) {
    const first = messages[index]!;
    const before = messages[index - 1];
    const gap = first.message_index - (before ? before.message_index + 1 : 0);
    if (gap > 0) parts.push({ kind: "missing", key: `before ${first.message_id}`, count: gap });
    let end = index + 1;
    while (end < messages.length && stands[end] === stands[index] && messages[end]!.message_index === messages[end - 1]!.message_index + 1) end += 1;
    const some = messages.slice(index, end);
    const key = first.message_id;
    if (stands[index] || some.length < WORTH_FOLDING || opened.has(key)) {
      const last = parts.at(-1);
      if (last?.kind === "messages") last.messages.push(...some);
      else parts.push({ kind: "messages", messages: some });
    } else {
      parts.push({ kind: "folded", key, messages: some });
    }
    index = end;
  }
  return parts;
}

export type Side = "customer" | "colleague" | "note" | "machine" | "unknown";

/** Who speaks in a message. */
export function sideOf({ direction, is_automated }: { direction: string | null; is_automated: boolean }): Side {
  if (is_automated) return "machine";
  if (direction === "inbound") return "customer";
  if (direction === "outbound") return "colleague";
  return direction === "internal" ? "note" : "unknown";
}
