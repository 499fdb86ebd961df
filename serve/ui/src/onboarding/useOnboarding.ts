/** How far onboarding is, asked again every second while something goes on. */
import { onBeforeUnmount, ref } from "vue";
import { api, type Connection, type Onboarding } from "../api/client";
import { failureOf, isAborted, type Failure } from "../api/errors";
import { isUnderWay } from "./steps";

const EVERY_MS = 1_000;

export function useOnboarding() {
  const onboarding = ref<Onboarding | null>(null);
  const connection = ref<Connection | null>(null);
  const canConnect = ref(false);
  const failure = ref<Failure | null>(null);
  const current = new AbortController();
  let timer = 0;

  const connectStatus = (of: Onboarding | null) => of?.steps.find((one) => one.step === "connect")?.status;

  /** `isWhole`: the connection too, which otherwise is asked for again only where its step says that it changed. */
  async function load(isWhole = true): Promise<void> {
    window.clearTimeout(timer);
    try {
      const answer = await api.onboarding(current.signal);
      if (isWhole || connectStatus(answer) !== connectStatus(onboarding.value)) {
        const connections = await api.connections(current.signal);
        connection.value = connections.items[0] ?? null;
        canConnect.value = connections.can_connect;
      }
      onboarding.value = answer;
      failure.value = null;
    } catch (error) {
      if (isAborted(error)) return;
      failure.value = failureOf(error, "Onboarding could not be loaded");
    }
    // Also after a failure: an import goes on while the server is restarted.
    if (!current.signal.aborted && (failure.value !== null || (onboarding.value !== null && isUnderWay(onboarding.value)))) {
      timer = window.setTimeout(() => void load(connection.value === null), EVERY_MS);
    }
  }

  onBeforeUnmount(() => {
    current.abort();
    window.clearTimeout(timer);
  });
  return { onboarding, connection, canConnect, failure, load };
}
