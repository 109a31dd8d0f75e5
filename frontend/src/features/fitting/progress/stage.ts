/** What a stage says besides its name, and how long it may still take. */

import type { TaskAnswer } from "@/api/schema";
import { readStage } from "@/features/tasks/words";

export interface Place {
  position: number;
  of: number | null;
}

/** Where in line it stands: in ours, or in that of the service that makes the picture; from 1. */
export function placeOf(task: TaskAnswer): Place | null {
  if (task.status === "queued" && typeof task.queue_position === "number") {
    return { position: task.queue_position, of: null };
  }
  const { position, size } = readStage(task.stage).values;
  return position === undefined ? null : { position, of: size ?? null };
}

/** Less of the way than this says nothing about the rest. */
const ENOUGH = 0.2;

/**
 * Seconds it may still take, where that is known: from what the engine says, else from the pace so far. `now` and the
 * server's clock may differ, so a start in the future counts as no time at all.
 */
export function secondsLeft(task: TaskAnswer, now: number): number | null {
  if (task.status !== "running") return null;
  const said = readStage(task.stage).values["seconds"];
  if (said !== undefined) return Math.max(0, said);
  if (!task.started_at || task.progress < ENOUGH || task.progress >= 1) return null;
  const worked = (now - Date.parse(task.started_at)) / 1000;
  if (!(worked > 1)) return null;
  return (worked * (1 - task.progress)) / task.progress;
}

/** Seconds as people say them: every second under ten, then fives, then tens, then whole minutes. */
export function rounded(seconds: number): { unit: "seconds" | "minutes"; value: number } {
  if (seconds >= 90) return { unit: "minutes", value: Math.round(seconds / 60) };
  const step = seconds < 10 ? 1 : seconds < 30 ? 5 : 10;
  return { unit: "seconds", value: Math.max(1, Math.ceil(seconds / step) * step) };
}
