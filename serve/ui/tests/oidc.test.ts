import { beforeEach, describe, expect, it, vi } from "vitest";
import { api, type SignInMethod } from "../src/api/client";
import { forgetSecret, secretFrom } from "../src/join";
import { authorizeUrl, finish, ownPath } from "../src/oidc";

const METHOD: SignInMethod = {
  method: "oidc",
  issuer: "https://issuer.example",
  client_id: "board",
  authorize_url: "https://issuer.example/authorize?prompt=login",
  redirect_uri: "https://board.example/sign-in/callback",
  scope: "openid email profile",
};

const kept = new Map<string, string>();
beforeEach(() => {
  kept.clear();
  vi.restoreAllMocks();
  vi.stubGlobal("sessionStorage", {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => kept.set(name, value),
    removeItem: (name: string) => kept.delete(name),
  });
});

describe("leaving for the issuer", () => {
  it("asks for a code with PKCE, state and nonce, each new every time", async () => {
    const [one, two] = [new URL(await authorizeUrl(METHOD, "/dashboard")), new URL(await authorizeUrl(METHOD, "/"))];
    expect(one.searchParams.get("prompt")).toBe("login");
    expect(one.searchParams.get("code_challenge_method")).toBe("S256");
    expect(one.searchParams.get("redirect_uri")).toBe(METHOD.redirect_uri);
    for (const name of ["state", "nonce", "code_challenge"]) expect(one.searchParams.get(name)).not.toBe(two.searchParams.get(name));
  });

  it.each([
    ["/cards/1?q=a", "/cards/1?q=a"],
    ["//evil.example", "/"],
    ["/\\evil.example", "/"],
    ["https://evil.example", "/"],
    [undefined, "/"],
    [["/a"], "/"],
  ])("goes on at an address of ours only: %j", (next, path) => {
    expect(ownPath(next)).toBe(path);
  });
});

describe("coming back", () => {
  const begun = async () => new URL(await authorizeUrl(METHOD, "/dashboard")).searchParams;

  it("exchanges the code with what was kept, once", async () => {
    const exchange = vi.spyOn(api, "signInWithCode").mockResolvedValue({ access_token: "t", token_type: "bearer", expires_in: 60 });
    const asked = await begun();
    const answer = new URLSearchParams({ code: "c", state: asked.get("state") ?? "" });
    expect(await finish(answer)).toEqual({ token: "t", next: "/dashboard" });
    expect(exchange).toHaveBeenCalledWith({ code: "c", code_verifier: expect.stringMatching(/^[\w-]{43}$/), nonce: asked.get("nonce") });
    await expect(finish(answer)).rejects.toThrow("another tab");
  });

  it.each<Record<string, string>>([{ state: "made-up" }, { iss: "https://evil.example" }, { code: "" }])("refuses an answer that was not asked for: %j", async (change) => {
    const exchange = vi.spyOn(api, "signInWithCode");
    const asked = await begun();
    await expect(finish(new URLSearchParams({ code: "c", state: asked.get("state") ?? "", ...change }))).rejects.toThrow("another tab");
    expect(exchange).not.toHaveBeenCalled();
  });

  it("tells a refusal at the issuer from one of ours", async () => {
    const asked = await begun();
    const answer = new URLSearchParams({ error: "access_denied", state: asked.get("state") ?? "" });
    await expect(finish(answer)).rejects.toThrow("did not sign you in");
  });
});

it("an invitation's secret waits while its owner signs in elsewhere", () => {
  expect(secretFrom("#abc")).toBe("abc");
  expect(secretFrom("")).toBe("abc");
  forgetSecret();
  expect(secretFrom("")).toBe("");
});
