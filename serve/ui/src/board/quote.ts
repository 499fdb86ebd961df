/**
 * Where quotes stand in their surrounding text, and which of them come from one reading of one message.
 *
 * The API counts offsets in Unicode code points; JavaScript strings count UTF-16 units. One emoji before the quote is
 * enough to mark the wrong words, so the cut is made on code points.
 */
export interface MarkedQuote {
  before: string;
  quote: string;
  after: string;
}

export interface Quoted {
  context: string;
  context_start: number;
  context_end: number;
  quote: string;
  /** Where the quote starts in the whole message, as against `context_start`. */
  quote_start: number;
}

/** The API gives at most this many code points on each side of a quote. */
const REACH = 200;

/** Words only, from the first whole one: the context's edge may have cut through a word. */
function fromWholeWord(text: string): string {
  const space = text.search(/\s/);
  return `… ${space < 0 ? "" : text.slice(space).trimStart()}`;
}

/** Words only, up to the last whole one. */
function toWholeWord(text: string): string {
  const rest = text.replace(/\S*$/, "").trimEnd();
  return `${rest} …`;
}

/** True when a quote and its place are there; they are not when a person's words had to be deleted. */
export function isQuoted<Item extends { [Key in keyof Quoted]: Quoted[Key] | null }>(item: Item): item is Item & Quoted {
  return item.quote !== null && item.context !== null && item.context_start !== null && item.context_end !== null && item.quote_start !== null;
}

/**
 * Cuts a context into what stands before the quote, the quote, and what stands after it.
 *
 * When the offsets do not lead to exactly the quote, the quote is returned alone: text that was not verified is never
 * shown as if the customer's words stood in it.
 */
export function markQuote({ context, context_start, context_end, quote, quote_start }: Quoted): MarkedQuote {
  const points = Array.from(context);
  const cut = points.slice(context_start, context_end).join("");
  if (cut !== quote) return { before: "", quote, after: "" };
  const before = points.slice(0, context_start).join("");
  const after = points.slice(context_end);
  return {
    before: context_start > 0 && quote_start > context_start ? fromWholeWord(before) : before,
    quote,
    after: after.length >= REACH ? toWholeWord(after.join("")) : after.join(""),
  };
}

/** Groups quotes by the message and the call that found them, in the order they came. */
export function readings<Item extends { ticket_id: string; message_id: string | null; call_key: string | null }>(evidence: readonly Item[]): Item[][] {
  const groups = new Map<string, Item[]>();
  for (const item of evidence) {
    const key = `${item.ticket_id} ${item.message_id ?? ""} ${item.call_key ?? ""}`;
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return [...groups.values()];
}
