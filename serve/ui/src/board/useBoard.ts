/**
 * The board's cards, column by column.
 *
 * Filtering, sorting and counting are the API's work: each column asks for its own first page, and what all matching cards
 * add up to comes in one answer, so a board of ten thousand cards opens as fast as one of ten. A newer question cancels the
 * older one, whose answer could otherwise arrive last and win. What is done to cards, here or by others, shows at once; what
 * that means for the sums, and for cards that are not on the page, is asked for a moment later.
 */
import { computed, reactive, ref, shallowReactive, type InjectionKey, type Ref } from "vue";
import { api, type Build, type Card, type CardCounts } from "../api/client";
import { failureOf, isAborted, isCode, type Failure } from "../api/errors";
import { onLive } from "../live";
import { session } from "../session";
import { STATUSES, type Status } from "../vocabulary";
import { acting, onCardChange } from "./acting";
import { inserted, withState } from "./acts";
import { queryOf, type Filters } from "./filters";

const PAGE = 50;
const MOST = 200;
/** News come in bursts; the sums are asked for once they have ended. */
const SETTLE_MS = 400;
/** And not later than this after the first. */
const SETTLE_AT_LAST_MS = 2_000;

export interface Column {
  status: Status;
  items: Card[];
  total: number;
  next: string | null;
  isLoadingMore: boolean;
}

// Cards are replaced, never changed, so nothing inside them has to be watched: at 2,000 cards that is most of the work.
const emptyColumn = (status: Status): Column => shallowReactive({ status, items: [], total: 0, next: null, isLoadingMore: false });

export function useBoard(filters: Ref<Filters>) {
  const columns = STATUSES.map(emptyColumn);
  const counts = ref<CardCounts | null>(null);
  const build = ref<Build | null>(null);
  const notices = ref<string[]>([]);
  const isLoading = ref(true);
  const failure = ref<Failure | null>(null);
  /** Cards somebody else has just done something to. */
  const fresh = reactive(new Set<string>());
  let current = new AbortController();
  let settling: { timer: ReturnType<typeof setTimeout>; since: number; isWhole: boolean } | null = null;

  function pageOf(status: Status, cursor: string | null, limit = PAGE) {
    const query = { ...queryOf(filters.value), status: [status], sort: filters.value.sort, limit, ...(cursor !== null && { cursor }) };
    return api.cards(query, current.signal);
  }

  /** A column's first page, and as many cards more as it shows by now. */
  async function columnOf(column: Column, count: number) {
    const first = await pageOf(column.status, null, Math.min(Math.max(count, PAGE), MOST));
    const items = first.items;
    let next = first.next_cursor;
    while (next !== null && items.length < count) {
      const page = await pageOf(column.status, next, MOST);
      items.push(...page.items);
      next = page.next_cursor;
    }
    return { items, total: first.total, next, build: first.build };
  }

  /**
   * Asks for every column again; what is shown stays until the answer is complete.
   *
   * @param isSame - the question is the one before, so columns stay as long as somebody has made them
   */
  async function load(isSame = false): Promise<void> {
    settled();
    current.abort();
    current = new AbortController();
    const { signal } = current;
    isLoading.value = true;
    try {
      const [sums, sources, ...pages] = await Promise.all([
        api.cardCounts(queryOf(filters.value), signal),
        api.sources(signal),
        ...columns.map((column) => columnOf(column, isSame ? column.items.length : 0)),
      ]);
      if (signal.aborted) return;
      pages.forEach(({ items, total, next }, index) => Object.assign(columns[index]!, { items, total, next, isLoadingMore: false }));
      counts.value = sums;
      build.value = sums.build;
      notices.value = sources.summary.notices;
      failure.value = null;
    } catch (error) {
      if (signal.aborted || isAborted(error)) return;
      // A build was published between two pages: all of them once more, out of that one.
      if (isCode(error, "StaleCursor")) return load(isSame);
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
      column.items = [...column.items, ...page.items.filter((card) => !known.has(card.card_id))];
      column.next = page.next_cursor;
      column.total = page.total;
    } catch (error) {
      if (signal.aborted || isAborted(error)) return;
      // A newer build was published meanwhile: its first page is the answer, not the old build's second.
      if (isCode(error, "StaleCursor")) return load(true);
      failure.value = failureOf(error, "The board could not be loaded");
    }
    column.isLoadingMore = false;
  }

  function settled(): void {
    if (settling) clearTimeout(settling.timer);
    settling = null;
  }

  /** Asks soon for the sums, or for everything. */
  function settleSoon(isWhole: boolean): void {
    const since = settling?.since ?? Date.now();
    const all = isWhole || (settling?.isWhole ?? false);
    if (settling) clearTimeout(settling.timer);
    const wait = Math.max(0, Math.min(SETTLE_MS, since + SETTLE_AT_LAST_MS - Date.now()));
    settling = { since, isWhole: all, timer: setTimeout(() => void (all ? load(true) : refreshCounts()), wait) };
  }

  async function refreshCounts(): Promise<void> {
    settled();
    const { signal } = current;
    try {
      const sums = await api.cardCounts(queryOf(filters.value), signal);
      if (signal.aborted) return;
      counts.value = sums;
      for (const { status, card_count } of sums.statuses) {
        const column = columns.find((one) => one.status === status);
        if (column) column.total = card_count;
      }
    } catch (error) {
      // What is shown stays; the next answer to anything brings the sums along.
      if (!isAborted(error) && isCode(error, "NothingPublished")) void load();
    }
  }

  /** Changes a card where it stands, or moves it to where it belongs now; false where it is not on the page. */
  function patch(cardId: string, change: (card: Card) => Card): boolean {
    for (const column of columns) {
      const at = column.items.findIndex((card) => card.card_id === cardId);
      if (at < 0) continue;
      const was = column.items[at]!;
      const now = change(was);
      if (now === was) return true;
      if (now.status === was.status) {
        column.items = column.items.with(at, now);
        return true;
      }
      const target = columns.find((one) => one.status === now.status);
      if (!target) return true;
      column.items = column.items.toSpliced(at, 1);
      column.total -= 1;
      target.items = inserted(target.items, now, filters.value.sort);
      target.total += 1;
      return true;
    }
    return false;
  }

  const stops = [
    onCardChange((cardId, change) => {
      patch(cardId, change);
      // While a form is open nothing is done yet, and the API's sums would contradict what shows.
      if (acting.asked.value === null) settleSoon(false);
    }),
    onLive("card", ({ card_id, state, event }) => {
      const isMine = event.actor === session.me.value?.subject;
      let isNews = false;
      const isHere = patch(card_id, (card) => {
        isNews = state.seq > card.seq;
        return isNews ? withState(card, state) : card;
      });
      // A card that is filtered out may belong on the board now, and one on it may not any more.
      if (!isHere || (isNews && !isMine)) settleSoon(true);
      if (!isNews || isMine) return;
      fresh.add(card_id);
      setTimeout(() => fresh.delete(card_id), 2_500);
    }),
    onLive("build", () => settleSoon(true)),
    onLive("reload", () => settleSoon(true)),
  ];

  const openColumns = computed(() => columns.filter((column) => column.status !== "completed"));

  return {
    columns,
    counts,
    build,
    fresh,
    /** What the cards rest on, where that is less than it should be: sentences, worst first. */
    notices,
    isLoading,
    failure,
    load,
    loadMore,
    total: computed(() => columns.reduce((sum, column) => sum + column.total, 0)),
    openCards: computed(() => openColumns.value.flatMap((column) => column.items)),
    /** Card ids as they stand on the board: down each column, then the next one. */
    order: computed(() => columns.flatMap((column) => column.items.map((card) => card.card_id))),
    cardOf: (cardId: string): Card | undefined => columns.flatMap((column) => column.items).find((card) => card.card_id === cardId),
    dispose: () => {
      for (const stop of stops) stop();
      settled();
      current.abort();
    },
  };
}

/** What an open card needs to know about the board behind it. */
export interface BoardContext {
  order: Ref<string[]>;
}

export const BOARD: InjectionKey<BoardContext> = Symbol("board");
