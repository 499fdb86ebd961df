/** Following what was asked to be done in the background, until it is done or failed. */
import { onScopeDispose, ref, shallowRef, watch, type Ref } from "vue";
import { api, type Task } from "./api/client";
import { isAborted, sentenceOf } from "./api/errors";

const BETWEEN_LOOKS_MS = 1000;
/** What takes a moment should not wait for the next full second. */
const FIRST_LOOK_MS = 250;

/** Whether nothing more will happen to it. */
export function isEnded(task: Task): boolean {
  return task.status === "done" || task.status === "failed" || task.status === "cancelled";
}

/** Whether somebody wants it stopped and its worker has not noticed yet. */
export const isStopping = (task: Task): boolean => !isEnded(task) && task.cancel_asked_at !== null;

/** Whether a person may stop it: whoever asked for it, and every admin; a deletion goes through to its end. */
export const mayStop = (task: Task, me: { subject: string; role: string } | null): boolean =>
  me !== null && !isEnded(task) && task.kind !== "tenant_deletion" && (me.role === "admin" || (me.role === "member" && me.subject === task.asked_by));

/** How much of the current step is done, 0 to 1; null where nobody knows how much there is. */
export function shareDone(task: Task): number | null {
  if (task.status === "done") return 1;
  if (task.done_count === null || !task.total_count) return null;
  return Math.min(task.done_count / task.total_count, 1);
}

export interface FollowedTask {
  /** As it was last seen; null until then, and while no task is followed. */
  task: Ref<Task | null>;
  /** Why it could not be looked at just now; it is looked at again. */
  failure: Ref<string>;
}

/** Looks at a task, soon every second, until it has ended; another id is another task, null none. */
export function useTask(taskId: Ref<string | null>, onEnd: (task: Task) => void = () => undefined): FollowedTask {
  const task = shallowRef<Task | null>(null);
  const failure = ref("");
  let current = new AbortController();

  async function follow(id: string, signal: AbortSignal): Promise<void> {
    for (let pause = FIRST_LOOK_MS; !signal.aborted; pause = Math.min(pause * 1.5, BETWEEN_LOOKS_MS)) {
      try {
        const seen = await api.task(id, signal);
        if (signal.aborted) return;
        task.value = seen;
        failure.value = "";
        if (isEnded(seen)) return onEnd(seen);
      } catch (error) {
        if (signal.aborted || isAborted(error)) return;
        failure.value = sentenceOf(error);
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  watch(
    taskId,
    (id) => {
      current.abort();
      current = new AbortController();
      task.value = null;
      failure.value = "";
      if (id !== null) void follow(id, current.signal);
    },
    { immediate: true },
  );
  onScopeDispose(() => current.abort());
  return { task, failure };
}
