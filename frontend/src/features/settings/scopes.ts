/** What a token may be allowed: the permissions of its maker, in the order in which people meet them. */

import type { Permission } from "@/api/schema";

const ORDER: readonly Permission[] = [
  "images:upload",
  "images:read",
  "images:manage",
  "tryon:create",
  "generate:create",
  "tasks:read",
  "tasks:control",
  "account:manage",
  "tasks:manage",
  "users:manage",
  "roles:manage",
  "audit:read",
  "stats:read",
];

/** What the browser extension needs: to add pictures and to show that they are there. */
export const OF_EXTENSION: readonly Permission[] = ["images:upload", "images:read"];

/** `owned`, in order. `tokens:manage` is left out: a token makes no tokens. */
export function scopesFor(owned: readonly string[]): Permission[] {
  return ORDER.filter((scope) => owned.includes(scope));
}

/** The permission as a part of a key of words: `images_read`. */
export function scopeKey(scope: string): string {
  return scope.replace(":", "_");
}
