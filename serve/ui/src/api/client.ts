/**
 * The one place that talks to the API.
 *
 * Types come from the API's OpenAPI description (`npm run generate`). Every function returns the body or throws an
 * ApiError; a 401 also ends the session, wherever it happens.
 */
import createClient, { type Middleware } from "openapi-fetch";
import { errorFrom, isAborted, unreachable } from "./errors";
import type { paths } from "./schema";

let readToken: () => string | null = () => null;
let onUnauthorized: () => void = () => undefined;

/** Tells the client where the token is and what to do when the API no longer accepts it. */
export function connectSession(session: { token: () => string | null; expired: () => void }): void {
  readToken = session.token;
  onUnauthorized = session.expired;
}

const bearer: Middleware = {
  onRequest({ request }) {
    const token = readToken();
    if (token !== null) request.headers.set("Authorization", `Bearer ${token}`);
    return request;
  },
  onResponse({ response }) {
    if (response.status === 401 && readToken() !== null) onUnauthorized();
    return response;
  },
};

const http = createClient<paths>({ baseUrl: "" });
http.use(bearer);

interface Answer<Body> {
  data?: Body;
  error?: unknown;
  response: Response;
}

async function bodyOf<Body>(request: Promise<Answer<Body>>): Promise<Body> {
  let answer: Answer<Body>;
  try {
    answer = await request;
  } catch (error) {
    throw isAborted(error) ? error : unreachable();
  }
  if (answer.data === undefined) throw errorFrom(answer.response.status, answer.error);
  return answer.data;
}

type CardQuery = NonNullable<paths["/api/v1/cards"]["get"]["parameters"]["query"]>;
type CompanyQuery = NonNullable<paths["/api/v1/companies"]["get"]["parameters"]["query"]>;

/** A span of days, both ends included, as ISO dates. */
export interface DayRange {
  from: string;
  to: string;
}

export const api = {
  demoOptions: () => bodyOf(http.GET("/api/v1/auth/demo")),
  demoSignIn: (tenant: string, role: Role) => bodyOf(http.POST("/api/v1/auth/demo", { body: { tenant, role } })),
  me: () => bodyOf(http.GET("/api/v1/me")),
  cards: (query: CardQuery, signal?: AbortSignal) => bodyOf(http.GET("/api/v1/cards", { params: { query }, ...(signal && { signal }) })),
  card: (cardId: string, signal?: AbortSignal) =>
    bodyOf(http.GET("/api/v1/cards/{card_id}", { params: { path: { card_id: cardId } }, ...(signal && { signal }) })),
  companies: (query: CompanyQuery, signal?: AbortSignal) =>
    bodyOf(http.GET("/api/v1/companies", { params: { query }, ...(signal && { signal }) })),
  sources: (signal?: AbortSignal) => bodyOf(http.GET("/api/v1/sources", { ...(signal && { signal }) })),
  sentiment: (query: DayRange, signal?: AbortSignal) =>
    bodyOf(http.GET("/api/v1/metrics/sentiment", { params: { query }, ...(signal && { signal }) })),
  topics: (query: DayRange, signal?: AbortSignal) =>
    bodyOf(http.GET("/api/v1/metrics/topics", { params: { query }, ...(signal && { signal }) })),
  connections: (signal?: AbortSignal) => bodyOf(http.GET("/api/v1/connections", { ...(signal && { signal }) })),
  authorizeHubSpot: () => bodyOf(http.POST("/api/v1/connections/hubspot/authorize")),
  disconnectHubSpot: () => bodyOf(http.DELETE("/api/v1/connections/hubspot")),
};

type Returned<Call extends keyof typeof api> = Awaited<ReturnType<(typeof api)[Call]>>;

export type Role = "viewer" | "member" | "admin";
export type Me = Returned<"me">;
export type DemoOptions = Returned<"demoOptions">;
export type CardPage = Returned<"cards">;
export type Card = CardPage["items"][number];
export type Build = CardPage["build"];
export type CardDetail = Returned<"card">;
export type Evidence = CardDetail["evidence"][number];
export type Company = Returned<"companies">["items"][number];
export type SentimentDay = Returned<"sentiment">["items"][number];
export type Connection = Returned<"connections">["items"][number];
export type Scope = Connection["scopes"][number];
export type TopicDay = Returned<"topics">["items"][number];
