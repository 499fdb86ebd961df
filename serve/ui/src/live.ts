/**
 * What happens, as it happens.
 *
 * One stream per page, open while somebody is signed in and the page is looked at: browsers allow six connections to a
 * server, and a tab in the background would keep one of them for nothing. A stream that breaks off goes on where it was;
 * where too much was missed the server says `reload`, and whoever shows anything reads it anew.
 */
import { EventSourceParserStream, type EventSourceMessage } from "eventsource-parser/stream";
import { readonly, ref } from "vue";
import { api, type BuildAnnounced, type CardAnnounced, type NotificationAnnounced } from "./api/client";
import { ApiError } from "./api/errors";

/** What can be listened to. `reload`: something was missed, or may have been, so ask again for what is shown. */
export interface LiveBodies {
  build: BuildAnnounced;
  card: CardAnnounced;
  notification: NotificationAnnounced;
  reload: object;
}

export type LiveStatus = "connecting" | "live" | "reconnecting" | "offline";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 20_000;
/** The server says something every 15 seconds; a stream that is silent for longer is dead, whatever the browser thinks. */
const SILENCE_MS = 40_000;
const HIDDEN_MS = 60_000;

const handlers = new Map<string, Set<(body: never) => void>>();
const status = ref<LiveStatus>("connecting");
let lastEventId: string | null = null;

/** How the stream is doing. */
export const liveStatus = readonly(status);

/** Calls `handler` for every message of a type; returns how to stop that. */
export function onLive<Type extends keyof LiveBodies>(type: Type, handler: (body: LiveBodies[Type]) => void): () => void {
  const all = handlers.get(type) ?? new Set();
  handlers.set(type, all);
  all.add(handler as (body: never) => void);
  return () => all.delete(handler as (body: never) => void);
}

/** How long to wait before attempt number `attempt` (from 0); `luck` in 0 to 1 keeps a thousand browsers from coming back at once. */
export function waitBefore(attempt: number, luck: number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempt, 10)) * (0.5 + luck / 2);
}

function tell(type: string, body: unknown): void {
  for (const handler of [...(handlers.get(type) ?? [])]) handler(body as never);
}

function receive(message: EventSourceMessage): void {
  if (message.id !== undefined) lastEventId = message.id;
  if (message.event === "started") status.value = "live";
  else if (message.event !== undefined) tell(message.event, JSON.parse(message.data));
}

/** Reads one stream to its end. */
async function read(signal: AbortSignal): Promise<void> {
  const silence = new AbortController();
  let alarm: ReturnType<typeof setTimeout> | undefined;
  const alive = (): void => {
    clearTimeout(alarm);
    alarm = setTimeout(() => silence.abort(), SILENCE_MS);
  };
  const either = AbortSignal.any([signal, silence.signal]);
  try {
    alive();
    const body = await api.stream(lastEventId, either);
    const heard = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        alive();
        controller.enqueue(chunk);
      },
    });
    const decoder = new TextDecoderStream() as unknown as ReadableWritablePair<string, Uint8Array>;
    const messages = body.pipeThrough(heard).pipeThrough(decoder).pipeThrough(new EventSourceParserStream()).getReader();
    // An aborted fetch does not always wake a reader that is waiting.
    either.addEventListener("abort", () => void messages.cancel().catch(() => undefined), { once: true });
    for (let next = await messages.read(); !next.done; next = await messages.read()) receive(next.value);
  } finally {
    clearTimeout(alarm);
  }
}

const untilAny = (ms: number, signal: AbortSignal, events: [EventTarget, string][]): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      for (const [target, name] of events) target.removeEventListener(name, done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    for (const [target, name] of events) target.addEventListener(name, done);
    signal.addEventListener("abort", done);
  });

/** Keeps the stream open until the returned function is called. */
export function connectLive(): () => void {
  const stopped = new AbortController();
  let current = new AbortController();
  let hiding: ReturnType<typeof setTimeout> | undefined;
  lastEventId = null;
  status.value = navigator.onLine ? "connecting" : "offline";

  const drop = (): void => current.abort();
  const goneOffline = (): void => {
    status.value = "offline";
    drop();
  };
  const seenOrNot = (): void => {
    clearTimeout(hiding);
    if (document.hidden) hiding = setTimeout(drop, HIDDEN_MS);
  };
  window.addEventListener("offline", goneOffline);
  document.addEventListener("visibilitychange", seenOrNot);

  async function run(): Promise<void> {
    let attempt = 0;
    while (!stopped.signal.aborted) {
      if (!navigator.onLine || document.hidden) {
        await untilAny(60_000, stopped.signal, [
          [window, "online"],
          [document, "visibilitychange"],
        ]);
        if (!navigator.onLine || document.hidden) continue;
        attempt = 0;
      }
      current = new AbortController();
      try {
        await read(AbortSignal.any([stopped.signal, current.signal]));
      } catch (error) {
        // Signed out, or out of the company: a new sign-in opens a new stream.
        if (error instanceof ApiError && (error.status === 401 || error.status === 403)) return;
      }
      if (stopped.signal.aborted) return;
      if (status.value === "live") attempt = 0;
      status.value = navigator.onLine ? "reconnecting" : "offline";
      if (document.hidden || !navigator.onLine) continue;
      await untilAny(waitBefore(attempt++, Math.random()), stopped.signal, [[window, "online"]]);
    }
  }

  void run();
  return () => {
    stopped.abort();
    clearTimeout(hiding);
    window.removeEventListener("offline", goneOffline);
    document.removeEventListener("visibilitychange", seenOrNot);
  };
}
