/** A list read page by page, until somebody asks for no more. */
import { computed, onBeforeUnmount, ref, shallowRef, watch } from "vue";
import { failureOf, isAborted, type Failure } from "../api/errors";

interface Page<Item, Build> {
  items: Item[];
  next_cursor: string | null;
  total: number;
  build: Build;
}

export function usePages<Question, Item, Build>(question: () => Question, load: (question: Question, cursor: string | undefined, signal: AbortSignal) => Promise<Page<Item, Build>>, title: string) {
  const items = shallowRef<Item[]>([]);
  const total = ref(0);
  const build = shallowRef<Build | null>(null);
  const next = ref<string | null>(null);
  const isLoading = ref(true);
  const failure = shallowRef<Failure | null>(null);
  let current = new AbortController();

  async function read(isMore: boolean): Promise<void> {
    current.abort();
    const mine = new AbortController();
    current = mine;
    isLoading.value = true;
    failure.value = null;
    try {
      const page = await load(question(), isMore ? (next.value ?? undefined) : undefined, mine.signal);
      items.value = isMore ? [...items.value, ...page.items] : page.items;
      total.value = page.total;
      next.value = page.next_cursor;
      build.value = page.build;
    } catch (error) {
      if (isAborted(error) || mine.signal.aborted) return;
      if (!isMore) items.value = [];
      failure.value = failureOf(error, title);
    }
    if (current === mine) isLoading.value = false;
  }

  watch(() => JSON.stringify(question()), () => void read(false), { immediate: true });
  onBeforeUnmount(() => current.abort());
  return { items, total, build, isLoading, failure, hasMore: computed(() => next.value !== null), more: () => read(true), reload: () => read(false) };
}
