/**
 * Signing in at the OIDC issuer: authorization code with PKCE, state and nonce.
 *
 * Verifier, state and nonce wait in sessionStorage while the browser is away, so that only this tab can finish what it began. The
 * code is exchanged by the API, which is the issuer's client.
 */
import { calculatePKCECodeChallenge, generateRandomCodeVerifier, generateRandomNonce, generateRandomState, validateAuthResponse } from "oauth4webapi";
import { api, type SignInMethod } from "./api/client";
import { ApiError } from "./api/errors";

const KEY = "churnboard.sign-in";

interface Begun {
  verifier: string;
  state: string;
  nonce: string;
  issuer: string;
  clientId: string;
  /** Where to go afterwards. */
  next: string;
}

/** An address of ours to go on at; anything else leads to the board. */
export function ownPath(next: unknown): string {
  return typeof next === "string" && /^\/(?![/\\])/.test(next) ? next : "/";
}

/** Where to send the browser, with everything that has to come back kept here. */
export async function authorizeUrl(method: SignInMethod, next: string): Promise<string> {
  const { issuer, client_id: clientId, authorize_url: authorize, redirect_uri: redirect, scope } = method;
  if (!issuer || !clientId || !authorize || !redirect || !scope) throw new ApiError(0, "NoIssuer", "Nobody can sign in at an identity provider here.");
  const begun: Begun = { verifier: generateRandomCodeVerifier(), state: generateRandomState(), nonce: generateRandomNonce(), issuer, clientId, next: ownPath(next) };
  sessionStorage.setItem(KEY, JSON.stringify(begun));
  const url = new URL(authorize);
  const asked = {
    response_type: "code",
    client_id: clientId,
    redirect_uri: redirect,
    scope,
    state: begun.state,
    nonce: begun.nonce,
    code_challenge: await calculatePKCECodeChallenge(begun.verifier),
    code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
  return url.href;
}

/** The token for what the browser came back with, and where to go on. What was kept is spent, whatever the outcome. */
export async function finish(answer: URLSearchParams): Promise<{ token: string; next: string }> {
  const kept = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  const elsewhere = new ApiError(0, "StateRefused", "This sign-in was begun in another tab, or finished before. Sign in again.");
  if (kept === null) throw elsewhere;
  const begun = JSON.parse(kept) as Begun;
  let checked: URLSearchParams;
  try {
    checked = validateAuthResponse({ issuer: begun.issuer }, { client_id: begun.clientId }, answer, begun.state);
  } catch {
    if (answer.get("state") === begun.state && answer.get("error") !== null)
      throw new ApiError(0, "Declined", "The identity provider did not sign you in. Try again, or ask an admin of your company.");
    throw elsewhere;
  }
  const code = checked.get("code");
  if (!code) throw elsewhere;
  const told = await api.signInWithCode({ code, code_verifier: begun.verifier, nonce: begun.nonce });
  return { token: told.access_token, next: begun.next };
}
