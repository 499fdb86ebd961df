import { describe, expect, it } from "vitest";
import type { Task, Topic, TopicDraft, TrendWeek } from "../src/api/client";
import { differenceLabel, draftSummary, editSentence, isReworded, places, topicTree } from "../src/topics/edits";
import { changeSentence, changesOf, coverageSentence, discoverySentence, estimateOf, estimateSentence, movedOf, shippedOf } from "../src/topics/outcomes";
import { pieces } from "../src/topics/marks";
import { trendOf, trendSentence } from "../src/topics/trend";

type Edit = TopicDraft["edits"][number];
const edit = (kind: Edit["kind"], details: Record<string, unknown>): Edit => ({ edit_id: 1, kind, details, author: "ada", created_at: "2026-11-26T10:00:00Z" });
const draft = (edits: number, untaught = 0): TopicDraft => ({
  seq: 1, base_version: 1, edits: Array.from({ length: edits }, () => edit("archive", { name: "Fax" })), untaught_count: untaught, has_changes: true, is_relabelling: false,
});

function topic(name: string, parent: string | null = null, tickets = 0, is_active = true): Topic {
  const figures = { ticket_count_30d: 0, ticket_count_90d: tickets, ticket_share_90d: null, negative_share_90d: null, company_count_90d: 0, mrr_touched_90d: null, trend: [] };
  return { name, parent, description: "", is_active, in_force_name: name, merged_from: [], is_changed: false, rules: [], figures: tickets ? figures : null };
}

const done = (result: Record<string, unknown> | null, status: Task["status"] = "done") => ({ status, result }) as unknown as Task;

describe("edits", () => {
  it.each([
    [edit("rename", { name: "Login", to: "Access" }), "Login renamed to Access"],
    [edit("add", { name: "Fax", parent: "Exports" }), "Fax added below Exports"],
    [edit("move", { name: "Fax", parent: null }), "Fax moved to the top"],
    [edit("split", { name: "Bugs", into: [{ name: "Crashes" }, { name: "Typos" }] }), "Bugs split into Crashes, Typos"],
    [edit("change_rule", { rule_id: 3, text: "Refunds are billing." }), "Rule 3 changed: Refunds are billing."],
    [edit("split", { name: "Bugs", into: "nonsense" }), "Bugs split into "],
  ])("are sentences", (made, said) => {
    expect(editSentence(made)).toBe(said);
  });

  it("add up to what waits", () => {
    expect(draftSummary(draft(5))).toBe("5 edits not shipped");
    expect(draftSummary(draft(1, 2))).toBe("1 edit and 2 corrections not shipped");
    expect(draftSummary(draft(0))).toBe("");
  });

  it("are told line by line, reworded ones in full", () => {
    expect(differenceLabel("described")).toBe("Description");
    expect(differenceLabel("unheard")).toBe("unheard");
    expect([isReworded({ kind: "changed", what: "", before: "", after: "" }), isReworded({ kind: "added", what: "", before: "", after: "" })]).toEqual([true, false]);
  });
});

describe("topics", () => {
  const topics = [topic("Bugs", null, 5), topic("Crashes", "Bugs", 9), topic("Billing", null, 40), topic("Old", null, 99, false), topic("Stray", "Old", 1)];

  it("stand on two levels, the busiest first, and none is lost below an archived one", () => {
    expect(topicTree(topics).map((node) => [node.topic.name, node.children.map((one) => one.name)])).toEqual([["Billing", []], ["Bugs", ["Crashes"]], ["Stray", []]]);
  });

  it("may go below a top one and be merged into any other", () => {
    expect(places(topics, "Bugs")).toEqual({ tops: ["Billing"], others: ["Billing", "Crashes", "Stray"] });
  });
});

describe("a preview", () => {
  const preview = done({
    is_estimate: false, ticket_count: 200, changed_count: 12, covered_before: 150, covered_after: 160,
    matrix: [{ before: "none", after: "none", ticket_count: 150 }, { before: "Bugs", after: "Crashes", ticket_count: 2 }, { before: "none", after: "Labels", ticket_count: 10 }],
    moved: [{ ticket_id: "7", before: ["none"], after: ["Labels"] }],
  });

  it("says what would change, and how much has a topic", () => {
    expect(changeSentence(preview, "would")).toBe("12 of 200 tickets would change.");
    expect(coverageSentence(preview)).toBe("80% would have a topic; 75% have one now.");
    expect(changesOf(preview)).toEqual([{ before: "none", after: "Labels", count: 10 }, { before: "Bugs", after: "Crashes", count: 2 }]);
    expect(movedOf(preview)).toEqual([{ ticketId: "7", before: ["none"], after: ["Labels"] }]);
    expect(estimateOf(preview)).toBeNull();
  });

  it("says nothing before it is done, and nothing of what is not there", () => {
    for (const task of [null, done(null, "running"), done({})]) {
      expect([changeSentence(task, "would"), coverageSentence(task), changesOf(task), movedOf(task), estimateOf(task)]).toEqual(["", "", [], [], null]);
    }
    expect(changeSentence(done({ ticket_count: 0, changed_count: 0 }), "would")).toContain("no sorted ticket");
    expect(changeSentence(done({ ticket_count: 3, changed_count: 0 }), "would")).toBe("None of 3 tickets would change.");
  });

  it("tells the price before it is paid", () => {
    const asked = estimateOf(done({ is_estimate: true, unpaid_count: 200, cost_usd: 0.1234 }));
    expect(asked && estimateSentence(asked)).toBe("200 calls to the model, about $0.123. Nothing is paid twice.");
  });
});

it("shipping tells a version, or what speaks against it", () => {
  expect(shippedOf(done({}, "running"))).toBeNull();
  expect(shippedOf(done({ version: 4, case_count: 3, failures: [] }))).toEqual({ version: 4, cases: 3, failures: [] });
  const refused = shippedOf(done({ version: null, case_count: 1, failures: [{ correction_id: 2, ticket_id: "9", expected: ["Billing"], given: null }] }));
  expect(refused).toEqual({ version: null, cases: 1, failures: [{ correctionId: 2, ticketId: "9", expected: ["Billing"], given: null }] });
});

it("a discovery is told in a sentence", () => {
  expect(discoverySentence(done({ proposal_count: 2, looked_at_count: 60, latest_count: 1000 }))).toBe("60 tickets of the newest 1,000 were looked at; 2 proposals came of it.");
  expect(discoverySentence(done({ proposal_count: 0, looked_at_count: 1, latest_count: 10 }))).toContain("no new topic was found");
});

describe("a trend", () => {
  const week = (ticket_count: number, band: [number, number] | null = null, is_outside_band: boolean | null = null): TrendWeek => ({
    week_on: "2026-11-16", ticket_count, expected_count: band ? (band[0] + band[1]) / 2 : null, lower_count: band?.[0] ?? null, upper_count: band?.[1] ?? null, is_outside_band,
  });

  it("stays inside its box, with a band where one is known", () => {
    const trend = trendOf([week(3), week(4, [0, 8], false), week(20, [1, 9], true)]);
    for (const point of [...trend.line.split(" "), ...trend.band.split(" ")]) {
      const [x, y] = point.split(",").map(Number);
      expect(x).toBeGreaterThanOrEqual(0);
      expect(y).toBeGreaterThanOrEqual(0);
      expect(y).toBeLessThanOrEqual(28);
    }
    expect(trend.band.split(" ")).toHaveLength(4);
    expect(trend.outside).toEqual({ x: 120, y: 2 });
    expect(trendOf([]).band).toBe("");
  });

  it("is said in words", () => {
    expect(trendSentence([])).toBe("no week is over yet");
    expect(trendSentence([week(3)])).toContain("too little is known");
    expect(trendSentence([week(20, [1, 9], true)])).toBe("20 last week, more than is usual (about 5)");
    expect(trendSentence([week(5, [1, 9], false)])).toContain("within what is usual");
  });
});

describe("a ticket's text", () => {
  const span = (quote: string, quote_start: number) => ({ quote, quote_start, quote_end: quote_start + Array.from(quote).length });

  it("is cut where its quotes stand, whatever stands before them", () => {
    expect(pieces("💥 It fails. Bye.", [span("It fails.", 2)])).toEqual([{ text: "💥 ", isQuote: false }, { text: "It fails.", isQuote: true }, { text: " Bye.", isQuote: false }]);
  });

  it("is never marked in a wrong place", () => {
    expect(pieces("It fails.", [span("works", 3), span("It", 0), span("t f", 1)])).toEqual([{ text: "It", isQuote: true }, { text: " fails.", isQuote: false }]);
    expect(pieces("", [])).toEqual([]);
  });
});
