import { describe, expect, it } from "vitest";
import { componentGroups } from "../src/board/score";

describe("componentGroups", () => {
  it("separates what was found, the rules in force and what is unknown", () => {
    const groups = componentGroups({
      score: 4,
      t_on: 2,
      window_days: 21,
      went_quiet: 1,
      login_age: 2,
      last_login_on: "2026-11-04",
      onboarding_step: null,
      unknown: ["onboarding_step", "renewal"],
    });
    expect(groups.found.map(({ key, value }) => [key, value])).toEqual([
      ["went_quiet", "1 point"],
      ["login_age", "2 points"],
      ["last_login_on", "4 Nov 2026"],
    ]);
    expect(groups.rules.map(({ value }) => value)).toEqual(["2", "21 days"]);
    expect(groups.unknown.map(({ label, value }) => [label, value])).toEqual([
      ["Onboarding step reached", "unknown"],
      ["Days to renewal", "unknown"],
    ]);
  });

  it("tells each parameter that was in force once, among the rules", () => {
    const groups = componentGroups({ t_on: 2, went_quiet: 1, in_force: { t_on: 2, t_off: 1 } });
    expect(groups.rules.map(({ label, value }) => [label, value])).toEqual([
      ["Opens from a score of", "2"],
      ["Ends below a score of", "1"],
    ]);
    expect(groups.found).toHaveLength(1);
  });

  it("shows a component it has no words for under its own name", () => {
    expect(componentGroups({ brand_new_signal: true, parts: { slow_weeks: 3 } }).found).toEqual([
      { key: "brand_new_signal", label: "Brand new signal", value: "Yes" },
      { key: "parts.slow_weeks", label: "Parts slow weeks", value: "3" },
    ]);
  });

  it("tells of each rule of the tenant's own what it fired on and what nobody knew", () => {
    const groups = componentGroups({
      score: 1,
      rules: {
        "big-account": {
          name: "Big account",
          version: 2,
          severity: "high",
          facts: { mrr: 2000, ticket_count_1d: 3, "topic_ticket_count_30d:data: export": 2, lifecycle_stage: "customer" },
          unknown: ["usage_30d", "last_login_age_days"],
        },
      },
    });
    expect(groups.found.map(({ label, value }) => [label, value])).toEqual([
      ["Rule", "Big account"],
      ["MRR", "2,000"],
      ["Tickets, 1 day", "3"],
      ["Tickets on Data: export, 30 days", "2"],
      ["Lifecycle stage", "customer"],
    ]);
    expect(groups.unknown.map(({ label }) => label)).toEqual(["Usage, 30 days", "Days since the last login"]);
  });

  it("keeps a small probability readable instead of rounding it to nothing", () => {
    expect(componentGroups({ quiet_probability: 0.00042 }).found[0]?.value).toBe("0.00042");
  });
});
