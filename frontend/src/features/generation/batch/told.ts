/** What a batch's task tells of it: its name, how many prompts it has, how many are done. */

import type { TaskAnswer } from "@/api/schema";
import { readStage } from "@/features/tasks/words";

export interface Told {
  /** Where it is opened; null where the task does not say. */
  name: string | null;
  /** Prompts; null where nobody says. */
  total: number | null;
  /** What is going on, in a word of the server's. */
  stage: string;
  done: number | null;
  /** What became of them; null before the end. */
  counts: { succeeded: number; failed: number } | null;
  model: string;
  provider: string;
  aspectRatio: string;
  resolution: string;
  /** Its first words. */
  first: string;
}

export function readBatch(task: Pick<TaskAnswer, "stage" | "parameters" | "result">): Told {
  const { parameters } = task;
  const { name: stage, values } = readStage(task.stage);
  return {
    name: words(parameters["batch_name"]) || words(task.result?.["batch_name"]) || null,
    total: number(parameters["count"]) ?? values["of"] ?? null,
    stage,
    done: values["done"] ?? null,
    counts: countsOf(task.result?.["counts"]),
    model: words(parameters["model"]),
    provider: words(parameters["provider"]),
    aspectRatio: words(parameters["aspect_ratio"]),
    resolution: words(parameters["resolution"]),
    first: words(parameters["prompt"]),
  };
}

function countsOf(told: unknown): Told["counts"] {
  if (typeof told !== "object" || told === null) return null;
  const { succeeded, failed } = told as Record<string, unknown>;
  return { succeeded: number(succeeded) ?? 0, failed: number(failed) ?? 0 };
}

function words(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function number(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}
