/** Where a reader goes after signing in: back to where they came from, as long as that is a page of ours. */

const SIGN_IN = "/login";

/** `asked`, if it is an address within this site and no sign-in page; else the first page. */
export function wayBack(asked: unknown, origin = location.origin): string {
  if (typeof asked !== "string" || !asked.startsWith("/")) return "/";
  let address: URL;
  try {
    address = new URL(asked, origin);
  } catch {
    return "/";
  }
  // "//elsewhere" and "/\elsewhere" begin with a slash, too, and lead away.
  if (address.origin !== origin) return "/";
  const isPage = address.pathname !== SIGN_IN && !address.pathname.startsWith("/api/");
  return isPage ? address.pathname + address.search + address.hash : "/";
}

/** The address of the sign-in page that leads back to `from`. */
export function signInFrom(from: string, extra: Record<string, string> = {}): { path: string; query: Record<string, string> } {
  const next = wayBack(from);
  return { path: SIGN_IN, query: next === "/" ? extra : { ...extra, next } };
}
