/** What a task made, and the way to it. */

import type { Router } from "vue-router";

import { api, content } from "@/api/client";
import type { TaskAnswer } from "@/api/schema";

/** The picture of a task that succeeded; null where it made none, or many. */
export function pictureOf(task: TaskAnswer): string | null {
  if (task.status !== "succeeded") return null;
  const images = task.result?.["images"];
  const first: unknown = Array.isArray(images) ? images[0] : undefined;
  if (typeof first !== "object" || first === null) return null;
  const id = (first as Record<string, unknown>)["image_id"];
  return typeof id === "string" ? id : null;
}

/** The fitting that a task made. */
export function fittingOf(task: TaskAnswer): string | null {
  const id = task.status === "succeeded" ? task.result?.["vton_id"] : undefined;
  return typeof id === "string" ? id : null;
}

export function thumbnailOf(imageId: string, size: 320 | 640 = 320): string {
  return `/api/v1/library/images/${encodeURIComponent(imageId)}/thumbnail?size=${size}`;
}

/** Goes to where the result is: a fitting back into the fitting room with all that belongs to it, others to the library. */
export async function goToResult(task: TaskAnswer, router: Router): Promise<void> {
  const fitting = fittingOf(task);
  const batch = task.parameters["batch_name"] ?? task.result?.["batch_name"];
  if (task.kind === "batch") {
    await router.push({ name: "generate", query: { tab: "batch", ...(typeof batch === "string" && { batch }) } });
    return;
  }
  if (task.kind === "generate") {
    await router.push({ name: "generate", query: pictureOf(task) === null ? {} : { picture: pictureOf(task) } });
    return;
  }
  if (fitting === null) {
    await router.push({ name: "images", query: pictureOf(task) === null ? {} : { tab: "results", picture: pictureOf(task) } });
    return;
  }
  const entry = await content(api.GET("/api/v1/tryon/{vton_id}", { params: { path: { vton_id: fitting } } }));
  const { useFitting } = await import("@/features/fitting/fitting");
  await router.push({ name: "tryon" });
  await useFitting().bringBack(entry);
}
