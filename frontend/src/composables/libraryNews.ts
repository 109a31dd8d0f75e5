/** What happens to pictures, told to every list of them on the page: each puts itself right. */

import { onConnected, onLibrary } from "@/api/live";
import type { LibraryImage } from "@/api/schema";

export type LibraryNews =
  /** They are gone for good. */
  | { type: "gone"; ids: readonly string[] }
  /** They are in the trash now. */
  | { type: "trashed"; ids: readonly string[] }
  /** They are out of the trash again. */
  | { type: "restored"; ids: readonly string[] }
  /** They are different now, perhaps so that a filter no longer lets them through. */
  | { type: "changed"; images: readonly LibraryImage[] }
  /** Something came, went or changed of which nothing nearer is known: look again. */
  | { type: "stale" };

/** The server tells of every change; of many in a row, lists look again only once. */
const MERGE_MS = 250;

const listeners = new Set<(news: LibraryNews) => void>();
let working = 0;
let timer: ReturnType<typeof setTimeout> | undefined;
let stop: (() => void) | null = null;

/** Calls `listener` for all news from now on; the answer ends that. */
export function onNews(listener: (news: LibraryNews) => void): () => void {
  stop ??= hearServer();
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    stop?.();
    stop = null;
  };
}

export function tellNews(news: LibraryNews): void {
  for (const listener of [...listeners]) listener(news);
}

/**
 * Whether a change that the page shows already is still on its way to the server: what the server says meanwhile is of
 * yesterday, so lists ask nothing.
 */
export function isChanging(): boolean {
  return working > 0;
}

/** Does `work`, of which lists were told already; at its end they look again, however it ended. */
export async function changing<T>(work: () => Promise<T>): Promise<T> {
  working++;
  try {
    return await work();
  } finally {
    working--;
    if (working === 0) tellNews({ type: "stale" });
  }
}

/** Changes by other windows and programs, and whatever was missed while the connection was lost. */
function hearServer(): () => void {
  const later = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (!isChanging()) tellNews({ type: "stale" });
    }, MERGE_MS);
  };
  let connections = 0;
  const ends = [onLibrary(later), onConnected(() => (connections++ > 0 ? later() : undefined))];
  return () => {
    clearTimeout(timer);
    for (const end of ends) end();
  };
}
