/**
 * The secret of an invitation, from the link to its acceptance.
 *
 * It comes behind the hash sign, which no server sees, leaves the address at once, and waits in sessionStorage while the person signs
 * in elsewhere.
 */
const KEY = "churnboard.invitation";

/** The secret in an address's fragment, or the one that waits. */
export function secretFrom(hash: string): string {
  const given = hash.replace(/^#/, "");
  if (given !== "") sessionStorage.setItem(KEY, given);
  return sessionStorage.getItem(KEY) ?? "";
}

export function forgetSecret(): void {
  sessionStorage.removeItem(KEY);
}
