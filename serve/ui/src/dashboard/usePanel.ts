/** What one panel shows: loaded for itself, so that one that fails leaves the others standing. */
import { onBeforeUnmount, shallowRef, watch, type ShallowRef } from "vue";
import { failureOf, isAborted, type Failure } from "../api/errors";

export interface PanelData<Data> {
  data: ShallowRef<Data | null>;
  isLoading: ShallowRef<boolean>;
  failure: ShallowRef<Failure | null>;
  reload: () => Promise<void>;
}

/** Loads now and whenever `question` changes; an answer to an older question is dropped. */
export function usePanel<Question, Data>(question: () => Question, load: (question: Question, signal: AbortSignal) => Promise<Data>): PanelData<Data> {
  const data = shallowRef<Data | null>(null) as ShallowRef<Data | null>;
  const isLoading = shallowRef(true);
  const failure = shallowRef<Failure | null>(null);
  let current = new AbortController();

  async function reload(): Promise<void> {
    current.abort();
    const mine = new AbortController();
    current = mine;
    isLoading.value = true;
    failure.value = null;
    try {
      data.value = await load(question(), mine.signal);
    } catch (error) {
      if (isAborted(error) || mine.signal.aborted) return;
      data.value = null;
      failure.value = failureOf(error, "This could not be loaded");
    }
    if (current === mine) isLoading.value = false;
  }

  watch(() => JSON.stringify(question()), reload, { immediate: true });
  onBeforeUnmount(() => current.abort());
  return { data, isLoading, failure, reload };
}
