/** The fittings that are known, newest first, each once: pages come in behind, news in front, whatever happens meanwhile. */

import type { TryOnEntry } from "@/api/schema";

/** `known` with `more`; where both have an entry, the newer word counts. */
export function merged(known: readonly TryOnEntry[], more: readonly TryOnEntry[]): TryOnEntry[] {
  const byId = new Map([...known, ...more].map((entry) => [entry.id, entry]));
  return [...byId.values()].sort((a, b) => b.created_at.localeCompare(a.created_at) || b.id.localeCompare(a.id));
}

/** What is shown: a fitting whose picture is in the trash is not, until it comes back. */
export function visible(entries: readonly TryOnEntry[], gone: ReadonlySet<string>): TryOnEntry[] {
  return entries.filter((entry) => entry.url !== null && !gone.has(entry.result_image_id ?? ""));
}
