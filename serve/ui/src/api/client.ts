/**
 * The one place that talks to the API.
 *
 * Types come from the API's OpenAPI description (`npm run generate`). Every function returns the body or throws an
 * ApiError; a 401 also ends the session, wherever it happens.
 */
import createClient, { type Middleware } from "openapi-fetch";
import { errorFrom, isAborted, unreachable } from "./errors";
import type { components, paths } from "./schema";

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

/** Some answers also come as text; what is typed here is always their JSON. */
const http = createClient<paths, "application/json">({ baseUrl: "" });
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

/**
 * Opens the stream of what happens; the answer's body goes on until the token expires or the signal says so.
 *
 * @param lastEventId - position of the last message that is known, or null to start now
 */
async function openStream(lastEventId: string | null, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
  const { data, error, response } = await http
    .GET("/api/v1/stream", {
      headers: { ...(lastEventId !== null && { "Last-Event-ID": lastEventId }) },
      parseAs: "stream",
      signal,
    })
    .catch((failure: unknown) => {
      throw isAborted(failure) ? failure : unreachable();
    });
  if (!response.ok || !data) throw errorFrom(response.status, error);
  return data as ReadableStream<Uint8Array>;
}

type Method = "get" | "post" | "put" | "delete";
/** The body a request carries, out of the API's description. */
type Body<Path extends keyof paths, Verb extends Method> = paths[Path] extends Record<Verb, { requestBody: { content: { "application/json": infer Sent } } }> ? Sent : never;

type CardQuery = NonNullable<paths["/api/v1/cards"]["get"]["parameters"]["query"]>;
type ThreadQuery = NonNullable<paths["/api/v1/cards/{card_id}/tickets/{ticket_id}/messages"]["get"]["parameters"]["query"]>;
type CountQuery = NonNullable<paths["/api/v1/cards/counts"]["get"]["parameters"]["query"]>;
type CompanyQuery = NonNullable<paths["/api/v1/companies"]["get"]["parameters"]["query"]>;

type AuditQuery = NonNullable<paths["/api/v1/audit"]["get"]["parameters"]["query"]>;
type Sent<Path extends keyof paths, Method extends keyof paths[Path]> = paths[Path][Method] extends {
  requestBody: { content: { "application/json": infer Body } };
}
  ? Body
  : never;

export type TopicEdit = Sent<"/api/v1/topics/edits", "post">["edit"];
export type PreviewRequest = Sent<"/api/v1/topics/preview", "post">;
export type AcceptRequest = Sent<"/api/v1/topics/proposals/{proposal_id}/accept", "post">;
export type ToneSaid = Sent<"/api/v1/tickets/{ticket_id}/sentiment", "put">;
type Question<Path extends keyof paths> = paths[Path] extends { get: { parameters: { query?: infer Query } } } ? NonNullable<Query> : never;
type TicketQuery = Question<"/api/v1/tickets">;

/** What of an answer may also be had as a file, or as the SQL that asks the marts the same. */
export interface Source {
  path: `/api/v1/${string}`;
  query: Record<string, string | number | boolean | readonly string[] | undefined>;
}

/** A request for text, with the same token and the same failures as every other. */
async function textOf(source: Source, format: "csv" | "sql"): Promise<string> {
  const query = new URLSearchParams({ format });
  for (const [name, value] of Object.entries(source.query)) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) query.append(name, String(one));
  }
  const token = readToken();
  let response: Response;
  try {
    response = await fetch(`${source.path}?${query}`, { headers: token === null ? {} : { Authorization: `Bearer ${token}` } });
  } catch (error) {
    throw isAborted(error) ? error : unreachable();
  }
  if (response.status === 401 && token !== null) onUnauthorized();
  if (!response.ok) throw errorFrom(response.status, await response.json().catch(() => null));
  return response.text();
}

/** A span of days, both ends included, as ISO dates. */
export interface DayRange {
  from: string;
  to: string;
}

type FieldChoices = paths["/api/v1/fields"]["put"]["requestBody"]["content"]["application/json"];

export const api = {
  demoOptions: () => bodyOf(http.GET("/api/v1/auth/demo")),
  demoSignIn: (tenant: string, role: Role) => bodyOf(http.POST("/api/v1/auth/demo", { body: { tenant, role } })),
  me: () => bodyOf(http.GET("/api/v1/me")),
  cards: (query: CardQuery, signal?: AbortSignal) => bodyOf(http.GET("/api/v1/cards", { params: { query }, ...(signal && { signal }) })),
  card: (cardId: string, signal?: AbortSignal) =>
    bodyOf(http.GET("/api/v1/cards/{card_id}", { params: { path: { card_id: cardId } }, ...(signal && { signal }) })),
  cardMessages: (cardId: string, ticketId: string, query: ThreadQuery, signal?: AbortSignal) =>
    bodyOf(http.GET("/api/v1/cards/{card_id}/tickets/{ticket_id}/messages", { params: { path: { card_id: cardId, ticket_id: ticketId }, query }, ...(signal && { signal }) })),
  comment: (cardId: string, seq: number, text: string, mentions: string[]) =>
    bodyOf(http.POST("/api/v1/cards/{card_id}/events", { params: { path: { card_id: cardId } }, body: { type: "commented", seq, text, mentions } })),
  company: (companyId: string, signal?: AbortSignal) =>
    bodyOf(http.GET("/api/v1/companies/{company_id}", { params: { path: { company_id: companyId } }, ...(signal && { signal }) })),
  cardCounts: (query: CountQuery, signal?: AbortSignal) =>
    bodyOf(http.GET("/api/v1/cards/counts", { params: { query }, ...(signal && { signal }) })),
  actOnCard: (cardId: string, act: CardAct) =>
    bodyOf(http.POST("/api/v1/cards/{card_id}/events", { params: { path: { card_id: cardId } }, body: act })),
  views: () => bodyOf(http.GET("/api/v1/views")),
  addView: (view: NewView) => bodyOf(http.POST("/api/v1/views", { body: view })),
  changeView: (viewId: string, view: NewView) =>
    bodyOf(http.PUT("/api/v1/views/{view_id}", { params: { path: { view_id: viewId } }, body: view })),
  deleteView: (viewId: string) => bodyOf(http.DELETE("/api/v1/views/{view_id}", { params: { path: { view_id: viewId } } })),
  notifications: (query: Question<"/api/v1/notifications">, signal?: AbortSignal) =>
    bodyOf(http.GET("/api/v1/notifications", { params: { query }, ...(signal && { signal }) })),
  readNotifications: (ids: string[] | null) => bodyOf(http.POST("/api/v1/notifications/read", { body: { notification_ids: ids } })),
  notificationPreferences: (signal?: AbortSignal) => bodyOf(http.GET("/api/v1/notifications/preferences", { ...(signal && { signal }) })),
  setNotificationPreferences: (items: Wish[]) => bodyOf(http.PUT("/api/v1/notifications/preferences", { body: { items } })),
  notificationChannels: (signal?: AbortSignal) => bodyOf(http.GET("/api/v1/notifications/channels", { ...(signal && { signal }) })),
  setNotificationChannels: (body: Body<"/api/v1/notifications/channels", "put">) => bodyOf(http.PUT("/api/v1/notifications/channels", { body })),
  testNotifications: (channel: "email" | "slack") => bodyOf(http.POST("/api/v1/notifications/tests", { body: { channel } })),
  stream: openStream,
  companies: (query: CompanyQuery, signal?: AbortSignal) =>
    bodyOf(http.GET("/api/v1/companies", { params: { query }, ...(signal && { signal }) })),
  sources: (signal?: AbortSignal) => bodyOf(http.GET("/api/v1/sources", { ...(signal && { signal }) })),
  sentiment: (query: Question<"/api/v1/metrics/sentiment">, signal?: AbortSignal) =>
    bodyOf(http.GET("/api/v1/metrics/sentiment", { params: { query }, ...(signal && { signal }) })),
  topics: (query: Question<"/api/v1/metrics/topics">, signal?: AbortSignal) =>
    bodyOf(http.GET("/api/v1/metrics/topics", { params: { query }, ...(signal && { signal }) })),
  sentimentTrends: (query: Question<"/api/v1/metrics/sentiment-trends">, signal?: AbortSignal) =>
    bodyOf(http.GET("/api/v1/metrics/sentiment-trends", { params: { query }, ...(signal && { signal }) })),
  topicTrends: (query: Question<"/api/v1/metrics/topic-trends">, signal?: AbortSignal) =>
    bodyOf(http.GET("/api/v1/metrics/topic-trends", { params: { query }, ...(signal && { signal }) })),
  risks: (query: Question<"/api/v1/metrics/risks">, signal?: AbortSignal) =>
    bodyOf(http.GET("/api/v1/metrics/risks", { params: { query }, ...(signal && { signal }) })),
  topicImpact: (query: Question<"/api/v1/metrics/topic-impact">, signal?: AbortSignal) =>
    bodyOf(http.GET("/api/v1/metrics/topic-impact", { params: { query }, ...(signal && { signal }) })),
  emergingTopics: (query: Question<"/api/v1/metrics/emerging-topics">, signal?: AbortSignal) =>
    bodyOf(http.GET("/api/v1/metrics/emerging-topics", { params: { query }, ...(signal && { signal }) })),
  leaderboard: (query: Question<"/api/v1/metrics/companies">, signal?: AbortSignal) =>
    bodyOf(http.GET("/api/v1/metrics/companies", { params: { query }, ...(signal && { signal }) })),
  precision: (signal?: AbortSignal) => bodyOf(http.GET("/api/v1/metrics/precision", { ...(signal && { signal }) })),
  prompt: (task: "sentiment" | "topics", promptVersion: string, signal?: AbortSignal) =>
    bodyOf(http.GET("/api/v1/prompts/{task}/{prompt_version}", { params: { path: { task, prompt_version: promptVersion } }, ...(signal && { signal }) })),
  quality: (query: Question<"/api/v1/metrics/quality">, signal?: AbortSignal) =>
    bodyOf(http.GET("/api/v1/metrics/quality", { params: { query }, ...(signal && { signal }) })),
  costs: (query: Question<"/api/v1/metrics/costs">, signal?: AbortSignal) =>
    bodyOf(http.GET("/api/v1/metrics/costs", { params: { query }, ...(signal && { signal }) })),
  segments: (signal?: AbortSignal) => bodyOf(http.GET("/api/v1/metrics/segments", { ...(signal && { signal }) })),
  tickets: (query: TicketQuery, signal?: AbortSignal) => bodyOf(http.GET("/api/v1/tickets", { params: { query }, ...(signal && { signal }) })),
  csv: (source: Source) => textOf(source, "csv"),
  sql: (source: Source) => textOf(source, "sql"),
  connections: (signal?: AbortSignal) => bodyOf(http.GET("/api/v1/connections", { ...(signal && { signal }) })),
  authorizeHubSpot: (page: "settings" | "onboarding" = "settings") =>
    bodyOf(http.POST("/api/v1/connections/hubspot/authorize", { params: { query: { page } } })),
  signIn: () => bodyOf(http.GET("/api/v1/auth/sign-in")),
  signInWithCode: (brought: { code: string; code_verifier: string; nonce: string }) => bodyOf(http.POST("/api/v1/auth/code", { body: brought })),
  demoPerson: (email: string) => bodyOf(http.POST("/api/v1/auth/demo/person", { body: { email } })),
  lookAtInvitation: (secret: string) => bodyOf(http.POST("/api/v1/join/look", { body: { secret } })),
  acceptInvitation: (secret: string) => bodyOf(http.POST("/api/v1/join", { body: { secret } })),
  users: (signal?: AbortSignal) => bodyOf(http.GET("/api/v1/users", { ...(signal && { signal }) })),
  changeRole: (subject: string, role: Role) => bodyOf(http.PATCH("/api/v1/users/{subject}", { params: { path: { subject } }, body: { role } })),
  removeUser: (subject: string) => bodyOf(http.DELETE("/api/v1/users/{subject}", { params: { path: { subject } } })),
  invitations: (signal?: AbortSignal) => bodyOf(http.GET("/api/v1/invitations", { ...(signal && { signal }) })),
  invite: (email: string, role: Role) => bodyOf(http.POST("/api/v1/invitations", { body: { email, role } })),
  resendInvitation: (invitationId: string) =>
    bodyOf(http.POST("/api/v1/invitations/{invitation_id}/resend", { params: { path: { invitation_id: invitationId } } })),
  revokeInvitation: (invitationId: string) =>
    bodyOf(http.DELETE("/api/v1/invitations/{invitation_id}", { params: { path: { invitation_id: invitationId } } })),
  apiKeys: (signal?: AbortSignal) => bodyOf(http.GET("/api/v1/api-keys", { ...(signal && { signal }) })),
  makeApiKey: (name: string, expiresAt: string | null) => bodyOf(http.POST("/api/v1/api-keys", { body: { name, expires_at: expiresAt } })),
  revokeApiKey: (prefix: string) => bodyOf(http.DELETE("/api/v1/api-keys/{prefix}", { params: { path: { prefix } } })),
  audit: (query: AuditQuery, signal?: AbortSignal) => bodyOf(http.GET("/api/v1/audit", { params: { query }, ...(signal && { signal }) })),
  triggers: (signal?: AbortSignal) => bodyOf(http.GET("/api/v1/triggers", { ...(signal && { signal }) })),
  changeTriggers: (body: Body<"/api/v1/triggers/versions", "post">) => bodyOf(http.POST("/api/v1/triggers/versions", { body })),
  tryTriggers: (body: Body<"/api/v1/triggers/backtests", "post">) => bodyOf(http.POST("/api/v1/triggers/backtests", { body })),
  ruleFacts: (signal?: AbortSignal) => bodyOf(http.GET("/api/v1/rules/facts", { ...(signal && { signal }) })),
  rules: (signal?: AbortSignal) => bodyOf(http.GET("/api/v1/rules", { ...(signal && { signal }) })),
  rule: (ruleId: string, signal?: AbortSignal) =>
    bodyOf(http.GET("/api/v1/rules/{rule_id}", { params: { path: { rule_id: ruleId } }, ...(signal && { signal }) })),
  checkRule: (body: Body<"/api/v1/rules/checks", "post">) => bodyOf(http.POST("/api/v1/rules/checks", { body })),
  saveRule: (body: Body<"/api/v1/rules", "post">) => bodyOf(http.POST("/api/v1/rules", { body })),
  switchRule: (ruleId: string, body: Body<"/api/v1/rules/{rule_id}/switch", "post">) =>
    bodyOf(http.POST("/api/v1/rules/{rule_id}/switch", { params: { path: { rule_id: ruleId } }, body })),
  deleteRule: (ruleId: string, version: number) =>
    bodyOf(http.DELETE("/api/v1/rules/{rule_id}", { params: { path: { rule_id: ruleId }, query: { version } } })),
  budget: (signal?: AbortSignal) => bodyOf(http.GET("/api/v1/budget", { ...(signal && { signal }) })),
  setBudget: (body: Body<"/api/v1/budget", "put">) => bodyOf(http.PUT("/api/v1/budget", { body })),
  countBudget: () => bodyOf(http.POST("/api/v1/budget/counts")),
  tenant: (signal?: AbortSignal) => bodyOf(http.GET("/api/v1/tenant", { ...(signal && { signal }) })),
  changeTenant: (body: Body<"/api/v1/tenant", "put">) => bodyOf(http.PUT("/api/v1/tenant", { body })),
  exportTenant: () => bodyOf(http.GET("/api/v1/tenant/export")),
  deleteTenant: (name: string) => bodyOf(http.POST("/api/v1/tenant/deletion", { body: { name } })),
  receipt: (receiptId: string, signal?: AbortSignal) =>
    bodyOf(http.GET("/api/v1/receipts/{receipt_id}", { params: { path: { receipt_id: receiptId } }, ...(signal && { signal }) })),
  disconnectHubSpot: () => bodyOf(http.DELETE("/api/v1/connections/hubspot")),
  topicList: (signal?: AbortSignal) => bodyOf(http.GET("/api/v1/topics", { ...(signal && { signal }) })),
  editTopics: (seq: number, edit: TopicEdit) => bodyOf(http.POST("/api/v1/topics/edits", { body: { seq, edit } })),
  undoTopics: (seq: number, is_all: boolean) => bodyOf(http.POST("/api/v1/topics/undo", { body: { seq, is_all } })),
  topicVersions: (signal?: AbortSignal) => bodyOf(http.GET("/api/v1/topics/versions", { ...(signal && { signal }) })),
  restoreTopics: (version: number, seq: number) =>
    bodyOf(http.POST("/api/v1/topics/versions/{version}/restore", { params: { path: { version: String(version) } }, body: { seq } })),
  topicDiff: (query: { before?: number; after?: number }, signal?: AbortSignal) =>
    bodyOf(http.GET("/api/v1/topics/diff", { params: { query }, ...(signal && { signal }) })),
  topicProposals: (signal?: AbortSignal) => bodyOf(http.GET("/api/v1/topics/proposals", { ...(signal && { signal }) })),
  acceptProposal: (proposalId: number, body: AcceptRequest) =>
    bodyOf(http.POST("/api/v1/topics/proposals/{proposal_id}/accept", { params: { path: { proposal_id: String(proposalId) } }, body })),
  dismissProposal: (proposalId: number) =>
    bodyOf(http.POST("/api/v1/topics/proposals/{proposal_id}/dismiss", { params: { path: { proposal_id: String(proposalId) } } })),
  discoverTopics: (is_all: boolean, is_confirmed: boolean) =>
    bodyOf(http.POST("/api/v1/topics/discovery", { body: { is_all, is_confirmed, latest: 1000 } })),
  previewTopics: (body: PreviewRequest, signal?: AbortSignal) => bodyOf(http.POST("/api/v1/topics/preview", { body, ...(signal && { signal }) })),
  shipTopics: (seq: number, note: string) => bodyOf(http.POST("/api/v1/topics/shipping", { body: { seq, note } })),
  retagTickets: (is_confirmed: boolean) => bodyOf(http.POST("/api/v1/topics/retagging", { body: { is_confirmed } })),
  ticket: (ticketId: string, signal?: AbortSignal) =>
    bodyOf(http.GET("/api/v1/tickets/{ticket_id}", { params: { path: { ticket_id: ticketId } }, ...(signal && { signal }) })),
  correctTopics: (ticketId: string, topics: string[], why: string) =>
    bodyOf(http.PUT("/api/v1/tickets/{ticket_id}/topics", { params: { path: { ticket_id: ticketId } }, body: { topics, why } })),
  correctTone: (ticketId: string, body: ToneSaid) =>
    bodyOf(http.PUT("/api/v1/tickets/{ticket_id}/sentiment", { params: { path: { ticket_id: ticketId } }, body })),
  withdrawCorrection: (correctionId: number) =>
    bodyOf(http.DELETE("/api/v1/corrections/{correction_id}", { params: { path: { correction_id: String(correctionId) } } })),

  onboarding: (signal?: AbortSignal) => bodyOf(http.GET("/api/v1/onboarding", { ...(signal && { signal }) })),
  startImport: () => bodyOf(http.POST("/api/v1/onboarding/import")),
  finishStep: (step: "fields" | "topics") => bodyOf(http.PUT("/api/v1/onboarding/steps/{step}", { params: { path: { step } } })),
  fields: (signal?: AbortSignal) => bodyOf(http.GET("/api/v1/fields", { ...(signal && { signal }) })),
  mapFields: (body: FieldChoices) => bodyOf(http.PUT("/api/v1/fields", { body })),
  task: (taskId: string, signal?: AbortSignal) =>
    bodyOf(http.GET("/api/v1/tasks/{task_id}", { params: { path: { task_id: taskId } }, ...(signal && { signal }) })),
  cancelTask: (taskId: string) => bodyOf(http.POST("/api/v1/tasks/{task_id}/cancel", { params: { path: { task_id: taskId } } })),
};

type Returned<Call extends keyof typeof api> = Awaited<ReturnType<(typeof api)[Call]>>;

type Shape = components["schemas"];
export type CardAct = NonNullable<paths["/api/v1/cards/{card_id}/events"]["post"]["requestBody"]>["content"]["application/json"];
export type CardState = Shape["State"];
export type TimelineEntry = Shape["TimelineEntry"];
export type CardAnnounced = Shape["CardAnnounced"];
export type BuildAnnounced = Shape["BuildAnnounced"];
export type NotificationAnnounced = Shape["NotificationAnnounced"];
export type Notification = Shape["Notification"];
export type ToldCompany = Shape["ToldCompany"];
export type Wish = Shape["Wish"];
export type NotificationPreferences = Returned<"notificationPreferences">;
export type NotificationChannels = Returned<"notificationChannels">;
export type CardChanged = Shape["CardChangedBody"];
export type CardCounts = Shape["CardCounts"];
export type Worth = Shape["Worth"];
export type SavedView = Shape["SavedView"];
export type NewView = Shape["NewView"];

export type Role = "viewer" | "member" | "admin";
export type Me = Returned<"me">;
export type DemoOptions = Returned<"demoOptions">;
export type CardPage = Returned<"cards">;
export type Card = CardPage["items"][number];
export type Build = CardPage["build"];
export type CardDetail = Returned<"card">;
export type Evidence = CardDetail["evidence"][number];
export type CardTicket = CardDetail["tickets"][number];
export type Message = Returned<"cardMessages">["items"][number];
export type Colleague = Returned<"users">["items"][number];
export type CompanyDetail = Returned<"company">;
export type Company = Returned<"companies">["items"][number];
export type SentimentDay = Returned<"sentiment">["items"][number];
export type Connection = Returned<"connections">["items"][number];
export type Scope = Connection["scopes"][number];
export type Task = Returned<"task">;
export type SignInMethod = Returned<"signIn">;
export type Offer = Returned<"lookAtInvitation">;
export type Invitation = Returned<"invitations">["items"][number];
export type ApiKey = Returned<"apiKeys">["items"][number];
export type AuditEntry = Returned<"audit">["items"][number];
export type TopicList = Returned<"topicList">;
export type Topic = TopicList["topics"][number];
export type TopicDraft = TopicList["draft"];
export type TopicRule = TopicList["rules"][number];
export type TrendWeek = NonNullable<Topic["figures"]>["trend"][number];
export type TopicVersion = Returned<"topicVersions">["items"][number];
export type TopicDifference = Returned<"topicDiff">["items"][number];
export type TopicProposal = Returned<"topicProposals">["items"][number];
export type Ticket = Returned<"ticket">;
export type Correction = Ticket["corrections"][number];
export type TopicDay = Returned<"topics">["items"][number];
export type SentimentWeek = Returned<"sentimentTrends">["items"][number];
export type TopicWeek = Returned<"topicTrends">["items"][number];
export type RiskDay = Returned<"risks">["items"][number];
export type TopicImpact = Returned<"topicImpact">["items"][number];
export type EmergingTopic = Returned<"emergingTopics">["items"][number];
export type LeaderboardCompany = Returned<"leaderboard">["items"][number];
export type Precision = Returned<"precision">;
export type AlertPrecision = Precision["items"][number];
export type ChurnRecall = Precision["recall"][number];
export type PromptWording = Returned<"prompt">["items"][number];
export type QualityDay = Returned<"quality">["items"][number];
export type Costs = Returned<"costs">;
export type CostDay = Costs["items"][number];
export type Segments = Returned<"segments">;
export type MrrBand = Segments["mrr_bands"][number]["mrr_band"];
export type ListedTicket = Returned<"tickets">["items"][number];
export type Triggers = Returned<"triggers">;
export type TriggerParam = Triggers["params"][number];
export type TriggerVersion = Triggers["history"][number];
export type RuleFacts = Returned<"ruleFacts">;
export type RuleFact = RuleFacts["items"][number];
export type Rule = Returned<"rules">["items"][number];
export type Budget = Returned<"budget">;
export type TenantSettings = Returned<"tenant">;
export type SettingsChanged = Shape["SettingsChangedBody"];
export type Receipt = Returned<"receipt">;
export type Onboarding = Returned<"onboarding">;
export type StepView = Onboarding["steps"][number];
export type OnboardingStep = StepView["step"];
export type ImportStream = Onboarding["streams"][number];
export type FieldList = Returned<"fields">;
export type FieldView = FieldList["items"][number];
export type FieldCandidate = FieldList["candidates"][number];
export type FieldChoice = FieldChoices["items"][number];
