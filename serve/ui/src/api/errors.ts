/** What went wrong with a request, as a sentence a person can act on. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    /** HTTP status, or 0 when no answer came back at all. */
    readonly status: number,
    /** The class name the API gave, or the kind of failure seen here. */
    readonly code: string,
    sentence: string,
    /** The whole body, where the API says more than a sentence. */
    readonly body: unknown = null,
  ) {
    super(sentence);
  }
}

/**
 * Turns the body of a refused request into an ApiError.
 *
 * The API promises `{error, detail}`; anything in between (a proxy's HTML page, an empty body) still has to become a
 * sentence, so the shape is checked rather than trusted.
 */
export function errorFrom(status: number, body: unknown): ApiError {
  if (typeof body === "object" && body !== null) {
    const { error, detail } = body as { error?: unknown; detail?: unknown };
    if (typeof detail === "string" && detail !== "") {
      return new ApiError(status, typeof error === "string" ? error : "Error", detail, body);
    }
  }
  if (status >= 500) {
    return new ApiError(status, "Unavailable", `The server could not answer (status ${status}). Try again in a moment.`);
  }
  return new ApiError(status, "Refused", `The server refused the request (status ${status}).`);
}

/** A request that never got an answer: the server is down, or the network is. */
export function unreachable(): ApiError {
  return new ApiError(0, "Unreachable", "The server did not answer. Check that churnboard is running, then try again.");
}

/** The sentence to show for anything that was thrown. */
export function sentenceOf(error: unknown): string {
  return error instanceof ApiError ? error.message : "Something failed in this page. Reload it; if it happens again, the browser console says where.";
}

/** What stands where a page's content would be. */
export interface Failure {
  kind: "empty" | "error";
  title: string;
  text: string;
  /** Name of the page where something can be done about it. */
  page?: string;
  pageLabel?: string;
}

/** A failure as it is shown: a workspace without a first build is not broken, it has nothing to show yet. */
export function failureOf(error: unknown, title: string): Failure {
  if (isCode(error, "NothingPublished")) {
    const text = "Cards appear once HubSpot is connected and its tickets are read.";
    return { kind: "empty", title: "Nothing has been published yet", text, page: "onboarding", pageLabel: "Set up churnboard" };
  }
  return { kind: "error", title, text: sentenceOf(error) };
}

/** True for a failure the API gave this class name. */
export function isCode(error: unknown, code: string): boolean {
  return error instanceof ApiError && error.code === code;
}

/** True for a request that was abandoned on purpose because a newer one replaced it. */
export function isAborted(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
