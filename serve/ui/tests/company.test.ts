import { describe, expect, it } from "vitest";
import type { CompanyDetail } from "../src/api/client";
import { companyFacts, mrrSourceLabel, renewalText } from "../src/card/company";
import { draftOf, keepDraft } from "../src/card/drafts";
import { tonePoints, toneSentence } from "../src/card/tone";
import { safeUrl } from "../src/links";

const AS_OF = "2026-03-31T06:00:00Z";

describe("companyFacts", () => {
  it("lists what nobody knows apart", () => {
    const company = {
      build: { build_id: "b", published_at: AS_OF, as_of_at: AS_OF },
      renewal_on: "2026-06-30",
      owner_name: null,
      last_contact_at: "2026-03-29T06:00:00Z",
      open_ticket_count: 0,
      ticket_count_30d: 3,
      ticket_count_90d: 8,
      negative_count_30d: 2,
      mean_level_30d: null,
      sentiment_trend: "unknown",
      active_triggers: "",
      lifecyclestage: null,
      domain: "northwind.example",
    } as unknown as CompanyDetail;
    const { known, unknown } = companyFacts(company);
    expect(known.find(({ term }) => term === "Open tickets")?.value).toBe("0");
    expect(known.find(({ term }) => term === "Renewal")?.value).toBe("30 Jun 2026, in 91 days");
    expect(known.find(({ term }) => term === "Active triggers")?.value).toBe("none");
    expect(unknown).toEqual(["owner", "tone", "lifecycle stage"]);
  });
});

describe("renewalText", () => {
  it("knows days to come, today and days past", () => {
    expect(renewalText("2026-03-31", AS_OF)).toBe("31 Mar 2026, today");
    expect(renewalText("2026-03-30", AS_OF)).toBe("30 Mar 2026, 1 day ago");
  });
});

describe("mrrSourceLabel", () => {
  it("never lets an assumption look like knowledge", () => {
    expect(mrrSourceLabel("tenant_median_assumed")).toMatch(/^assumed/);
  });
});

describe("tone", () => {
  it("places days by their date in the last 90", () => {
    const days = [
      { metric_on: "2025-12-31", read_count: 1, mean_level: 2 },
      { metric_on: "2026-01-01", read_count: 1, mean_level: -2 },
      { metric_on: "2026-03-01", read_count: 0, mean_level: null },
      { metric_on: "2026-03-31", read_count: 2, mean_level: 2 },
    ];
    expect(tonePoints(days, AS_OF).map(({ x, y }) => [x, y])).toEqual([
      [0, 1],
      [1, 0],
    ]);
    expect(toneSentence(days.slice(1), AS_OF)).toBe("3 tickets read on 2 days: between -2 and 2, last 2, on a scale from -2 to 2.");
    expect(toneSentence([], AS_OF)).toBe("Nothing was read in the last 90 days.");
  });
});

describe("drafts", () => {
  it("are kept by person and card until they are sent", () => {
    keepDraft("me", "c1", { text: "Half a sen", picked: [] });
    expect(draftOf("me", "c1").text).toBe("Half a sen");
    expect(draftOf("other", "c1").text).toBe("");
    expect(draftOf("me", "c2").text).toBe("");
    keepDraft("me", "c1", { text: "", picked: [] });
    expect(draftOf("me", "c1").text).toBe("");
  });
});

describe("safeUrl", () => {
  it("makes links of pages only", () => {
    expect(safeUrl("https://app-eu1.hubspot.com/contacts/1/record/0-5/2")).toBe("https://app-eu1.hubspot.com/contacts/1/record/0-5/2");
    for (const url of ["javascript:alert(1)", "data:text/html,x", "//host/x", "https://", "", null, undefined]) expect(safeUrl(url)).toBeNull();
  });
});
