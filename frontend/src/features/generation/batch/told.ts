/** What a batch's task tells of it: its name, how many prompts it has, how many are done. */

import type { TaskAnswer } from "@/api/schema";
import { readStage } from "@/features/tasks/words";

export interface Told {
  /** Where it is opened; null where the task does not say. */
  name: string | null;
  /** Prompts; null where nobody says. */
  total: number | null;
  done: number | null;
  model: string;
  provider: string;
  aspectRatio: string;
  resolution: string;
  /** Its first words. */
  first: string;
}

export function readBatch(task: TaskAnswer): Told {
  const { parameters } = task;
  const { done, of } = readStage(task.stage).values;
  const prompts: unknown = parameters["prompts"];
  return {
    name: words(parameters["batch_name"]) || words(task.result?.["batch_name"]) || null,
    total: number(parameters["count"]) ?? of ?? (Array.isArray(prompts) ? prompts.length : null),
    done: done ?? null,
    model: words(parameters["model"]),
    provider: words(parameters["provider"]),
    aspectRatio: words(parameters["aspect_ratio"]),
    resolution: words(parameters["resolution"]),
    first: Array.isArray(prompts) ? words(prompts[0]) : words(parameters["prompt"]),
  };
}

function words(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function number(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}
