/** The name to show for a subject; who has left, or is not known yet, is not named by an id. */
export function nameOf(names: ReadonlyMap<string, string>, subject: string | null | undefined): string {
  return (subject && names.get(subject)) || "somebody who is no longer here";
}
