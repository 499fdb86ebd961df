/** Who works here: names for the subjects that cards and events carry. */
import { computed, shallowRef, watch } from "vue";
import { api, type Colleague } from "./api/client";
import { session } from "./session";

const colleagues = shallowRef<Colleague[]>([]);
let asked: Promise<void> | null = null;

watch(session.me, () => {
  colleagues.value = [];
  asked = null;
});

async function read(): Promise<void> {
  try {
    colleagues.value = (await api.users()).items;
  } catch {
    // Subjects are shown as they are; the next one who needs names asks again.
    asked = null;
  }
}

/** Asks for them once per sign-in. */
export function loadPeople(): Promise<void> {
  return (asked ??= read());
}

export const people = computed(() => colleagues.value);

const unknown = new Set<string>();

/** The name of a user; one nobody has a name for is shown by their subject, and asked for once: people join. */
export function nameOf(subject: string): string {
  if (subject === "churnboard") return "churnboard";
  const found = colleagues.value.find((one) => one.subject === subject);
  if (found) return found.name;
  if (asked !== null && !unknown.has(subject)) {
    unknown.add(subject);
    void asked.then(read);
  }
  return subject;
}
