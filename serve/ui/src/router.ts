/** Addresses of the pages. Filters are part of the address, so a view can be shared and the back button works. */
import { createRouter, createWebHistory } from "vue-router";
import CardDrawer from "./board/CardDrawer.vue";
import { session } from "./session";
import { sectionRoutes } from "./settings/sections";
import BoardView from "./views/BoardView.vue";
import SignInView from "./views/SignInView.vue";

export const router = createRouter({
  history: createWebHistory("/"),
  routes: [
    { path: "/sign-in", name: "sign-in", component: SignInView, meta: { isPublic: true, title: "Sign in" } },
    {
      path: "/sign-in/callback",
      name: "sign-in-callback",
      component: () => import("./views/SignInCallbackView.vue"),
      meta: { isPublic: true, title: "Sign in" },
    },
    { path: "/join", name: "join", component: () => import("./views/JoinView.vue"), meta: { isPublic: true, title: "Join" } },
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
      path: "/topics",
      name: "topics",
      component: () => import("./views/TopicsView.vue"),
      meta: { title: "Topics" },
    },
    {
      path: "/topics/versions",
      name: "topic-versions",
      component: () => import("./views/TopicVersionsView.vue"),
      meta: { title: "Versions of topics" },
    },
    {
      path: "/topics/topic/:name",
      name: "topic",
      component: () => import("./views/TopicView.vue"),
      props: true,
      meta: { title: "Topic" },
    },
    {
      path: "/tickets",
      name: "tickets",
      component: () => import("./views/TicketsView.vue"),
      meta: { title: "Tickets" },
    },
    {
      path: "/tickets/:ticketId",
      name: "ticket",
      component: () => import("./views/TicketView.vue"),
      props: true,
      meta: { title: "Ticket" },
    },
    {
      path: "/cards",
      name: "card-list",
      component: () => import("./views/CardListView.vue"),
      meta: { title: "Cards" },
    },
    {
      path: "/settings",
      name: "settings",
      component: () => import("./views/SettingsView.vue"),
      redirect: (to) => ({ name: "settings-connection", query: to.query }),
      children: sectionRoutes,
    },
    {
      path: "/onboarding",
      name: "onboarding",
      component: () => import("./views/OnboardingView.vue"),
      meta: { title: "Set up" },
    },
    {
      path: "/deleted/:receiptId",
      name: "receipt",
      component: () => import("./views/ReceiptView.vue"),
      props: true,
      meta: { isPublic: true, title: "Receipt" },
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

session.onExpired(async () => {
  // A page that is only just loading is not yet the one people are on.
  await router.isReady();
  const here = router.currentRoute.value;
  if (here.meta["isPublic"] !== true) await router.replace(signIn(here.fullPath));
});
