import { describe, expect, it } from "vitest";
import { folded, marked, sideOf } from "../src/card/thread";

const span = (text: string, quote: string) => {
  const start = Array.from(text.slice(0, text.indexOf(quote))).length;
  return { start, end: start + Array.from(quote).length, quote };
};

describe("marked", () => {
  it("marks quotes in place, counted in code points", () => {
    const text = "🙂🙂 Hello. We leave. Bye.";
    expect(marked(text, [span(text, "We leave.")])).toEqual([
      { text: "🙂🙂 Hello. ", isQuote: false },
      { text: "We leave.", isQuote: true },
      { text: " Bye.", isQuote: false },
    ]);
  });

  it("loses nothing of a text, whatever is marked in it", () => {
    const text = "<b>&amp; 👩‍👧 ab</b>";
    for (let start = 0; start <= 12; start += 1) {
      for (let end = start; end <= 14; end += 1) {
        const quote = Array.from(text).slice(start, end).join("");
        const pieces = marked(text, [{ start, end, quote }, span(text, "amp"), span(text, "&amp;")]);
        expect(pieces.map((piece) => piece.text).join("")).toBe(text);
      }
    }
  });

  it("makes one mark of quotes that overlap or touch", () => {
    const text = "We are leaving you.";
    const pieces = marked(text, [span(text, "are leaving"), span(text, "leaving you"), span(text, ".")]);
    expect(pieces).toEqual([
      { text: "We ", isQuote: false },
      { text: "are leaving you.", isQuote: true },
    ]);
  });

  it("marks nothing that does not stand there", () => {
    expect(marked("All is well.", [{ start: 0, end: 5, quote: "Never" }, { start: -1, end: 2, quote: "" }])).toEqual([{ text: "All is well.", isQuote: false }]);
    expect(marked("", [])).toEqual([]);
  });
});

const thread = (count: number, from = 0) => Array.from({ length: count }, (_, index) => ({ message_id: `m${from + index}`, message_index: from + index }));
const shape = (parts: ReturnType<typeof folded>) => parts.map((part) => (part.kind === "missing" ? `missing ${part.count}` : `${part.kind} ${part.messages.length}`));

describe("folded", () => {
  it("shows a short thread whole", () => {
    expect(shape(folded(thread(6), new Set(), new Set()))).toEqual(["messages 6"]);
    expect(folded([], new Set(), new Set())).toEqual([]);
  });

  it("shows the ends and every quote with its neighbours of a long one", () => {
    expect(shape(folded(thread(200), new Set(["m100"]), new Set()))).toEqual(["messages 1", "folded 98", "messages 3", "folded 95", "messages 3"]);
  });

  it("opens what was asked for", () => {
    const opened = new Set(["m1"]);
    expect(shape(folded(thread(200), new Set(["m100"]), opened))).toEqual(["messages 102", "folded 95", "messages 3"]);
  });

  it("says where messages were never kept", () => {
    const some = [...thread(1), ...thread(3, 700)];
    expect(shape(folded(some, new Set(), new Set()))).toEqual(["messages 1", "missing 699", "messages 3"]);
  });

  it("takes the end of an unfinished list for no end", () => {
    expect(shape(folded(thread(50), new Set(), new Set(), false))).toEqual(["messages 1", "folded 49"]);
  });

  it("shows or folds each message once, in order", () => {
    for (const quoted of [new Set<string>(), new Set(["m3"]), new Set(["m0", "m19"]), new Set(["m7", "m9", "m12"])]) {
      const parts = folded(thread(20), quoted, new Set());
      const ids = parts.flatMap((part) => (part.kind === "missing" ? [] : part.messages.map((message) => message.message_id)));
      expect(ids).toEqual(thread(20).map((message) => message.message_id));
      const shown = parts.flatMap((part) => (part.kind === "messages" ? part.messages.map((message) => message.message_id) : []));
      for (const id of quoted) expect(shown).toContain(id);
    }
  });
});

describe("sideOf", () => {
  it("tells who speaks", () => {
    expect(sideOf({ direction: "inbound", is_automated: false })).toBe("customer");
    expect(sideOf({ direction: "inbound", is_automated: true })).toBe("machine");
    expect(sideOf({ direction: "outbound", is_automated: false })).toBe("colleague");
    expect(sideOf({ direction: "internal", is_automated: false })).toBe("note");
    expect(sideOf({ direction: null, is_automated: false })).toBe("unknown");
  });
});
