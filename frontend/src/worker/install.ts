/** Whether the pages can be installed as an app, and the way to do it; offered quietly, where somebody looks for it. */

import { computed, ref, type ComputedRef } from "vue";

/** Chromium's event; other browsers install from a menu of theirs. */
interface InstallEvent extends Event {
  prompt(): Promise<{ outcome: "accepted" | "dismissed" }>;
}

/** `ask`: by a click here; `share`: from the share menu (iPhone, iPad); `none`: not in this browser, or not offered yet. */
export type WayToInstall = "installed" | "ask" | "share" | "none";

const offered = ref<InstallEvent | null>(null);
const isInstalled = ref(false);

/** To be called once, before the page is drawn: the browser says it early, and once. */
export function watchInstall(): void {
  isInstalled.value = matchMedia("(display-mode: standalone)").matches;
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault(); // no banner of the browser's own
    offered.value = event as InstallEvent;
  });
  addEventListener("appinstalled", () => {
    isInstalled.value = true;
    offered.value = null;
  });
}

export function useInstall(): { way: ComputedRef<WayToInstall>; install: () => Promise<void> } {
  const way = computed<WayToInstall>(() => {
    if (isInstalled.value) return "installed";
    if (offered.value) return "ask";
    return isAppleTouch(navigator) ? "share" : "none";
  });

  async function install(): Promise<void> {
    const event = offered.value;
    offered.value = null; // it can be asked once
    await event?.prompt();
  }

  return { way, install };
}

/** An iPhone or iPad; the latter says that it is a Mac, but Macs have no touch screen. */
export function isAppleTouch({ userAgent, maxTouchPoints }: Pick<Navigator, "userAgent" | "maxTouchPoints">): boolean {
  return /iPhone|iPad/.test(userAgent) || (/Macintosh/.test(userAgent) && maxTouchPoints > 1);
}
