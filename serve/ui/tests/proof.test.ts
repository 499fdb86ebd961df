import { describe, expect, it } from "vitest";
import { billOf, contribution, interval, proofText } from "../src/card/proof";

const components = {
  scored_on: "2026-03-30",
  very_negative_count: 2,
  explicit_intent_count: 1,
  strongest_ticket_id: "7",
  strongest_message_id: "opening",
};
const card = (trigger_type: "frustrated" | "significant_support" | "silently_struggling", more = {}) => ({ trigger_type, score: 6, components: { ...components, ...more } });
const quote = { sentiment: "very_negative", churn_intent: "explicit", points: 9, score_points: 4.5, ticket_id: "7", message_id: "opening" } as const;

describe("contribution", () => {
  it("says how much of the score a message is, and what it is counted in", () => {
    expect(contribution(card("frustrated"), quote)).toEqual([
      "4.5 of the score 6 of 30 Mar 2026, faded from 9 by its age.",
      "One of 2 very negative tickets.",
      "The one ticket that says they may leave.",
      "The strongest message of that day.",
    ]);
  });

  it("claims nothing for a message that brought nothing", () => {
    expect(contribution(card("frustrated"), { ...quote, score_points: 0 })).toHaveLength(1);
    expect(contribution(card("frustrated"), { ...quote, score_points: null })).toEqual(["What it brought to the score is not known in this build."]);
  });

  it("mentions the turn of a conversation where there was one", () => {
    expect(contribution(card("frustrated", { turned_bad_count: 1 }), quote).at(-1)).toContain("turned bad adds a point");
  });

  it("says that other scores are not made of tone", () => {
    expect(contribution(card("significant_support"), quote)[0]).toContain("counts tickets and messages");
    expect(contribution(card("silently_struggling", { negative_count_90d: 3 }), quote)[0]).toContain("(3 negative in 90 days)");
  });
});

describe("interval", () => {
  it("is Wilson's", () => {
    expect(interval({ right_count: 84, answered_count: 92 })).toBe(" Precision 91 % (95 % interval 84 % to 96 %, n = 92).");
    expect(interval({ right_count: 0, answered_count: 0 })).toBe("");
    expect(interval({ right_count: 3, answered_count: 3 })).toContain("44 % to 100 %");
  });
});

describe("billOf", () => {
  it("pays a message once, however many quotes it has", () => {
    const call = { ticket_id: "1", message_id: "opening", input_tokens: 100, output_tokens: 20, cost_usd: 0.001 };
    expect(billOf([call, call, { ...call, message_id: "emails/7", cost_usd: null }])).toEqual({ callCount: 2, inputTokens: 200, outputTokens: 40, costUsd: 0.001 });
  });
});

describe("proofText", () => {
  it("is the quote and every fact on a line", () => {
    const steps = [{ title: "Card", facts: [{ term: "Card", value: "c" }] }];
    expect(proofText([{ quote: "We leave." } as never], steps)).toBe("“We leave.”\n\nCard\nCard: c");
  });
});
