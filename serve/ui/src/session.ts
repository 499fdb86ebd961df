/**
 * Who is signed in.
 *
 * The token lives in sessionStorage: it ends with the tab and is never sent by the browser on its own, so there is no
 * cookie to forge a request with. Everything about the person is asked from the API again after a reload.
 */
import { readonly, ref, watch } from "vue";
import { api, connectSession, type Me, type Role } from "./api/client";
import { forgetDrafts } from "./card/drafts";

const KEY = "churnboard.token";

const token = ref<string | null>(sessionStorage.getItem(KEY));
const me = ref<Me | null>(null);
const notice = ref("");
let held: string | null = null;
let leave: () => void | Promise<void> = () => undefined;

function keep(value: string): void {
  token.value = value;
  sessionStorage.setItem(KEY, value);
  notice.value = "";
}

function forget(): void {
  token.value = null;
  me.value = null;
  sessionStorage.removeItem(KEY);
}

// A sign-in that ran out keeps its words for whoever comes back; they are nobody else's to find.
watch(me, (now) => {
  if (now !== null) forgetDrafts(now.subject);
});

connectSession({
  token: () => token.value,
  expired: () => {
    forget();
    notice.value = "Your session has ended. Sign in again to go on where you were.";
    void leave();
  },
});

export const session = {
  me: readonly(me),
  /** A sentence for the sign-in page: why the person is there. */
  notice: readonly(notice),

  isSignedIn: (): boolean => token.value !== null,

  /** Called when the API stops accepting the token while a page is open. */
  onExpired(handler: () => Promise<void>): void {
    leave = handler;
  },

  async signInAsDemo(tenant: string, role: Role): Promise<void> {
    const answer = await api.demoSignIn(tenant, role);
    keep(answer.access_token);
    me.value = answer.user;
  },

  /** Uses a token issued elsewhere; one the API refuses is forgotten again. */
  async signInWithToken(value: string): Promise<void> {
    keep(value);
    try {
      me.value = await api.me();
    } catch (error) {
      forget();
      throw error;
    }
  },

  /** Keeps a token whose owner may have no access yet: for accepting an invitation, and nothing else. */
  hold(value: string): void {
    held = value;
  },

  isHolding: (): boolean => held !== null,

  /** Accepts an invitation with the held token; one that is refused is dropped. */
  async join(secret: string): Promise<void> {
    const value = held;
    held = null;
    forget();
    token.value = value;
    try {
      me.value = await api.acceptInvitation(secret);
    } catch (error) {
      forget();
      throw error;
    }
    if (value !== null) keep(value);
  },

  /** Signs somebody in by address; on a local installation only. */
  async signInAsPerson(email: string): Promise<void> {
    await session.signInWithToken((await api.demoPerson(email)).access_token);
  },

  /** Asks again who this is, after something about them was changed. */
  async refresh(): Promise<void> {
    me.value = await api.me();
  },

  /** Asks who the kept token belongs to; does nothing when that is known. */
  async restore(): Promise<void> {
    if (token.value !== null && me.value === null) me.value = await api.me();
  },

  signOut(): void {
    forget();
    forgetDrafts(null);
    notice.value = "";
  },
};
