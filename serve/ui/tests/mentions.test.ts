import { describe, expect, it } from "vitest";
import { commentParts, inserted, matching, queryAt, stillMentioned } from "../src/card/mentions";

const ada = { subject: "s|ada", name: "Ada Lovelace", email: "ada@acme.example" };
const adam = { subject: "s|adam", name: "Adam", email: "adam@acme.example" };
const grace = { subject: "s|grace", name: "Grace Hopper", email: "boss@acme.example" };

describe("queryAt", () => {
  it("begins after an @ that begins a word", () => {
    expect(queryAt("@", 1)).toEqual({ start: 0, typed: "" });
    expect(queryAt("Hi @Gra", 7)).toEqual({ start: 3, typed: "Gra" });
    expect(queryAt("(@Grace Ho) later", 10)).toEqual({ start: 1, typed: "Grace Ho" });
  });

  it("is none in an address, after a line's end, or where the caret stands before it", () => {
    for (const [text, caret] of [["me@acme", 7], ["Hi @Gra\nx", 9], ["Hi @Gra", 3], ["@ x", 3], ["@Grace  x", 9], ["", 0]] as const) expect(queryAt(text, caret)).toBeNull();
  });
});

describe("matching", () => {
  it("finds by any word of the name or by address, those whose name begins so first", () => {
    expect(matching([grace, adam, ada], "ad")).toEqual([adam, ada]);
    expect(matching([ada, grace], "hop")).toEqual([grace]);
    expect(matching([ada, grace], "BOSS")).toEqual([grace]);
    expect(matching([ada, grace], "")).toEqual([ada, grace]);
    expect(matching([ada], "zzz")).toEqual([]);
  });
});

describe("inserted", () => {
  it("puts the name in the place of what was typed, one space behind it", () => {
    expect(inserted("Hi @gr, please", { start: 3, typed: "gr" }, grace.name)).toEqual({ text: "Hi @Grace Hopper , please", caret: 17 });
    expect(inserted("@gr please", { start: 0, typed: "gr" }, grace.name).text).toBe("@Grace Hopper please");
  });
});

describe("stillMentioned", () => {
  it("forgets whom the text no longer names, and names each once", () => {
    expect(stillMentioned("@Grace Hopper look", [grace, ada, grace])).toEqual(["s|grace"]);
    expect(stillMentioned("x@Grace Hopper and @Adamant", [grace, adam])).toEqual([]);
  });
});

describe("commentParts", () => {
  it("cuts at names, the longest first, and leaves everything else as it is", () => {
    const text = "@Adam and @Ada Lovelace: <b>@Adamant</b>, @Adam.";
    const parts = commentParts(text, ["Adam", "Ada Lovelace"]);
    expect(parts.filter((part) => part.isMention).map((part) => part.text)).toEqual(["@Adam", "@Ada Lovelace", "@Adam"]);
    expect(parts.map((part) => part.text).join("")).toBe(text);
  });

  it("is the text where nobody is named in it", () => {
    expect(commentParts("Hello", ["Ada"])).toEqual([{ text: "Hello", isMention: false }]);
    expect(commentParts("", ["Ada"])).toEqual([]);
  });
});
