/** What to say to somebody who comes back from HubSpot: the API's callback leaves the outcome in the address, as one word. */
export interface Notice {
  tone: "good" | "bad";
  text: string;
}

const REFUSALS: Record<string, string> = {
  ConsentDeclined: "HubSpot was not connected, because access was not given there.",
  StateRefused: "Connecting took longer than ten minutes, was done twice, or ended in another browser than it began in. Start again.",
  ConsentSpent: "HubSpot no longer accepts this consent. Start again.",
  PortalTaken: "That HubSpot account is already connected to another workspace. Disconnect it there first, or choose another account.",
  OtherPortal:
    "This workspace holds the records of another HubSpot account, and the two would mix. Choose the account that was connected before.",
  AppMisconfigured: "HubSpot does not accept this installation's app. Whoever runs churnboard finds the setting to correct in its log.",
  HubSpotUnavailable: "HubSpot did not answer. Try again in a moment.",
  AdminNoLonger: "Whoever started connecting is no longer an admin here.",
  UnknownUser: "Whoever started connecting no longer has access here.",
};

/** The notice for an outcome, or null where the address has none. Anybody can write an address, so only known words are shown. */
export function noticeOf(outcome: unknown): Notice | null {
  if (typeof outcome !== "string" || outcome === "") return null;
  if (outcome === "connected") return { tone: "good", text: "HubSpot is connected, and its tickets are being read." };
  const known = Object.hasOwn(REFUSALS, outcome) ? REFUSALS[outcome] : undefined;
  return { tone: "bad", text: known ?? "HubSpot could not be connected. Whoever runs churnboard finds the reason in its log." };
}
