/** Onboarding in words and figures. */
import type { FieldCandidate, FieldView, ImportStream, Onboarding, OnboardingStep, StepView, Task } from "../api/client";

const TITLES: Record<string, string> = {
  connect: "Connect HubSpot",
  import: "Import",
  fields: "Fields",
  topics: "Topics",
  cards: "First cards",
};

const STATES: Record<string, string> = { todo: "To do", running: "Under way", done: "Done", failed: "Needs attention" };

const STREAMS: Record<string, string> = { companies: "Companies", contacts: "Contacts", tickets: "Tickets", emails: "Emails on tickets", notes: "Notes on tickets" };

export const stepTitle = (step: string): string => TITLES[step] ?? step;
export const stateLabel = (status: string): string => STATES[status] ?? status;
export const streamLabel = (stream: string): string => STREAMS[stream] ?? stream;

/** The step to show: the one in the address if there is such a step, or the first that is not done. */
export function shownStep(asked: unknown, onboarding: Onboarding): StepView {
  const named = onboarding.steps.find((one) => one.step === asked);
  return named ?? onboarding.steps.find((one) => one.step === onboarding.current) ?? onboarding.steps[0]!;
}

/** The step after this one; null after the last. */
export function nextStep(step: OnboardingStep, onboarding: Onboarding): OnboardingStep | null {
  const at = onboarding.steps.findIndex((one) => one.step === step);
  return onboarding.steps[at + 1]?.step ?? null;
}

/** Whether anything goes on that the page should keep asking about. */
export const isUnderWay = (onboarding: Onboarding): boolean => onboarding.steps.some((one) => one.status === "running");

/** How much of a stream is read, from 0 to 1; null where HubSpot does not say how much there is. */
export function shareOf(stream: ImportStream): number | null {
  if (stream.portal_total === null) return null;
  return stream.portal_total === 0 ? 1 : Math.min(1, stream.read_count / stream.portal_total);
}

/** What a task is doing, in a line. */
export function taskLine(task: Task): string {
  if (task.status === "queued") return "Waiting for a worker to begin";
  const step = task.step ?? "Beginning";
  if (task.done_count === null) return step;
  const of = task.total_count === null ? "" : ` of ${task.total_count.toLocaleString("en-GB")}`;
  return `${step}: ${task.done_count.toLocaleString("en-GB")}${of}`;
}

/** A task nobody has begun for so long that somebody should look why. */
export function isForgotten(task: Task, now: number): boolean {
  return task.status === "queued" && now - Date.parse(task.asked_at) > 15_000;
}

export interface FieldWords {
  label: string;
  purpose: string;
}

export const FIELD_WORDS: Record<string, FieldWords> = {
  mrr: { label: "Recurring revenue", purpose: "What a customer pays. Cards are sorted by what may be lost." },
  renewal: { label: "Renewal date", purpose: "A quiet customer soon before renewal is more urgent." },
  last_login: { label: "Last login", purpose: "Tells a customer who went quiet from one who is content." },
  onboarding_step: { label: "Onboarding step", purpose: "New customers write more, and that is no alarm." },
  usage: { label: "Usage", purpose: "Falling use beside few tickets is a bad sign." },
  churn: { label: "Day a customer left", purpose: "Tells how often cards were right." },
  new_stages: { label: "Stages that mean new", purpose: "Nobody has answered yet." },
  waiting_stages: { label: "Stages that mean waiting", purpose: "It is the customer's turn." },
};

/** Fields that are held by a company property, in the order they are asked about. */
export const PROPERTY_FIELDS = ["mrr", "renewal", "last_login", "usage", "onboarding_step", "churn"] as const;
export const STAGE_FIELDS = ["new_stages", "waiting_stages"] as const;

/** A property that sounds less like a field than this is offered, but nobody's first guess. */
const LIKELY = 3;

/** Properties that can hold a field, the most likely first. */
export function candidatesFor(field: string, candidates: readonly FieldCandidate[]): FieldCandidate[] {
  const score = (one: FieldCandidate): number => (one.fits as Record<string, number>)[field] ?? -1;
  return candidates
    .filter((one) => score(one) >= 0)
    .toSorted((a, b) => score(b) - score(a) || b.filled_count - a.filled_count || a.label.localeCompare(b.label));
}

/** What is chosen before anybody has chosen: what holds, or the first guess where it is a good one. */
export function firstChoice(view: FieldView, candidates: readonly FieldCandidate[]): string {
  if (view.property_name !== null) return view.property_name;
  // Somebody took it away on purpose.
  if (view.author !== null) return "";
  const best = candidatesFor(view.field, candidates)[0];
  const score = best ? ((best.fits as Record<string, number>)[view.field] ?? 0) : 0;
  return best && score >= LIKELY && best.filled_count > 0 ? best.name : "";
}

/** A value as HubSpot stores it, readable: dates are milliseconds or ISO moments there. */
export function readableValue(value: string, type: string): string {
  if (type !== "date" && type !== "datetime") {
    const figure = Number(value);
    return value.trim() !== "" && Number.isFinite(figure) ? figure.toLocaleString("en-GB", { maximumFractionDigits: 2 }) : value;
  }
  const moment = /^\d{10,}$/.test(value) ? new Date(Number(value)) : new Date(value);
  return Number.isNaN(moment.getTime()) ? value : moment.toISOString().slice(0, 10);
}
