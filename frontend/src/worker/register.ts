/** Starts the service worker and tells the reader when a new version of the pages is there. Built pages only. */

import { say } from "@/i18n";
import { goingTo } from "@/router";
import { useToasts } from "@/stores/toasts";

const LONG = 24 * 3600;
const HOURLY = 3_600_000;

/** To be called once, when the page has started. Where the browser has no workers (plain HTTP elsewhere), nothing is. */
export function registerWorker(): void {
  if (!import.meta.env.PROD) return;
  // A page that is older than its server asks for scripts that are gone.
  addEventListener("vite:preloadError", openAnew, { once: true });
  if (!("serviceWorker" in navigator)) return;
  if (document.readyState === "complete") void start();
  else addEventListener("load", () => void start(), { once: true });
}

function openAnew(): void {
  const wanted = goingTo();
  if (wanted === null) location.reload();
  else location.assign(wanted);
}

async function start(): Promise<void> {
  const workers = navigator.serviceWorker;
  let registration: ServiceWorkerRegistration;
  try {
    registration = await workers.register("/sw.js", { updateViaCache: "none" });
  } catch {
    return; // A browser that forbids workers, such as in a private window: all else works without.
  }
  if (registration.waiting && workers.controller) tellOfNew(registration.waiting);
  registration.addEventListener("updatefound", () => {
    const coming = registration.installing;
    coming?.addEventListener("statechange", () => {
      // Without a controller it is the very first one, and news to nobody.
      if (coming.state === "installed" && workers.controller) tellOfNew(coming);
    });
  });
  setInterval(() => void registration.update().catch(() => undefined), HOURLY);
}

function tellOfNew(waiting: ServiceWorker): void {
  const takeOver = (): void => {
    navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
    waiting.postMessage("take over");
  };
  useToasts().show({
    tone: "info",
    text: say("places.newVersion"),
    hint: say("places.newVersionHint"),
    action: { label: say("places.loadNewVersion"), run: takeOver },
    seconds: LONG,
  });
}
