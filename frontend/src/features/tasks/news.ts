/** Which tasks ended while nobody looked: kept by the browser, so that it is still known tomorrow. */

import type { TaskAnswer } from "@/api/schema";
import { hasEnded } from "@/features/tasks/words";

const KEY = "vtonlab.tasksSeenUntil";

/** Whether `task` ended after `seenUntil` (ISO) and has not been seen since. What somebody cancelled, they know of. */
export function isNews(task: TaskAnswer, seenUntil: string, seen: ReadonlySet<string>): boolean {
  if (!hasEnded(task.status) || task.status === "cancelled" || seen.has(task.id)) return false;
  return Date.parse(task.finished_at ?? "") > Date.parse(seenUntil);
}

/** The moment up to which everything was seen; on the first visit that is now. */
export function readSeenUntil(): string {
  try {
    const kept = localStorage.getItem(KEY);
    if (kept !== null && !Number.isNaN(Date.parse(kept))) return kept;
  } catch {
    // Nothing is kept in a private window.
  }
  return new Date().toISOString();
}

export function writeSeenUntil(moment: string): void {
  try {
    localStorage.setItem(KEY, moment);
  } catch {
    // It holds until the page is closed.
  }
}
