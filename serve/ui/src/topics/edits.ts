/** What people did to topics, in sentences; and which figures a list of topics is drawn from. */
import type { Topic, TopicDifference, TopicDraft } from "../api/client";
import { formatCount } from "../format";

type Edit = TopicDraft["edits"][number];

const text = (edit: Edit, name: string): string => {
  const value = edit.details[name];
  return typeof value === "string" ? value : "";
};

/** One edit of the draft as a sentence. */
export function editSentence(edit: Edit): string {
  const name = text(edit, "name");
  switch (edit.kind) {
    case "add":
      return text(edit, "parent") ? `${name} added below ${text(edit, "parent")}` : `${name} added`;
    case "describe":
      return `${name} described anew`;
    case "rename":
      return `${name} renamed to ${text(edit, "to")}`;
    case "merge":
      return `${name} merged into ${text(edit, "into")}`;
    case "split":
      return `${name} split into ${partNames(edit).join(", ")}`;
    case "archive":
      return `${name} archived`;
    case "restore":
      return `${name} taken up again`;
    case "move":
      return text(edit, "parent") ? `${name} moved below ${text(edit, "parent")}` : `${name} moved to the top`;
    case "add_rule":
      return `Rule added: ${text(edit, "text")}`;
    case "change_rule":
      return `Rule ${String(edit.details["rule_id"])} changed: ${text(edit, "text")}`;
    case "remove_rule":
      return `Rule ${String(edit.details["rule_id"])} removed`;
    default:
      return `${String(edit.kind)} ${name}`.trim();
  }
}

function partNames(edit: Edit): string[] {
  const into: unknown = edit.details["into"];
  if (!Array.isArray(into)) return [];
  return into.map((part: unknown) => (typeof part === "object" && part !== null && "name" in part ? String(part.name) : ""));
}

/** What the draft amounts to, for the bar that offers to ship it; empty where there is nothing to ship. */
export function draftSummary(draft: TopicDraft): string {
  const parts = [
    ...(draft.edits.length > 0 ? [formatCount(draft.edits.length, "edit")] : []),
    ...(draft.untaught_count > 0 ? [formatCount(draft.untaught_count, "correction")] : []),
  ];
  return parts.length === 0 ? "" : `${parts.join(" and ")} not shipped`;
}

const KINDS: Record<string, string> = {
  added: "New",
  removed: "Removed",
  renamed: "Renamed",
  merged: "Merged",
  archived: "Archived",
  described: "Description",
  moved: "Moved",
  changed: "Changed",
  taught: "Taught by",
};

/** What happened, as the first word of a line. */
export const differenceLabel = (kind: string): string => KINDS[kind] ?? kind;

/** Whether the words themselves are compared, so that both are shown in full. */
export const isReworded = (line: TopicDifference): boolean => line.kind === "described" || line.kind === "changed";

export interface TopicNode {
  topic: Topic;
  children: Topic[];
}

const volume = (topic: Topic): number => topic.figures?.ticket_count_90d ?? 0;
const byVolume = (one: Topic, other: Topic): number => volume(other) - volume(one) || one.name.localeCompare(other.name);

/** Topics in use on their two levels, those most written about first. */
export function topicTree(topics: readonly Topic[]): TopicNode[] {
  const active = topics.filter((topic) => topic.is_active);
  const names = new Set(active.map((topic) => topic.name));
  const tops = active.filter((topic) => topic.parent === null || !names.has(topic.parent));
  return tops.sort(byVolume).map((topic) => ({ topic, children: active.filter((one) => one.parent === topic.name).sort(byVolume) }));
}

/** Topics another may stand below, or be merged into. */
export function places(topics: readonly Topic[], not: string): { tops: string[]; others: string[] } {
  const active = topics.filter((topic) => topic.is_active && topic.name !== not).sort((one, other) => one.name.localeCompare(other.name));
  return { tops: active.filter((topic) => topic.parent === null).map((topic) => topic.name), others: active.map((topic) => topic.name) };
}
