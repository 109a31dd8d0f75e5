/** What happens to pictures, told to every list of them on the page: each puts itself right. */

import type { LibraryImage } from "@/api/schema";

export type LibraryNews =
  /** These are gone from wherever they were; what could be said of them is in `images`. */
  | { type: "gone"; ids: readonly string[] }
  /** They are in the trash now. */
  | { type: "trashed"; ids: readonly string[] }
  /** They are different now, perhaps so that a filter no longer lets them through. */
  | { type: "changed"; images: readonly LibraryImage[] }
  /** Something came, went or changed of which nothing nearer is known: look again. */
  | { type: "stale" };

const listeners = new Set<(news: LibraryNews) => void>();

/** Calls `listener` for all news from now on; the answer ends that. */
export function onNews(listener: (news: LibraryNews) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function tellNews(news: LibraryNews): void {
  for (const listener of [...listeners]) listener(news);
}
