/** The tenant's settings while they are changed. Pure. */
import type { TenantSettings } from "../api/client";

/** What somebody changed of what they saw, put onto what holds by now: where both changed the same, theirs stays to be saved. */
export function rebased(seen: TenantSettings, typed: TenantSettings, now: TenantSettings): TenantSettings {
  const changed = Object.fromEntries(
    (["name", "currency", "is_masked", "default_owner_id", "expire_after_days", "retention_days"] as const).filter((name) => typed[name] !== seen[name]).map((name) => [name, typed[name]]),
  );
  return { ...now, ...changed };
}
