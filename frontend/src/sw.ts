/**
 * The service worker, served as /sw.js: says so where the server cannot be reached, keeps this version's hashed scripts
 * and styles, and takes what other apps share. It keeps no answer of the API and no picture; what was shared waits
 * until the page has fetched it (features/home/shared.ts).
 */

import { handle, OFFLINE_FILES, OFFLINE_PAGE, sharedFiles } from "@/worker/rules";

declare const self: ServiceWorkerGlobalScope;

/** The build puts the names of this version's assets here, one a line (build/worker.ts). */
const OWN_ASSETS = "__VTONLAB_ASSETS__".split("\n");
const SHELL = "vtonlab-shell";
const ASSETS = "vtonlab-assets";
const SHARED = "vtonlab-shared";

self.addEventListener("install", (event) => {
  event.waitUntil(keepOfflineFiles());
});

self.addEventListener("activate", (event) => {
  event.waitUntil(Promise.all([dropOldAssets(), self.registration.navigationPreload.enable(), self.clients.claim()]));
});

self.addEventListener("message", (event) => {
  // The reader asked for the new version.
  if (event.data === "take over") event.waitUntil(self.skipWaiting());
});

self.addEventListener("fetch", (event) => {
  switch (handle(event.request, self.location.origin)) {
    case "page":
      event.respondWith(pageOrOffline(event));
      break;
    case "asset":
      event.respondWith(keptOrFetched(event.request));
      break;
    case "offline file":
      event.respondWith(fetch(event.request).catch(() => keptOffline(new URL(event.request.url).pathname)));
      break;
    case "share":
      event.respondWith(takeShared(event.request));
      break;
    case "leave":
      break;
  }
});

async function keepOfflineFiles(): Promise<void> {
  const kept = await caches.open(SHELL);
  await kept.addAll(OFFLINE_FILES.map((address) => new Request(address, { cache: "reload" })));
}

async function dropOldAssets(): Promise<void> {
  const kept = await caches.open(ASSETS);
  for (const request of await kept.keys()) {
    if (!OWN_ASSETS.includes(new URL(request.url).pathname)) await kept.delete(request);
  }
}

async function pageOrOffline(event: FetchEvent): Promise<Response> {
  try {
    const early = (await event.preloadResponse) as Response | undefined;
    return early ?? (await fetch(event.request));
  } catch {
    return keptOffline(OFFLINE_PAGE);
  }
}

async function keptOffline(address: string): Promise<Response> {
  return (await (await caches.open(SHELL)).match(address)) ?? Response.error();
}

async function keptOrFetched(request: Request): Promise<Response> {
  const kept = await caches.open(ASSETS);
  const known = await kept.match(request);
  if (known) return known;
  const answer = await fetch(request);
  if (answer.ok && OWN_ASSETS.includes(new URL(request.url).pathname)) await kept.put(request, answer.clone());
  return answer;
}

async function takeShared(request: Request): Promise<Response> {
  const files = sharedFiles(await request.formData());
  const kept = await caches.open(SHARED);
  for (const [index, file] of files.entries()) {
    const headers = { "Content-Type": file.type, "X-Name": encodeURIComponent(file.name) };
    await kept.put(`/shared/${Date.now()}-${index}`, new Response(file, { headers }));
  }
  return Response.redirect(`/?shared=${files.length}`, 303);
}
