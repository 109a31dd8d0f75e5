/** The pictures that were asked for, newest first: pages of the server, and what has been heard of since. */

import type { TaskAnswer } from "@/api/schema";

/**
 * One list of what the pages hold and of what the page knows better by now. Tasks older than the last one of the pages
 * wait until those have come so far: else one would stand where its neighbours are still missing.
 */
export function mergeFeed(pages: readonly TaskAnswer[], known: readonly TaskAnswer[], isWhole: boolean): TaskAnswer[] {
  const all = new Map(pages.map((task) => [task.id, task]));
  const last = pages.at(-1);
  for (const task of known) {
    if (task.kind !== "generate" || task.parent_id) continue;
    if (all.has(task.id) || isWhole || last === undefined || !isOlder(task, last)) all.set(task.id, task);
  }
  return [...all.values()].sort((a, b) => (isOlder(a, b) ? 1 : isOlder(b, a) ? -1 : 0));
}

function isOlder(a: TaskAnswer, b: TaskAnswer): boolean {
  return a.created_at < b.created_at || (a.created_at === b.created_at && a.id < b.id);
}
