/**
 * Mentions in a comment: `@Name` in its words, subjects beside them.
 *
 * A comment is plain text for whoever reads it by another client; who is meant stands in `mentions`, since names are not
 * unique and change. Here the two are brought together: while it is written, and when it is shown.
 */
export interface Person {
  subject: string;
  name: string;
  email: string;
}

export interface Query {
  /** Where the `@` stands, in UTF-16 units, as text fields count. */
  start: number;
  typed: string;
}

const LONGEST = 60;

/** What is being typed after an `@` before the caret; null where no mention is being written. An `@` inside a word is an address. */
export function queryAt(text: string, caret: number): Query | null {
  const before = text.slice(0, caret);
  const start = before.lastIndexOf("@");
  if (start < 0 || (start > 0 && !/[\s(]/.test(before[start - 1]!))) return null;
  const typed = before.slice(start + 1);
  return typed.length > LONGEST || /[\n@]|^\s|\s{2}/.test(typed) ? null : { start, typed };
}

/** People who may be meant, those whose name begins so first. */
export function matching<Some extends Person>(people: readonly Some[], typed: string): Some[] {
  const wanted = typed.toLocaleLowerCase();
  const rank = ({ name, email }: Some): number => {
    const [called, address] = [name.toLocaleLowerCase(), email.toLocaleLowerCase()];
    if (called.startsWith(wanted)) return 0;
    if (called.split(/\s+/).some((word) => word.startsWith(wanted))) return 1;
    return address.startsWith(wanted) ? 2 : 3;
  };
  return people
    .map((person) => ({ person, place: rank(person) }))
    .filter(({ place }) => place < 3)
    .sort((a, b) => a.place - b.place)
    .map(({ person }) => person);
}

/** The text with a person put in the place of what was typed, and where the caret goes. */
export function inserted(text: string, { start, typed }: Query, name: string): { text: string; caret: number } {
  const said = `@${name} `;
  const after = text.slice(start + 1 + typed.length).replace(/^ /, "");
  return { text: text.slice(0, start) + said + after, caret: start + said.length };
}

const isWord = (character: string | undefined) => character !== undefined && /[\p{L}\p{N}_]/u.test(character);

/** Where `@name` stands in a text as a whole word; -1 where it does not. */
function placeOf(text: string, name: string, from = 0): number {
  const sought = `@${name}`;
  let at = text.indexOf(sought, from);
  while (at >= 0 && (isWord(text[at - 1]) || isWord(text[at + sought.length]))) at = text.indexOf(sought, at + 1);
  return at;
}

/** Of the people picked while writing, those whose name still stands in the text. */
export function stillMentioned(text: string, picked: readonly Person[]): string[] {
  return [...new Set(picked.filter(({ name }) => placeOf(text, name) >= 0).map(({ subject }) => subject))];
}

export interface CommentPart {
  text: string;
  isMention: boolean;
}

/** A comment cut at the names of those it mentions; one who is mentioned and not named in it stays invisible here. */
export function commentParts(text: string, mentioned: readonly string[]): CommentPart[] {
  const names = [...mentioned].sort((a, b) => b.length - a.length);
  const parts: CommentPart[] = [];
  let at = 0;
  while (at < text.length) {
    const next = names
      .map((name) => ({ name, place: placeOf(text, name, at) }))
      .filter(({ place }) => place >= 0)
      .sort((a, b) => a.place - b.place || b.name.length - a.name.length)[0];
    if (!next) break;
    if (next.place > at) parts.push({ text: text.slice(at, next.place), isMention: false });
    at = next.place + next.name.length + 1;
    parts.push({ text: `@${next.name}`, isMention: true });
  }
  if (at < text.length) parts.push({ text: text.slice(at), isMention: false });
  return parts;
}
