/** What the open cards add up to. */
export interface AtRisk {
  /** Sum of monthly recurring revenue by currency, largest first. A company with several cards counts once. */
  sums: { currency: string | null; mrr: number }[];
  companyCount: number;
  assumedCount: number;
  unknownCount: number;
}

interface Account {
  company_id: string;
  mrr: number | null;
  mrr_source: string;
  currency: string | null;
}

/** Adds up the revenue behind cards: never across currencies, never the same company twice. */
export function atRisk(cards: readonly Account[]): AtRisk {
  const companies = new Map(cards.map((card) => [card.company_id, card]));
  const byCurrency = new Map<string | null, number>();
  let assumedCount = 0;
  let unknownCount = 0;
  for (const { mrr, mrr_source, currency } of companies.values()) {
    if (mrr === null || mrr_source === "unknown") {
      unknownCount += 1;
      continue;
    }
    if (mrr_source === "tenant_median_assumed") assumedCount += 1;
    byCurrency.set(currency, (byCurrency.get(currency) ?? 0) + mrr);
  }
  const sums = [...byCurrency].map(([currency, mrr]) => ({ currency, mrr })).sort((a, b) => b.mrr - a.mrr);
  return { sums, companyCount: companies.size, assumedCount, unknownCount };
}
