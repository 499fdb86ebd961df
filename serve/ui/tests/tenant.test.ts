import { expect, it } from "vitest";
import type { TenantSettings } from "../src/api/client";
import { rebased } from "../src/settings/tenant";

const settings = (part: Partial<TenantSettings>) => ({ name: "Acme", currency: "EUR", is_masked: true, default_owner_id: null, expire_after_days: null, retention_days: null, version: 1, ...part }) as TenantSettings;

it("keeps what was typed here, takes what was changed elsewhere, and the version of that", () => {
  const now = settings({ currency: "USD", is_masked: false, version: 2 });
  expect(rebased(settings({}), settings({ retention_days: 400, is_masked: true }), now)).toEqual(settings({ currency: "USD", is_masked: false, retention_days: 400, version: 2 }));
  expect(rebased(settings({}), settings({ currency: "CHF" }), now).currency).toBe("CHF");
});
