import { describe, expect, it } from "vitest";
import type { Task } from "../src/api/client";
import { isEnded, isStopping, mayStop, shareDone } from "../src/tasks";

const task = (values: Partial<Task>) => ({ status: "running", done_count: null, total_count: null, ...values }) as Task;

describe("a task", () => {
  it.each([
    ["queued", false],
    ["running", false],
    ["done", true],
    ["failed", true],
    ["cancelled", true],
  ] as const)("that is %s has ended: %s", (status, ended) => {
    expect(isEnded(task({ status }))).toBe(ended);
  });

  it("has a share only where it is known how much there is", () => {
    expect(shareDone(task({}))).toBeNull();
    expect(shareDone(task({ done_count: 5 }))).toBeNull();
    expect(shareDone(task({ done_count: 0, total_count: 0 }))).toBeNull();
    expect(shareDone(task({ done_count: 5, total_count: 20 }))).toBe(0.25);
    expect(shareDone(task({ done_count: 30, total_count: 20 }))).toBe(1);
    expect(shareDone(task({ status: "done" }))).toBe(1);
  });

  it("may be stopped by whoever asked for it and by admins, until it has ended", () => {
    const mine = task({ kind: "import", asked_by: "ada", cancel_asked_at: null });
    expect(mayStop(mine, { subject: "ada", role: "member" })).toBe(true);
    expect(mayStop(mine, { subject: "bo", role: "member" })).toBe(false);
    expect(mayStop(mine, { subject: "bo", role: "admin" })).toBe(true);
    expect(mayStop(mine, null)).toBe(false);
    expect(mayStop({ ...mine, status: "done" }, { subject: "bo", role: "admin" })).toBe(false);
    expect(mayStop({ ...mine, kind: "tenant_deletion" }, { subject: "bo", role: "admin" })).toBe(false);
    expect(isStopping({ ...mine, cancel_asked_at: "2026-11-26T12:00:00Z" })).toBe(true);
    expect(isStopping({ ...mine, status: "cancelled", cancel_asked_at: "2026-11-26T12:00:00Z" })).toBe(false);
  });
});
