import { describe, expect, it } from "vitest";
import { isQuoted, markQuote, readings } from "../src/board/quote";

const cutOut = (text: string, quote: string, from = 0, to = Array.from(text).length) => {
  const points = Array.from(text);
  const start = Array.from(text.slice(0, text.indexOf(quote))).length;
  return {
    context: points.slice(from, to).join(""),
    context_start: start - from,
    context_end: start - from + Array.from(quote).length,
    quote,
    quote_start: start,
  };
};

describe("markQuote", () => {
  it("marks the words between the offsets", () => {
    expect(markQuote(cutOut("We will leave in May.", "will leave"))).toEqual({ before: "We ", quote: "will leave", after: " in May." });
  });

  it("counts code points, so an emoji before or inside the quote moves nothing", () => {
    const text = "Nine days 👋🏽 and still waiting. 😤 The reply asked for nothing new.";
    const { before, quote, after } = markQuote(cutOut(text, "still waiting. 😤 The reply"));
    expect(before + quote + after).toBe(text);
    expect(quote).toBe("still waiting. 😤 The reply");
  });

  it("shows the quote alone when the offsets lead elsewhere", () => {
    const shifted = { ...cutOut("We will leave in May.", "will leave"), context_start: 2 };
    expect(markQuote(shifted)).toEqual({ before: "", quote: "will leave", after: "" });
  });

  it("keeps markup as text", () => {
    expect(markQuote(cutOut("<b>Stop</b> <script>x</script>", "<script>x</script>")).quote).toBe("<script>x</script>");
  });

  it("drops a word the context's edge cut through and says that text stands before", () => {
    const text = "Yesterday everything was slow again.";
    expect(markQuote(cutOut(text, "slow again", 4)).before).toBe("… everything was ");
    expect(markQuote(cutOut(text, "Yesterday")).before).toBe("");
  });

  it("ends on a whole word when the context reaches as far as it may", () => {
    const text = `Stop. ${"abcd ".repeat(60)}`;
    const { after } = markQuote(cutOut(text, "Stop.", 0, 205));
    expect(after).toBe(` ${"abcd ".repeat(39)}…`);
    expect(markQuote(cutOut(text, "Stop.", 0, 204)).after.endsWith("abc")).toBe(true);
  });

  it("is not asked for words that were deleted", () => {
    expect(isQuoted({ quote: null, context: null, context_start: null, context_end: null, quote_start: 4 })).toBe(false);
  });
});

describe("readings", () => {
  it("groups quotes of one call on one message and keeps the order", () => {
    const quotes = [
      { id: 1, ticket_id: "7", message_id: "opening", call_key: "a" },
      { id: 2, ticket_id: "8", message_id: "opening", call_key: "b" },
      { id: 3, ticket_id: "7", message_id: "opening", call_key: "a" },
      { id: 4, ticket_id: "7", message_id: "opening", call_key: "c" },
      { id: 5, ticket_id: "7", message_id: "emails/3", call_key: "a" },
      { id: 6, ticket_id: "9", message_id: null, call_key: null },
    ];
    expect(readings(quotes).map((group) => group.map(({ id }) => id))).toEqual([[1, 3], [2], [4], [5], [6]]);
  });
});
