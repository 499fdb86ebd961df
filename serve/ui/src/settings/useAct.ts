/** Doing one thing at a time: whether it is under way, and the sentence that says why it failed. */
import { ref, type Ref } from "vue";
import { sentenceOf } from "../api/errors";

export interface Acts {
  isBusy: Ref<boolean>;
  failure: Ref<string>;
  /** Runs an act; true where it succeeded. */
  attempt: (act: () => Promise<void>) => Promise<boolean>;
}

export function useAct(): Acts {
  const isBusy = ref(false);
  const failure = ref("");

  async function attempt(act: () => Promise<void>): Promise<boolean> {
    isBusy.value = true;
    failure.value = "";
    try {
      await act();
      return true;
    } catch (error) {
      failure.value = sentenceOf(error);
      return false;
    } finally {
      isBusy.value = false;
    }
  }

  return { isBusy, failure, attempt };
}
