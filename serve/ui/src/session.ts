/**
 * Who is signed in.
 *
 * The token lives in sessionStorage: it ends with the tab and is never sent by the browser on its own, so there is no
 * cookie to forge a request with. Everything about the person is asked from the API again after a reload.
 */
import { readonly, ref } from "vue";
import { api, connectSession, type Me, type Role } from "./api/client";

const KEY = "churnboard.token";

const token = ref<string | null>(sessionStorage.getItem(KEY));
const me = ref<Me | null>(null);
const notice = ref("");
let leave: () => void = () => undefined;

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

connectSession({
  token: () => token.value,
  expired: () => {
    forget();
    notice.value = "Your session has ended. Sign in again to go on where you were.";
    leave();
  },
});

export const session = {
  me: readonly(me),
  /** A sentence for the sign-in page: why the person is there. */
  notice: readonly(notice),

  isSignedIn: (): boolean => token.value !== null,

  /** Called when the API stops accepting the token while a page is open. */
  onExpired(handler: () => void): void {
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

  /** Asks who the kept token belongs to; does nothing when that is known. */
  async restore(): Promise<void> {
    if (token.value !== null && me.value === null) me.value = await api.me();
  },

  signOut(): void {
    forget();
    notice.value = "";
  },
};
