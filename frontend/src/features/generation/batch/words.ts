/** How batches are spoken of. */

import type { TaskAnswer } from "@/api/schema";
import { readBatch } from "@/features/generation/batch/told";
import { hasEnded, stageText } from "@/features/tasks/words";
import { i18n, say } from "@/i18n";

function sayCount(key: string, n: number): string {
  return i18n.global.t(key, { n }, n);
}

/** "100 prompts". */
export function totalWords(total: number | null): string {
  return total === null ? say("batches.one") : sayCount("batches.total", total);
}

/** What is going on: "41 of 100 done"; after the end, what became of them. */
export function stageWords(task: Pick<TaskAnswer, "status" | "stage" | "parameters" | "result">): string {
  const { stage, done, total, counts } = readBatch(task);
  if (hasEnded(task.status)) return counts === null || total === null ? "" : countWords({ total, ...counts }, true);
  if (done !== null && total !== null) {
    if (stage === "collect") return say("batches.collecting", { done, total });
    return done > 0 ? say("batches.doneOf", { done, total }) : say("batches.atService");
  }
  return task.status === "queued" || task.stage === "" ? say("batches.status.queued") : stageText(task.stage);
}

/** "93 drawn · 7 did not work", and how many are still to come, or will not. */
export function countWords(counts: { total: number; succeeded: number; failed: number }, isOver: boolean): string {
  const open = counts.total - counts.succeeded - counts.failed;
  const parts = [
    sayCount("batches.succeeded", counts.succeeded),
    counts.failed > 0 ? sayCount("batches.failed", counts.failed) : "",
    open > 0 ? sayCount(isOver ? "batches.notDone" : "batches.toCome", open) : "",
  ];
  return parts.filter(Boolean).join(" · ");
}
