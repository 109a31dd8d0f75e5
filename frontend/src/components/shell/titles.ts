/** The window's title, and where the focus goes when a page has been gone to. */

import { nextTick, watch } from "vue";
import { useI18n } from "vue-i18n";
import { useRouter } from "vue-router";

import { announce } from "@/composables/announce";

export function useTitles(): void {
  const { t, te, locale } = useI18n();
  const router = useRouter();

  watch(
    [() => router.currentRoute.value.name, locale],
    ([name]) => {
      const key = `shell.page.${String(name)}`;
      document.title = name !== undefined && te(key) ? `${t(key)} · VTON Lab` : "VTON Lab";
    },
    { immediate: true },
  );

  router.afterEach((to, from, failure) => {
    const isFirst = from.matched.length === 0;
    if (failure === undefined && !isFirst && to.path !== from.path) void nextTick(focusTitle);
  });
}

/** Keyboards and screen readers go on from the new page's title, not from the link that is gone. */
function focusTitle(): void {
  const title = document.querySelector<HTMLElement>("#content h1");
  const target = title ?? document.getElementById("content");
  if (title && !title.hasAttribute("tabindex")) title.setAttribute("tabindex", "-1");
  target?.focus({ preventScroll: true });
  if (title === null) announce(document.title);
}
