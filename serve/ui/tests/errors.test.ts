import { describe, expect, it } from "vitest";
import { ApiError, errorFrom, isAborted, sentenceOf, unreachable } from "../src/api/errors";

describe("errors", () => {
  it("show the sentence the API gave", () => {
    const error = errorFrom(404, { error: "UnknownCard", detail: "There is no such card." });
    expect([error.status, error.code, sentenceOf(error)]).toEqual([404, "UnknownCard", "There is no such card."]);
  });

  it.each([["<html>Bad gateway</html>"], [undefined], [{ detail: [{ loc: ["query"] }] }]])("become a sentence when the body is %j", (body) => {
    expect(sentenceOf(errorFrom(502, body))).toBe("The server could not answer (status 502). Try again in a moment.");
  });

  it("tell an abandoned request from a failed one", () => {
    expect(isAborted(new DOMException("gone", "AbortError"))).toBe(true);
    expect(isAborted(unreachable())).toBe(false);
    expect(unreachable()).toBeInstanceOf(ApiError);
  });
});
