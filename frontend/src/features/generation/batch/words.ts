/** How batches are spoken of. */

import type { TaskAnswer } from "@/api/schema";
import type { BatchAnswer } from "@/features/generation/batch/wire";
import { readBatch } from "@/features/generation/batch/told";
import { hasEnded, stageText } from "@/features/tasks/words";
import { i18n, say } from "@/i18n";

/** "100 prompts". */
export function totalWords(total: number | null): string {
  return total === null ? say("batches.one") : i18n.global.t("batches.total", { n: total }, total);
}

/** What is going on: "41 of 100 drawn"; in words of stages where nothing is drawn yet. */
export function stageWords(task: Pick<TaskAnswer, "status" | "stage" | "parameters" | "result">): string {
  const { done, total } = readBatch(task as TaskAnswer);
  if (done !== null && total !== null && (done > 0 || hasEnded(task.status))) return say("batches.doneOf", { done, total });
  if (hasEnded(task.status)) return "";
  if (task.status === "queued") return say("batches.status.queued");
  return done === null ? stageText(task.stage) : say("batches.atService");
}

/** "93 drawn, 7 failed", and how many are still to come. */
export function countWords({ counts, status }: Pick<BatchAnswer, "counts" | "status">): string {
  const open = counts.total - counts.succeeded - counts.failed;
  const parts = [
    i18n.global.t("batches.succeeded", { n: counts.succeeded }, counts.succeeded),
    counts.failed > 0 ? i18n.global.t("batches.failed", { n: counts.failed }, counts.failed) : "",
    open > 0 ? i18n.global.t(hasEnded(status) ? "batches.notDone" : "batches.toCome", { n: open }, open) : "",
  ];
  return parts.filter(Boolean).join(say("batches.and"));
}
