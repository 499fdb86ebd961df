/** Addresses that come from outside: only what a browser opens as a page becomes a link. */
export function safeUrl(url: string | null | undefined): string | null {
  return url && /^https?:\/\/[^/\s]/i.test(url) ? url : null;
}
