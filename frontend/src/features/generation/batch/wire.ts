/** What the server is asked of batches. All of these throw `Refusal`. */

import { api, content } from "@/api/client";
import type { BatchAccepted, BatchAnswer, BatchBody, TaskAnswer, TaskList } from "@/api/schema";

/** `key`: a request that is sent again with it makes no second batch. */
export async function handIn(body: BatchBody, key: string): Promise<BatchAccepted> {
  return content(api.POST("/api/v1/images/batch-generate", { body, params: { header: { "Idempotency-Key": key } } }));
}

export async function fetchBatch(batch_name: string, signal: AbortSignal): Promise<BatchAnswer> {
  return content(api.GET("/api/v1/images/batch/{batch_name}", { params: { path: { batch_name } }, signal }));
}

export async function fetchTask(task_id: string): Promise<TaskAnswer> {
  return content(api.GET("/api/v1/images/tasks/{task_id}", { params: { path: { task_id } } }));
}

/** Newest first; `cursor` null: from the newest on. */
export async function fetchPage(cursor: string | null, page_size: number): Promise<TaskList> {
  const query = { kind: "batch", page_size, ...(cursor !== null && { cursor }) } as const;
  return content(api.GET("/api/v1/images", { params: { query } }));
}

/** The address of a zip with the pictures and a table of the prompts, once nothing keeps it from being made. */
export async function prepareZip(batch_name: string): Promise<string> {
  await api.POST("/api/v1/images/batch/{batch_name}/download", { params: { path: { batch_name } } });
  return `/api/v1/images/batch/${encodeURIComponent(batch_name)}/download`;
}
