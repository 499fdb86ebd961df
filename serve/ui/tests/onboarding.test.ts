import { describe, expect, it } from "vitest";
import type { FieldCandidate, FieldView, Onboarding, Task } from "../src/api/client";
import { candidatesFor, firstChoice, isForgotten, isUnderWay, nextStep, readableValue, shareOf, shownStep, taskLine } from "../src/onboarding/steps";

const step = (name: string, status = "todo") => ({ step: name, status, is_available: true, message: null });
const onboarding = (...statuses: string[]) =>
  ({
    steps: ["connect", "import", "fields", "topics", "cards"].map((name, index) => step(name, statuses[index] ?? "todo")),
    current: "import",
  }) as unknown as Onboarding;
const task = (values: Partial<Task>) => ({ status: "running", step: null, done_count: null, total_count: null, asked_at: "2026-01-01T00:00:00Z", ...values }) as Task;
const candidate = (name: string, fits: Record<string, number>, filled_count = 9) =>
  ({ name, label: name, type: "number", fits, sample_values: [], filled_count, record_count: 10 }) as FieldCandidate;
const view = (values: Partial<FieldView>) => ({ field: "mrr", property_name: null, author: null, ...values }) as FieldView;

describe("which step is shown", () => {
  it("is the one in the address, or the first that is not done", () => {
    expect(shownStep("topics", onboarding()).step).toBe("topics");
    expect(shownStep("nonsense", onboarding()).step).toBe("import");
    expect(shownStep(undefined, onboarding()).step).toBe("import");
  });

  it("is followed by the next one, and the last by none", () => {
    expect(nextStep("connect", onboarding())).toBe("import");
    expect(nextStep("cards", onboarding())).toBeNull();
  });

  it("is asked about again while something goes on", () => {
    expect(isUnderWay(onboarding("done", "running"))).toBe(true);
    expect(isUnderWay(onboarding("done", "failed"))).toBe(false);
  });
});

describe("progress", () => {
  it.each([
    [{ status: "queued" as const }, "Waiting for a worker to begin"],
    [{}, "Beginning"],
    [{ step: "Working out cards" }, "Working out cards"],
    [{ step: "Reading tickets", done_count: 1200, total_count: 4000 }, "Reading tickets: 1,200 of 4,000"],
    [{ step: "Reading tickets", done_count: 7 }, "Reading tickets: 7"],
  ])("is a line", (values, line) => expect(taskLine(task(values))).toBe(line));

  it("of a stream is a share where HubSpot says how much there is", () => {
    expect(shareOf({ stream: "tickets", read_count: 5, portal_total: 20 })).toBe(0.25);
    expect(shareOf({ stream: "tickets", read_count: 0, portal_total: 0 })).toBe(1);
    expect(shareOf({ stream: "notes", read_count: 5, portal_total: null })).toBeNull();
  });

  it("that nobody begins is told after a while", () => {
    const asked = Date.parse("2026-01-01T00:00:00Z");
    expect(isForgotten(task({ status: "queued" }), asked + 5_000)).toBe(false);
    expect(isForgotten(task({ status: "queued" }), asked + 20_000)).toBe(true);
    expect(isForgotten(task({ status: "running" }), asked + 20_000)).toBe(false);
  });
});

describe("what a field could be", () => {
  const arr = candidate("arr", { mrr: 4, usage: 0 });
  const mrr = candidate("mrr", { mrr: 5 });
  const seats = candidate("seats", { usage: 0, mrr: 0 });

  it("stands in the order of likeliness, and what cannot hold it is left out", () => {
    expect(candidatesFor("mrr", [seats, arr, mrr]).map((one) => one.name)).toEqual(["mrr", "arr", "seats"]);
    expect(candidatesFor("renewal", [seats, arr, mrr])).toEqual([]);
  });

  it("is proposed where it sounds right and has values, and never over what a person said", () => {
    expect(firstChoice(view({}), [seats, arr, mrr])).toBe("mrr");
    expect(firstChoice(view({}), [seats])).toBe("");
    expect(firstChoice(view({}), [candidate("mrr", { mrr: 5 }, 0)])).toBe("");
    expect(firstChoice(view({ property_name: "arr", author: "ada" }), [mrr])).toBe("arr");
    expect(firstChoice(view({ author: "ada" }), [mrr])).toBe("");
  });

  it.each([
    ["1234.5", "number", "1,234.5"],
    ["1767225600000", "datetime", "2026-01-01"],
    ["2026-03-09", "date", "2026-03-09"],
    ["soon", "date", "soon"],
    ["", "number", ""],
  ])("%s, a %s, is shown as %s", (value, type, shown) => expect(readableValue(value, type)).toBe(shown));
});
