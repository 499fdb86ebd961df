/**
 * The board's cards, column by column.
 *
 * Filtering, sorting and counting are the API's work: each column asks for its own first page and its own total, so a
 * board of ten thousand cards opens as fast as one of ten. A newer question cancels the older one, whose answer could
 * otherwise arrive last and win.
 */
import { computed, reactive, ref, type InjectionKey, type Ref } from "vue";
import { api, type Build, type Card } from "../api/client";
import { failureOf, isAborted, isCode, type Failure } from "../api/errors";
import { STATUSES, type Status } from "../vocabulary";
import type { Filters } from "./filters";

const PAGE = 100;

export interface Column {
  status: Status;
  items: Card[];
  total: number;
  next: string | null;
  isLoadingMore: boolean;
}

const emptyColumn = (status: Status): Column => ({ status, items: [], total: 0, next: null, isLoadingMore: false });

export function useBoard(filters: Ref<Filters>) {
  const columns = reactive(STATUSES.map(emptyColumn));
  const build = ref<Build | null>(null);
  const notices = ref<string[]>([]);
  const isLoading = ref(true);
  const failure = ref<Failure | null>(null);
  let current = new AbortController();

  function pageOf(status: Status, cursor: string | null) {
    const { triggers, severities, q, sort, withEnded } = filters.value;
    return api.cards(
      {
        status: [status],
        ...(triggers.length > 0 && { trigger: triggers }),
        ...(severities.length > 0 && { severity: severities }),
        ...(q.trim() !== "" && { q: q.trim() }),
        // A card nobody has touched and whose signal is off asks for nothing; one somebody took stays on the board.
        ...(status === "new" && !withEnded && { active: true }),
        ...(cursor !== null && { cursor }),
        sort,
        limit: PAGE,
      },
      current.signal,
    );
  }

  /** Asks for every column again; what is shown stays until the answer is complete. */
  async function load(): Promise<void> {
    current.abort();
    current = new AbortController();
    const { signal } = current;
    isLoading.value = true;
    try {
      const [sources, ...pages] = await Promise.all([api.sources(signal), ...STATUSES.map((status) => pageOf(status, null))]);
      if (signal.aborted) return;
      pages.forEach((page, index) => {
        Object.assign(columns[index]!, { items: page.items, total: page.total, next: page.next_cursor, isLoadingMore: false });
      });
      build.value = pages[0]?.build ?? null;
      notices.value = sources.summary.notices;
      failure.value = null;
    } catch (error) {
      if (signal.aborted || isAborted(error)) return;
      failure.value = failureOf(error, "The board could not be loaded");
    }
    isLoading.value = false;
  }

  /** Appends a column's next page. */
  async function loadMore(column: Column): Promise<void> {
    if (column.next === null || column.isLoadingMore) return;
    const { signal } = current;
    column.isLoadingMore = true;
    try {
      const page = await pageOf(column.status, column.next);
      if (signal.aborted) return;
      const known = new Set(column.items.map((card) => card.card_id));
      column.items.push(...page.items.filter((card) => !known.has(card.card_id)));
      column.next = page.next_cursor;
      column.total = page.total;
    } catch (error) {
      if (signal.aborted || isAborted(error)) return;
      // A newer build was published meanwhile: its first page is the answer, not the old build's second.
      if (isCode(error, "StaleCursor")) return load();
      failure.value = failureOf(error, "The board could not be loaded");
    }
    column.isLoadingMore = false;
  }

  const openColumns = computed(() => columns.filter((column) => column.status !== "completed"));

  return {
    columns,
    build,
    /** What the cards rest on, where that is less than it should be: sentences, worst first. */
    notices,
    isLoading,
    failure,
    load,
    loadMore,
    total: computed(() => columns.reduce((sum, column) => sum + column.total, 0)),
    openCards: computed(() => openColumns.value.flatMap((column) => column.items)),
    openTotal: computed(() => openColumns.value.reduce((sum, column) => sum + column.total, 0)),
    isOpenComplete: computed(() => openColumns.value.every((column) => column.next === null)),
    /** Card ids as they stand on the board: down each column, then the next one. */
    order: computed(() => columns.flatMap((column) => column.items.map((card) => card.card_id))),
    dispose: () => current.abort(),
  };
}

/** What an open card needs to know about the board behind it. */
export interface BoardContext {
  order: Ref<string[]>;
}

export const BOARD: InjectionKey<BoardContext> = Symbol("board");
