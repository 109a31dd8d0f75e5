/** The window's title, and where the focus goes when a page has been gone to. */

import { nextTick, watch } from "vue";
import { useI18n } from "vue-i18n";
import { useRouter } from "vue-router";

import { announce } from "@/composables/announce";

/** After so long a title that appears is no answer to the going any more. */
const LATEST = 10_000;

export function useTitles(): void {
  const { t, te, locale } = useI18n();
  const router = useRouter();
  const opened = location.pathname;

  watch(
    [() => router.currentRoute.value.name, locale],
    ([name]) => {
      const key = `shell.page.${String(name)}`;
      document.title = name !== undefined && te(key) ? `${t(key)} · VTON Lab` : "VTON Lab";
    },
    { immediate: true },
  );

  router.afterEach((to, from, failure) => {
    if (failure !== undefined) return;
    // Before the first page there is none, whose address the router gives as "/". Somebody may go elsewhere even then.
    const before = from.matched.length === 0 ? opened : from.path;
    if (to.path !== before) void nextTick(focusTitle);
  });
}

/** Keyboards and screen readers go on from the new page's title, not from the link that is gone. */
function focusTitle(): void {
  const content = document.getElementById("content");
  if (content === null || focusHeading(content)) return;
  content.focus({ preventScroll: true });
  announce(document.title);
  waitForHeading(content);
}

function focusHeading(content: HTMLElement): boolean {
  const title = content.querySelector<HTMLElement>("h1");
  if (title === null) return false;
  if (!title.hasAttribute("tabindex")) title.setAttribute("tabindex", "-1");
  title.focus({ preventScroll: true });
  return true;
}

/** A page that asks the server first has its title a moment later; whoever has moved on by then is left where they are. */
function waitForHeading(content: HTMLElement): void {
  const observer = new MutationObserver(() => {
    if (document.activeElement !== content || focusHeading(content)) stop();
  });
  const timer = setTimeout(stop, LATEST);
  observer.observe(content, { childList: true, subtree: true });

  function stop(): void {
    clearTimeout(timer);
    observer.disconnect();
  }
}
