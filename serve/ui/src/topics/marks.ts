/** A ticket's text, cut where its quotes stand. The API counts in Unicode code points, JavaScript in UTF-16 units. */
export interface Piece {
  text: string;
  isQuote: boolean;
}

export interface Span {
  quote: string;
  quote_start: number;
  quote_end: number;
}

/** The whole text in pieces; a quote that does not stand where it is said to, or overlaps one before, is not marked. */
export function pieces(text: string, quotes: readonly Span[]): Piece[] {
  const points = Array.from(text);
  const found: Piece[] = [];
  let at = 0;
  for (const { quote, quote_start: start, quote_end: end } of [...quotes].sort((one, other) => one.quote_start - other.quote_start)) {
    if (start < at || points.slice(start, end).join("") !== quote) continue;
    if (start > at) found.push({ text: points.slice(at, start).join(""), isQuote: false });
    found.push({ text: quote, isQuote: true });
    at = end;
  }
  if (at < points.length) found.push({ text: points.slice(at).join(""), isQuote: false });
  return found;
}
