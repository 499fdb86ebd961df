import { describe, expect, it } from "vitest";
import { waitBefore } from "../src/live";

describe("coming back to the stream", () => {
  it("waits longer each time, and never for ever", () => {
    const waits = [0, 1, 2, 3, 20, 2000].map((attempt) => waitBefore(attempt, 1));
    expect(waits).toEqual([500, 1000, 2000, 4000, 20_000, 20_000]);
  });

  it("scatters those who were cut off together", () => {
    expect(waitBefore(3, 0)).toBe(2000);
    expect(waitBefore(3, 0.5)).toBe(3000);
  });
});
