/** Addresses of the pages. Filters are part of the address, so a view can be shared and the back button works. */
import { createRouter, createWebHistory } from "vue-router";
import CardDrawer from "./board/CardDrawer.vue";
import { session } from "./session";
import BoardView from "./views/BoardView.vue";
import SignInView from "./views/SignInView.vue";

export const router = createRouter({
  history: createWebHistory("/"),
  routes: [
    { path: "/sign-in", name: "sign-in", component: SignInView, meta: { isPublic: true, title: "Sign in" } },
    {
      path: "/",
      name: "board",
      component: BoardView,
      meta: { title: "Board" },
      children: [{ path: "cards/:cardId", name: "card", component: CardDrawer, props: true, meta: { title: "Card" } }],
    },
    {
      path: "/dashboard",
      name: "dashboard",
      component: () => import("./views/DashboardView.vue"),
      meta: { title: "Dashboard" },
    },
    {
      path: "/settings",
      name: "settings",
      component: () => import("./views/SettingsView.vue"),
      meta: { title: "Settings" },
    },
    { path: "/:path(.*)*", redirect: { name: "board" } },
  ],
});

const signIn = (next: string) => ({ name: "sign-in", query: next === "/" ? {} : { next } });

router.beforeEach((to) => {
  if (to.meta["isPublic"] || session.isSignedIn()) return true;
  return signIn(to.fullPath);
});

router.afterEach((to) => {
  document.title = `${String(to.meta["title"] ?? "")} · churnboard`;
});

session.onExpired(() => {
  const here = router.currentRoute.value;
  if (here.name !== "sign-in") void router.replace(signIn(here.fullPath));
});
