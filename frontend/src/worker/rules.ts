/** What the service worker does with which request; apart from it, so that it can be tried without one. */

/** Shown for any page while the server cannot be reached. */
export const OFFLINE_PAGE = "/offline.html";
/** All that the offline page is made of. */
export const OFFLINE_FILES = [OFFLINE_PAGE, "/offline.css", "/offline.js", "/theme.js", "/favicon.svg"];
/** Where other apps' shares arrive (manifest.webmanifest). */
export const SHARE_ADDRESS = "/share";

const HASHED = /^\/assets\/[^/]+-[\w-]{8,}\.\w+$/;

export type Handling = "page" | "asset" | "offline file" | "share" | "leave";

/** `leave`: the worker is not there for it; so for every answer of the API, and so for all pictures. */
export function handle(request: Pick<Request, "method" | "mode" | "url">, origin: string): Handling {
  const { pathname, origin: asked } = new URL(request.url);
  if (asked !== origin) return "leave";
  if (request.method === "POST") return pathname === SHARE_ADDRESS ? "share" : "leave";
  if (request.method !== "GET" || pathname.startsWith("/api/")) return "leave";
  if (HASHED.test(pathname)) return "asset";
  if (OFFLINE_FILES.includes(pathname)) return "offline file";
  return request.mode === "navigate" ? "page" : "leave";
}

/** The pictures of a share; what else came with it (a link, a text) is not kept. */
export function sharedFiles(form: FormData): File[] {
  return form.getAll("pictures").filter((one): one is File => one instanceof File && one.size > 0);
}
