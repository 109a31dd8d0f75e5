/** What the server takes and tells of batches. */

import { ask } from "@/api/client";
import type { TaskAnswer, TaskError } from "@/api/schema";

export type PromptStatus = "queued" | "succeeded" | "failed" | "cancelled";

export interface BatchOrder {
  prompts: string[];
  aspect_ratio: string;
  resolution: string;
  provider: string;
  model: string;
  negative_prompt?: string;
}

export interface BatchMade {
  batch_name: string;
  task_id: string;
  count: number;
  status: TaskAnswer["status"];
}

export interface BatchItem {
  /** From 0, in the order in which they were handed in. */
  index: number;
  prompt: string;
  status: PromptStatus;
  image_id: string | null;
  url: string | null;
  thumbnail_url: string | null;
  width: number | null;
  height: number | null;
  error: TaskError | null;
}

export interface BatchAnswer {
  batch_name: string;
  task_id: string;
  status: TaskAnswer["status"];
  progress: number;
  stage: string;
  counts: { total: number; succeeded: number; failed: number };
  provider: string;
  model: string;
  aspect_ratio: string;
  resolution: string;
  negative_prompt: string;
  price: number;
  /** Why it failed as a whole. */
  error: TaskError | null;
  created_at: string;
  updated_at: string;
  finished_at: string | null;
  items: BatchItem[];
}

export interface TaskPage {
  items: TaskAnswer[];
  total: number;
  next_cursor: string | null;
}

const JSON_HEADERS = { "Content-Type": "application/json" };

/** Throws `Refusal`, as all of these. */
export async function handIn(order: BatchOrder): Promise<BatchMade> {
  const answer = await ask("/api/v1/images/batch-generate", {
    method: "POST",
    headers: JSON_HEADERS,
    body: JSON.stringify(order),
  });
  return (await answer.json()) as BatchMade;
}

export async function fetchBatch(name: string, signal: AbortSignal): Promise<BatchAnswer> {
  return (await (await ask(addressOf(name), { signal })).json()) as BatchAnswer;
}

export async function fetchTask(taskId: string): Promise<TaskAnswer> {
  return (await (await ask(`/api/v1/images/tasks/${encodeURIComponent(taskId)}`)).json()) as TaskAnswer;
}

export async function fetchPage(cursor: string | null, size: number): Promise<TaskPage> {
  const query = new URLSearchParams({ kind: "batch", page_size: String(size), ...(cursor !== null && { cursor }) });
  return (await (await ask(`/api/v1/images?${query}`)).json()) as TaskPage;
}

/** A zip: the pictures, and a table of the prompts. */
export function fetchZip(name: string, signal: AbortSignal): Promise<Response> {
  return ask(`${addressOf(name)}/download`, { signal });
}

function addressOf(name: string): string {
  return `/api/v1/images/batch/${encodeURIComponent(name)}`;
}
