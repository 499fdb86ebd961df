/**
 * The draft people work on, and everything done to it.
 *
 * Each edit names the draft it was made to. Where a colleague was faster the API refuses; the draft is loaded anew and the person is
 * told, so that nothing is ever done to topics they have not seen.
 */
import { computed, onScopeDispose, ref, shallowRef } from "vue";
import { api, type TopicEdit, type TopicList } from "../api/client";
import { failureOf, isAborted, isCode, sentenceOf, type Failure } from "../api/errors";
import { session } from "../session";

export function useTopics() {
  const list = shallowRef<TopicList | null>(null);
  const failure = ref<Failure | null>(null);
  const isBusy = ref(false);
  /** Why the last thing asked for was not done. */
  const refusal = ref("");
  const current = new AbortController();

  async function load(): Promise<void> {
    try {
      list.value = await api.topicList(current.signal);
      failure.value = null;
    } catch (error) {
      if (!isAborted(error)) failure.value = failureOf(error, "The topics could not be loaded");
    }
  }

  /** Does something and shows the draft as it is then; false where it was refused, and why is in `refusal`. */
  async function act(change: (seq: number) => Promise<unknown>): Promise<boolean> {
    if (list.value === null || isBusy.value) return false;
    isBusy.value = true;
    refusal.value = "";
    let isDone = true;
    try {
      await change(list.value.draft.seq);
    } catch (error) {
      isDone = false;
      refusal.value = isCode(error, "DraftChangedMeanwhile") ? "Somebody changed the topics meanwhile, so this was not done. You see them as they are now: do it again if it still makes sense." : sentenceOf(error);
    }
    await load();
    isBusy.value = false;
    return isDone;
  }

  onScopeDispose(() => current.abort());
  return {
    list,
    failure,
    isBusy,
    refusal,
    load,
    act,
    edit: (edit: TopicEdit) => act((seq) => api.editTopics(seq, edit)),
    undo: (isAll: boolean) => act((seq) => api.undoTopics(seq, isAll)),
    canEdit: computed(() => session.me.value !== null && session.me.value.role !== "viewer"),
  };
}

export type TopicsDesk = ReturnType<typeof useTopics>;
