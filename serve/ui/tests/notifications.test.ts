import { describe, expect, it } from "vitest";
import type { Notification } from "../src/api/client";
import { badge, bellLabel, cardsOf, pageOf, toldLine } from "../src/notifications/words";

const company = (name: string) => ({
  company_id: name,
  company_name: name,
  severity: "high" as const,
  priority: 10,
  cards: [
    { card_id: "c1", trigger_type: "frustrated", severity: "high" as const, is_risen: true },
    { card_id: "c2", trigger_type: "tenant_rule", severity: "low" as const, is_risen: false },
  ],
});

const told = (values: Partial<Notification>): Notification => ({
  notification_id: "n1",
  kind: "card",
  actor: null,
  card_id: "c1",
  seq: null,
  severity: "high",
  comment: null,
  companies: [company("Acme")],
  company_count: 1,
  made_at: "2026-03-02T09:00:00Z",
  read_at: null,
  ...values,
});
const nameOf = (subject: string): string => (subject === "ann" ? "Ann Archer" : subject);

describe("what a notification says", () => {
  it("names who did it and where", () => {
    expect(toldLine(told({ kind: "mention", actor: "ann", comment: "Look at this" }), nameOf)).toEqual({ who: "Ann Archer", what: "mentioned you on Acme", more: "Look at this" });
    expect(toldLine(told({ kind: "assignment", actor: "ann" }), nameOf).what).toBe("gave you the card of Acme");
  });

  it("says what got worse", () => {
    expect(toldLine(told({}), nameOf)).toEqual({ who: "", what: "Acme may be about to leave", more: cardsOf(company("Acme")) });
    expect(cardsOf(company("Acme"))).toBe("Frustrated, high (got worse); Your own rule, low");
  });

  it("counts what a digest does not list", () => {
    const companies = ["A", "B", "C", "D"].map(company);
    expect(toldLine(told({ kind: "digest", companies, company_count: 9, card_id: null }), nameOf)).toEqual({ who: "", what: "9 more companies to look at", more: "A, B, C and 6 more" });
    expect(toldLine(told({ kind: "digest", companies: [company("A")], company_count: 1 }), nameOf)).toEqual({ who: "", what: "1 more company to look at", more: "A" });
  });

  it("leads to the card, or to the board", () => {
    expect(pageOf(told({}))).toEqual({ name: "card", params: { cardId: "c1" } });
    expect(pageOf(told({ card_id: null }))).toEqual({ name: "board" });
  });

  it("stays readable where nothing is listed", () => {
    expect(toldLine(told({ companies: [] }), nameOf).what).toBe("a card may be about to leave");
  });
});

describe("the bell", () => {
  it("says how much is unread", () => {
    expect([bellLabel(0), bellLabel(1), bellLabel(12)]).toEqual(["Notifications", "Notifications, 1 unread", "Notifications, 12 unread"]);
    expect([badge(7), badge(99), badge(100)]).toEqual(["7", "99", "99+"]);
  });
});
