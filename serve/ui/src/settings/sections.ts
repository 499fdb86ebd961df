/**
 * The parts of the settings, each a page with an address of its own. A new one is a line here and a component beside it.
 *
 * A section starts with an `h2`; the frame around it (heading, navigation) is `views/SettingsView.vue`.
 */
import type { Component } from "vue";
import type { RouteRecordRaw } from "vue-router";
import type { Role } from "../api/client";

export interface Section {
  /** Name of its route. */
  name: string;
  /** What follows `/settings/`. */
  path: string;
  title: string;
  /** Who sees it in the navigation; everybody where nobody is named. The API refuses whom it must. */
  roles?: readonly Role[];
  component: () => Promise<Component>;
}

export const SECTIONS: readonly Section[] = [
  { name: "settings-connection", path: "connection", title: "Connection", component: () => import("./ConnectionSection.vue") },
  { name: "settings-fields", path: "fields", title: "Fields", component: () => import("./FieldsSection.vue") },
  { name: "settings-people", path: "people", title: "People", component: () => import("./PeopleSection.vue") },
  { name: "settings-keys", path: "keys", title: "API keys", roles: ["admin"], component: () => import("./KeysSection.vue") },
  { name: "settings-activity", path: "activity", title: "Activity", roles: ["admin"], component: () => import("./ActivitySection.vue") },
  { name: "settings-triggers", path: "triggers", title: "Triggers", component: () => import("./TriggersSection.vue") },
  { name: "settings-rules", path: "rules", title: "Rules", component: () => import("./RulesSection.vue") },
  { name: "settings-budget", path: "budget", title: "Budget", component: () => import("./BudgetSection.vue") },
  { name: "settings-notifications", path: "notifications", title: "Notifications", component: () => import("./NotificationsSection.vue") },
  { name: "settings-privacy", path: "privacy", title: "Privacy", component: () => import("./PrivacySection.vue") },
  { name: "settings-danger", path: "danger", title: "Danger zone", roles: ["admin"], component: () => import("./DangerSection.vue") },
];

/** The sections a person of that role has a use for. */
export const sectionsFor = (role: Role): Section[] => SECTIONS.filter((section) => section.roles?.includes(role) ?? true);

/** Routes below `/settings`. */
export const sectionRoutes: RouteRecordRaw[] = SECTIONS.map(({ name, path, title, component }) => ({
  name,
  path,
  component,
  meta: { title: `${title} · Settings` },
}));
