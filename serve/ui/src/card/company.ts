/** What is known of a company, and what is not. */
import type { CompanyDetail } from "../api/client";
import { daysBetween, formatAge, formatCount, formatDay, formatNumber } from "../format";
import { humanise, trendLabel, triggerLabel } from "../vocabulary";

export interface Facts {
  known: { term: string; value: string }[];
  unknown: string[];
}

const SOURCES: Record<string, string> = {
  mapped_property: "from HubSpot",
  tenant_median_assumed: "assumed: the median of your customers, since none is known for this one",
  other_currency: "from HubSpot, in another currency than you report in",
  unknown: "unknown: no property of HubSpot says it",
};

/** Where a company's MRR comes from. */
export const mrrSourceLabel = (source: string): string => SOURCES[source] ?? humanise(source);

/** "30 Jun 2026, in 91 days". */
export function renewalText(on: string, asOf: string): string {
  const days = daysBetween(asOf, on);
  if (days === 0) return `${formatDay(on)}, today`;
  return days > 0 ? `${formatDay(on)}, in ${formatCount(days, "day")}` : `${formatDay(on)}, ${formatCount(-days, "day")} ago`;
}

/** Facts as rows; those nobody knows are listed by name, apart. */
export function companyFacts(company: CompanyDetail): Facts {
  const asOf = company.build.as_of_at;
  const rows: [string, string | null][] = [
    ["Renewal", company.renewal_on && renewalText(company.renewal_on, asOf)],
    ["Owner", company.owner_name],
    ["Last contact", company.last_contact_at && `${formatDay(company.last_contact_at)}, ${formatAge(company.last_contact_at, asOf)}`],
    ["Open tickets", formatNumber(company.open_ticket_count)],
    ["Tickets", `${formatNumber(company.ticket_count_30d)} in 30 days, ${formatNumber(company.ticket_count_90d)} in 90`],
    ["Negative tickets", `${formatNumber(company.negative_count_30d)} in 30 days`],
    ["Tone", company.mean_level_30d === null ? null : `${formatNumber(company.mean_level_30d)} in 30 days, ${trendLabel(company.sentiment_trend).toLowerCase()}`],
    ["Active triggers", company.active_triggers.split(",").filter(Boolean).map(triggerLabel).join(", ") || "none"],
    ["Lifecycle stage", company.lifecyclestage && humanise(company.lifecyclestage)],
    ["Domain", company.domain],
  ];
  return {
    known: rows.flatMap(([term, value]) => (value ? [{ term, value }] : [])),
    unknown: rows.flatMap(([term, value]) => (value ? [] : [term.toLowerCase()])),
  };
}
