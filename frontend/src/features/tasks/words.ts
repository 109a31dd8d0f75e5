/** What tasks and their stages are called. */

import type { Status, TaskAnswer } from "@/api/schema";
import { i18n, say } from "@/i18n";

export function hasEnded(status: Status): boolean {
  return status === "succeeded" || status === "failed" || status === "cancelled";
}

/** A stage as engines report it: a word, then `name=value` pairs (`remote_queue position=3 seconds=42`). */
export interface Stage {
  name: string;
  values: Record<string, number>;
}

export function readStage(stage: string): Stage {
  const [name = "", ...pairs] = stage.trim().split(/\s+/);
  const values: Record<string, number> = {};
  for (const pair of pairs) {
    const [key = "", value = ""] = pair.split("=");
    if (key !== "" && value !== "" && Number.isFinite(Number(value))) values[key] = Number(value);
  }
  return { name, values };
}

/** What is being done, for people. A stage that we do not know is "Working": better than a word of a machine. */
export function stageText(stage: string): string {
  const { name, values } = readStage(stage);
  const key = `tasks.stages.${name}`;
  const words = name !== "" && i18n.global.te(key) ? say(key) : say("tasks.stages.unknown");
  const step = values["step"] ?? values["done"];
  const steps = values["steps"] ?? values["of"];
  if (step !== undefined && steps !== undefined) return say("tasks.stepOf", { stage: words, step, steps });
  if (values["position"] !== undefined) return say("tasks.atPlace", { stage: words, place: values["position"] });
  return words;
}

/** What a task is: a fitting, a picture, or several of them. */
export function kindText(task: TaskAnswer): string {
  const parts = task.children?.length ?? 0;
  const key = `tasks.kind.${task.kind}`;
  const words = i18n.global.te(key) ? say(key) : say("tasks.kind.other");
  return parts > 0 ? say("tasks.several", { kind: words, n: parts }) : words;
}

/** Where in line a task stands that has not begun; empty for others. */
export function placeText(task: TaskAnswer): string {
  if (task.status !== "queued" && task.status !== "waiting") return "";
  const place = task.queue_position ?? 0;
  return place > 1 ? say("tasks.inLine", { place }) : say("tasks.status.queued");
}
