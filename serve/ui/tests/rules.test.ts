import { describe, expect, it } from "vitest";
import type { RuleFact } from "../src/api/client";
import { monthParts } from "../src/settings/budget";
import { added, comparison, depth, inWords, kindOf, nodeCount, removed, replaced, sameTree, slug, type Node } from "../src/settings/rules";

const many: Node = { fact: "ticket_count", op: ">=", value: 5, within_days: 30 };
const old: Node = { fact: "company_age_days", op: ">", value: 60 };
const tree: Node = { all: [many, { any: [old, { not: old }] }] };

const fact = (values: Partial<RuleFact>): RuleFact => ({
  name: "ticket_count",
  kind: "count",
  unit: "tickets",
  meaning: "",
  operators: ["<", "<=", ">", ">=", "=", "!="],
  longest_days: 365,
  has_topic: false,
  mapped_field: null,
  ...values,
});

describe("a rule's tree", () => {
  it("is read out as a sentence", () => {
    expect(inWords(tree)).toBe("tickets within 30 days at least 5 and (company age days above 60 or not company age days above 60)");
  });

  it("is changed by place, and what is not named stays", () => {
    const changed = replaced(tree, [1, 0], many);
    expect(changed).toEqual({ all: [many, { any: [many, { not: old }] }] });
    expect(tree).toEqual({ all: [many, { any: [old, { not: old }] }] });
    expect(added(tree, [1], many)).toEqual({ all: [many, { any: [old, { not: old }, many] }] });
    expect(added(tree, [1, 1], many)).toEqual({ all: [many, { any: [old, { not: { all: [old, many] } }] }] });
  });

  it("loses a group with its last part", () => {
    expect(removed(removed(tree, [1, 1]), [1, 0])).toEqual({ all: [many] });
    expect(removed({ all: [many] }, [0])).toEqual({ all: [many] });
  });

  it("is counted as the API counts it", () => {
    expect(nodeCount(tree)).toBe(6);
    expect(depth(tree)).toBe(4);
    expect(kindOf(tree)).toBe("all");
  });

  it("is the same tree whatever the order its keys are in, and another one with another value", () => {
    expect(sameTree(many, { within_days: 30, value: 5, op: ">=", fact: "ticket_count" })).toBe(true);
    expect(sameTree({ all: [many, old] }, { all: [old, many] })).toBe(false);
    expect(sameTree(many, { ...many, value: 4 })).toBe(false);
  });
});

describe("a condition", () => {
  it("has what its fact needs and nothing else", () => {
    expect(comparison(fact({}), [])).toEqual({ fact: "ticket_count", op: ">=", value: 1, within_days: 30 });
    expect(comparison(fact({ name: "lifecycle_stage", kind: "text", operators: ["=", "!="], longest_days: null }), [], many)).toEqual({ fact: "lifecycle_stage", op: "=", value: "" });
    expect(comparison(fact({ name: "topic_ticket_count", has_topic: true, longest_days: 20 }), ["billing"], many)).toEqual({ fact: "topic_ticket_count", op: ">=", value: 5, within_days: 20, topic: "billing" });
  });
});

it("makes an id of a name", () => {
  expect(slug("  Große Kunden & Co. ")).toMatch(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/);
  expect(slug("x".repeat(80))).toHaveLength(40);
  expect(slug("…")).toBe("");
});

describe("the month's bar", () => {
  it("is full at the limit, and never fuller", () => {
    expect(monthParts(5, 0, 10)).toEqual({ spent: 50, reserved: 0 });
    expect(monthParts(15, 5, 10)).toEqual({ spent: 75, reserved: 25 });
    expect(monthParts(0, 0, 0)).toEqual({ spent: 0, reserved: 0 });
    expect(monthParts(3, 1, null)).toEqual({ spent: 75, reserved: 25 });
  });
});
