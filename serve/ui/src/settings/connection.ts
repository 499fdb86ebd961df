/** How a connection stands, in words. */
import type { Connection, Scope } from "../api/client";

export type Grant = "granted" | "missing" | "unknown";

const STATUSES: Record<string, string> = {
  active: "Connected",
  error: "Needs attention",
  disconnected: "Not connected",
};

const METHODS: Record<string, string> = {
  oauth: "HubSpot app, by consent",
  access_token: "Access token of a private app",
};

export const statusLabel = (status: string): string => STATUSES[status] ?? status;
export const methodLabel = (method: string): string => METHODS[method] ?? method;

export function grantOf(scope: Scope): Grant {
  if (scope.is_granted === null) return "unknown";
  return scope.is_granted ? "granted" : "missing";
}

/** What the permissions amount to, as a sentence; empty while nothing is connected. */
export function scopeSummary(connection: Connection): string {
  if (connection.status === "disconnected") return "";
  const missing = connection.scopes.filter((scope) => scope.is_granted === false);
  if (connection.scopes.every((scope) => scope.is_granted === null)) return "HubSpot does not say what an access token may read.";
  if (missing.length === 0) return "Everything churnboard asks for was granted.";
  const required = missing.filter((scope) => scope.is_required).length;
  if (required > 0) return "A required permission is missing, so some data stands still. Reconnect and grant it.";
  return "Everything required was granted; what is optional and missing is left out.";
}

/** What the button that leads to HubSpot is called. */
export const connectLabel = (connection: Connection): string => (connection.status === "disconnected" ? "Connect HubSpot" : "Reconnect");
