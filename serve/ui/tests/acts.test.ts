import { describe, expect, it } from "vitest";
import type { Card, CardState } from "../src/api/client";
import { after, choicesFor, compareCards, formatSince, inserted, moveBetween, told, waitChoices, withState } from "../src/board/acts";
import { columnBeside, neighbour, stepOf } from "../src/board/walking";
import { addDays } from "../src/format";
import { SORTS, STATUSES, type Status } from "../src/vocabulary";

const card = (values: Partial<Card> = {}): Card =>
  ({ card_id: "c1", seq: 3, status: "working", severity: "high", computed_severity: "low", assignee: null, reopen_count: 0, priority: 10, ...values }) as Card;

const state = (values: Partial<CardState> = {}): CardState => ({
  card_id: "c1",
  seq: 4,
  status: "waiting",
  assignee: "maria",
  severity_override: null,
  waiting_until_on: "2026-12-01",
  is_waiting_for_reply: false,
  outcome: null,
  outcome_mrr: null,
  outcome_mrr_source: null,
  reopen_count: 0,
  ...values,
});

describe("moving between columns", () => {
  it("ends where the card was let go, or says why not", () => {
    for (const from of STATUSES) {
      for (const to of STATUSES) {
        const move = moveBetween(from, to);
        if (from === to) expect(move).toBeNull();
        else if (move && "refusal" in move) expect([from, to]).toSatisfy(([a, b]: Status[]) => a !== "completed" && b === "new");
        else {
          const form = move!.form === "snooze" ? "waiting" : move!.form === "complete" ? "completed" : null;
          const reached = move!.first.reduce(after, card({ status: from })).status;
          expect(form ?? reached).toBe(to);
          // Only a card somebody works on can wait.
          if (form === "waiting") expect(["working", "waiting"]).toContain(reached);
        }
      }
    }
  });

  it("offers what the state allows", () => {
    expect(choicesFor("completed")).not.toContain("complete");
    expect(choicesFor("new")).not.toContain("reopen");
  });
});

describe("a card after an act", () => {
  it("leaves behind what belongs to the status it had", () => {
    const waiting = after(card(), { type: "snoozed", until_on: "2026-12-01", is_for_reply: true });
    expect(waiting).toMatchObject({ status: "waiting", waiting_until_on: "2026-12-01", is_waiting_for_reply: true });
    expect(after(waiting, { type: "completed", outcome: "saved" })).toMatchObject({ status: "completed", outcome: "saved", waiting_until_on: null, is_waiting_for_reply: false });
    expect(after(card({ status: "completed", outcome: "saved" }), { type: "reopened" })).toMatchObject({ status: "new", outcome: null, reopen_count: 1 });
    expect(after(card(), { type: "severity_overridden", severity: null }).severity).toBe("low");
  });

  it("is what the API says, unless it is further already", () => {
    expect(withState(card(), state())).toMatchObject({ seq: 4, status: "waiting", assignee: "maria", severity: "low" });
    expect(withState(card(), state({ severity_override: "critical" })).severity).toBe("critical");
    expect(withState(card({ seq: 5 }), state())).toMatchObject({ seq: 5, status: "working" });
    expect("severity_override" in withState(card(), state())).toBe(false);
  });
});

describe("the place of a card", () => {
  it("is the one the API sorts it to", () => {
    const items = [card({ card_id: "a", priority: 30 }), card({ card_id: "b", priority: 20 }), card({ card_id: "z", priority: null })];
    const idsWith = (one: Card) => inserted(items, one, "priority").map((each) => each.card_id).join("");
    expect(idsWith(card({ card_id: "n", priority: 25 }))).toBe("anbz");
    expect(idsWith(card({ card_id: "n", priority: 20 }))).toBe("abnz");
    expect(idsWith(card({ card_id: "n", priority: null }))).toBe("abnz");
    expect(idsWith(card({ card_id: "n", priority: 1 }))).toBe("abnz");
  });

  it("is an order under every sort", () => {
    const some = [card({ card_id: "a", opened_on: "2026-01-02", last_signal_on: "2026-01-02" }), card({ card_id: "b", severity: "critical", opened_on: "2026-01-01", last_signal_on: "2026-01-03" })];
    for (const sort of SORTS) expect(compareCards(some[0]!, some[1]!, sort)).toBe(-compareCards(some[1]!, some[0]!, sort));
    expect(compareCards(some[1]!, some[0]!, "severity")).toBe(-1);
  });
});

describe("what was done, in words", () => {
  const nameOf = (subject: string) => ({ maria: "Maria", tom: "Tom" })[subject] ?? subject;
  const entry = (type: string, details: Record<string, unknown> = {}, status = "working") => ({ type, actor: "maria", status, details }) as Parameters<typeof told>[0];

  it("says who did what", () => {
    expect(told(entry("status_changed"), nameOf)).toBe("Maria moved it to Working");
    expect(told(entry("assigned", { assignee: "maria" }), nameOf)).toBe("Maria took it");
    expect(told(entry("assigned", { assignee: "tom" }), nameOf)).toBe("Maria gave it to Tom");
    expect(told(entry("snoozed", { until_on: "2026-12-03" }), nameOf)).toBe("Maria put it off until 3 Dec 2026");
    expect(told(entry("completed", { outcome: "false_alarm" }), nameOf)).toBe("Maria completed it: false alarm");
  });

  it("says when", () => {
    const at = "2026-03-01T12:00:00Z";
    const later = (seconds: number) => formatSince(at, Date.parse(at) + seconds * 1000);
    expect([later(-3), later(5), later(61), later(7300), later(200_000)]).toEqual(["just now", "5 s ago", "1 min ago", "2 h ago", "on 1 Mar 2026"]);
  });

  it("offers days to come", () => {
    expect(waitChoices("2026-12-31", addDays).map((choice) => choice.on)).toEqual(["2027-01-01", "2027-01-07", "2027-01-14"]);
  });
});

describe("walking", () => {
  const columns = [
    { status: "new" as const, items: [{ card_id: "a" }, { card_id: "b" }] },
    { status: "working" as const, items: [] },
    { status: "waiting" as const, items: [{ card_id: "c" }] },
  ];
  const walk = (from: string, key: string) => neighbour(columns, from, stepOf(key)!);

  it("goes down a column and past one without cards", () => {
    expect([walk("a", "ArrowDown"), walk("b", "ArrowRight"), walk("c", "ArrowLeft"), walk("c", "ArrowRight"), walk("a", "ArrowUp")]).toEqual(["b", "c", "a", null, null]);
    expect(walk("nowhere", "ArrowDown")).toBeNull();
  });

  it("knows the column beside one", () => {
    expect([columnBeside(columns, "new", 1), columnBeside(columns, "new", -1)]).toEqual(["working", null]);
  });
});
