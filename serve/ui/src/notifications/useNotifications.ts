/** What the person who is signed in is told, kept up to date by the stream while the header is there. */
import { onBeforeUnmount, onMounted, ref, shallowRef } from "vue";
import { api, type Notification } from "../api/client";
import { isAborted, sentenceOf } from "../api/errors";
import { onLive } from "../live";

export function useNotifications() {
  const items = shallowRef<Notification[]>([]);
  const unread = ref(0);
  const next = ref<string | null>(null);
  const isLoaded = ref(false);
  const isBusy = ref(false);
  const failure = ref("");
  let current = new AbortController();

  async function ask(cursor: string | null): Promise<void> {
    current.abort();
    const mine = new AbortController();
    current = mine;
    try {
      const page = await api.notifications({ cursor }, mine.signal);
      items.value = cursor === null ? page.items : [...items.value, ...page.items];
      next.value = page.next_cursor;
      unread.value = page.unread_count;
      isLoaded.value = true;
      failure.value = "";
    } catch (error) {
      if (!isAborted(error) && !mine.signal.aborted) failure.value = sentenceOf(error);
    }
  }

  /** Marks some as read, or all (null). What is shown changes at once; the answer says how many are left. */
  async function read(ids: string[] | null): Promise<void> {
    const now = new Date().toISOString();
    const isMeant = (one: Notification): boolean => one.read_at === null && (ids === null || ids.includes(one.notification_id));
    if (ids !== null && !items.value.some(isMeant)) return;
    const before = items.value;
    items.value = before.map((one) => (isMeant(one) ? { ...one, read_at: now } : one));
    isBusy.value = true;
    try {
      unread.value = (await api.readNotifications(ids)).unread_count;
      failure.value = "";
    } catch (error) {
      items.value = before;
      failure.value = sentenceOf(error);
    }
    isBusy.value = false;
  }

  const stops: (() => void)[] = [];
  onMounted(() => {
    void ask(null);
    stops.push(onLive("notification", () => void ask(null)), onLive("reload", () => void ask(null)));
  });
  onBeforeUnmount(() => {
    for (const stop of stops) stop();
    current.abort();
  });

  return { items, unread, isLoaded, isBusy, failure, hasMore: () => next.value !== null, more: () => ask(next.value), reload: () => ask(null), read };
}
