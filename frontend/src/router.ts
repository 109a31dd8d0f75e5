/** The pages. Each is a script of its own, fetched when it is first gone to. */

import { createRouter, createWebHistory, type RouteRecordRaw } from "vue-router";

const routes: RouteRecordRaw[] = [
  { path: "/", name: "home", component: () => import("@/features/home/HomePage.vue") },
  { path: "/tryon", name: "tryon", component: () => import("@/features/fitting/FittingRoomPage.vue") },
  { path: "/images", name: "images", component: () => import("@/features/library/LibraryPage.vue") },
  { path: "/generate", name: "generate", component: () => import("@/features/generation/StudioPage.vue") },
  { path: "/tutorial", name: "tutorial", component: () => import("@/features/tutorial/TutorialPage.vue") },
  { path: "/settings", name: "settings", component: () => import("@/features/settings/SettingsPage.vue") },
  { path: "/login", name: "login", component: () => import("@/features/accounts/LoginPage.vue") },
  { path: "/admin", name: "admin", component: () => import("@/features/admin/AdminPage.vue") },
  { path: "/:path(.*)*", name: "lost", component: () => import("@/features/home/LostPage.vue") },
];

/** So that a chapter's heading stands below the bar at the top. */
const BELOW_THE_BAR = 88;

export const router = createRouter({
  history: createWebHistory(),
  routes,
  // What a page writes into its own address (filters, what is worn) moves nothing.
  scrollBehavior: (to, from, saved) => {
    if (saved) return saved;
    // A hash may also name a part that the page shows alone, as the settings do.
    if (to.hash) return document.getElementById(to.hash.slice(1)) ? { el: to.hash, top: BELOW_THE_BAR } : { top: 0 };
    return to.path === from.path ? false : { top: 0 };
  },
});

let going: string | null = null;
router.beforeEach((to) => {
  going = to.fullPath;
});
router.afterEach(() => {
  going = null;
});
router.onError(() => {
  going = null;
});

/** The page that the reader has asked for while it is still being fetched; null: none. What the pages do by themselves
 * must not take its place. */
export function goingTo(): string | null {
  return going;
}
