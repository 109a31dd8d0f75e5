/** What is worth doing next, from what is there; at most three things, the most useful first. */

import type { LibraryImage, TaskAnswer } from "@/api/schema";

/** What is known when the choice is made. */
export interface Situation {
  /** Newest first. */
  people: readonly LibraryImage[];
  clothes: readonly LibraryImage[];
  resultCount: number;
  clothesCount: number;
  isSample: (image: LibraryImage) => boolean;
  /** Some engine that makes photographs serves here. */
  hasStrongEngine: boolean;
  failedTasks: number;
  /** The reader may draw, and somebody who draws from words serves here. */
  canDraw: boolean;
}

export type Step =
  | { kind: "tryOn"; person: LibraryImage; garment: LibraryImage }
  | { kind: "ownPhoto" | "ownGarment" | "moreGarments" | "photograph" | "strongEngine" | "failed" | "draw" };

const MOST = 3;
const WARDROBE = 4;

export function nextSteps(now: Situation): Step[] {
  const steps: Step[] = [];
  const person = now.people.find((image) => !now.isSample(image)) ?? now.people[0];
  const garment = now.clothes.find((image) => !now.isSample(image)) ?? now.clothes[0];
  if (now.failedTasks > 0) steps.push({ kind: "failed" });
  if (person && now.isSample(person)) steps.push({ kind: "ownPhoto" });
  if (garment && now.isSample(garment)) steps.push({ kind: "ownGarment" });
  if (person && garment) steps.push({ kind: "tryOn", person, garment });
  if (garment && !now.isSample(garment) && now.clothesCount < WARDROBE) steps.push({ kind: "moreGarments" });
  if (now.resultCount === 0 && now.hasStrongEngine) steps.push({ kind: "photograph" });
  if (!now.hasStrongEngine) steps.push({ kind: "strongEngine" });
  if (now.canDraw) steps.push({ kind: "draw" });
  return steps.slice(0, MOST);
}

const DAY_MS = 86_400_000;

/** Tasks that failed within a day: older ones are nobody's news. */
export function failedOfLate(tasks: readonly TaskAnswer[], now = Date.now()): TaskAnswer[] {
  return tasks.filter((task) => task.status === "failed" && now - Date.parse(task.finished_at ?? task.created_at) < DAY_MS);
}
