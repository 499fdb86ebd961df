import { describe, expect, it } from "vitest";
import { explainConfidence } from "../src/board/confidence";

const measured = { confidence: "medium" as const, measured_answer: "very_negative", right_count: 84, answered_count: 92 };

describe("explainConfidence", () => {
  it("tells how often such readings were right", () => {
    expect(explainConfidence(measured)).toBe("84 of 92 readings as “Very negative” were right, measured on texts that people labelled.");
    expect(explainConfidence({ ...measured, measured_answer: "explicit" })).toContain("as “Says they may leave”");
  });

  it("says that nothing, or too little, was measured", () => {
    const unknown = { ...measured, confidence: "unknown" as const };
    expect(explainConfidence({ ...unknown, right_count: 0, answered_count: 0 })).toBe("It was not measured how often readings as “Very negative” are right.");
    expect(explainConfidence({ ...unknown, right_count: 3, answered_count: 4 })).toBe("3 of 4 readings as “Very negative” were right: too few to tell.");
  });
});
