/** The company of a card, and its other cards. */
import { onBeforeUnmount, ref, watch, type Ref } from "vue";
import { api, type Card, type CardDetail, type CompanyDetail } from "../api/client";
import { isAborted, sentenceOf } from "../api/errors";

const MOST = 20;

export function useCompany(card: Ref<CardDetail | null>) {
  const company = ref<CompanyDetail | null>(null);
  const others = ref<Card[]>([]);
  const failure = ref("");
  let current = new AbortController();

  async function load(): Promise<void> {
    const mine = card.value;
    current.abort();
    current = new AbortController();
    const { signal } = current;
    failure.value = "";
    if (mine === null) return;
    if (company.value?.company_id !== mine.company_id) {
      company.value = null;
      others.value = [];
    }
    try {
      const [found, cards] = await Promise.all([
        api.company(mine.company_id, signal),
        api.cards({ company: mine.company_id, sort: "opened_on", limit: MOST }, signal),
      ]);
      if (signal.aborted) return;
      company.value = found;
      others.value = cards.items.filter(({ card_id }) => card_id !== mine.card_id);
    } catch (error) {
      if (!signal.aborted && !isAborted(error)) failure.value = sentenceOf(error);
    }
  }

  watch(() => [card.value?.card_id, card.value?.build.build_id], load);
  onBeforeUnmount(() => current.abort());
  return { company, others, failure, load };
}
