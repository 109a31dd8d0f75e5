/** Every long job of this person: what runs, what is done, kept in step with the server. */

import { defineStore } from "pinia";
import { computed, ref, shallowReactive } from "vue";

import { api, content } from "@/api/client";
import { isLive, onConnected, onTask, type TaskUpdate } from "@/api/live";
import type { Status, TaskAnswer } from "@/api/schema";
import { hasEnded, stageText } from "@/features/tasks/words";

const SHOWN = 50;
/** Without news by themselves, running tasks are asked after so often; a queue position is never told otherwise. */
const ASK_EVERY = 2000;

export const useTasks = defineStore("tasks", () => {
  const known = shallowReactive(new Map<string, TaskAnswer>());
  const waiting = new Map<string, ((task: TaskAnswer) => void)[]>();
  const error = ref<unknown>(null);
  let timer = 0;

  /** Newest first. */
  const items = computed(() => [...known.values()].sort((a, b) => b.created_at.localeCompare(a.created_at)));
  const running = computed(() => items.value.filter((task) => !hasEnded(task.status)));

  onTask((update) => void hear(update));
  onConnected(() => void catchUp());

  function get(id: string): TaskAnswer | undefined {
    return known.get(id);
  }

  /** Takes in a task that the server has just answered. */
  function track(task: TaskAnswer): void {
    known.set(task.id, task);
    if (hasEnded(task.status)) {
      for (const tell of waiting.get(task.id) ?? []) tell(task);
      waiting.delete(task.id);
    }
    keepAsking();
  }

  /** The task once it succeeded, failed or was cancelled. */
  async function whenEnded(id: string): Promise<TaskAnswer> {
    const task = known.get(id) ?? (await ask(id));
    if (hasEnded(task.status)) return task;
    return await new Promise((resolve) => waiting.set(id, [...(waiting.get(id) ?? []), resolve]));
  }

  /** Whether some part of the page waits for the task and will tell about its end. */
  function isAwaited(id: string): boolean {
    return waiting.has(id);
  }

  async function cancel(id: string): Promise<void> {
    track(await content(api.POST("/api/v1/tasks/{task_id}/cancel", { params: { path: { task_id: id } } })));
  }

  async function retry(id: string): Promise<void> {
    track(await content(api.POST("/api/v1/tasks/{task_id}/retry", { params: { path: { task_id: id } } })));
  }

  /** Asks for everything that may have changed while nothing was heard. */
  async function catchUp(): Promise<void> {
    try {
      const page = await content(api.GET("/api/v1/tasks", { params: { query: { page_size: SHOWN } } }));
      error.value = null;
      for (const task of page.items) track(task);
    } catch (failure) {
      error.value = failure;
    }
  }

  /** Another person: nothing of the last one stays. */
  function forget(): void {
    known.clear();
    waiting.clear();
    clearTimeout(timer);
    timer = 0;
  }

  async function ask(id: string): Promise<TaskAnswer> {
    const task = await content(api.GET("/api/v1/tasks/{task_id}", { params: { path: { task_id: id } } }));
    track(task);
    return task;
  }

  async function hear(update: TaskUpdate): Promise<void> {
    const task = known.get(update.task_id);
    if (task === undefined || hasEnded(update.status)) {
      await ask(update.task_id).catch((failure: unknown) => (error.value = failure));
      return;
    }
    const { status, progress, stage } = update;
    track({ ...task, status, progress, stage, queue_position: status === "queued" ? (task.queue_position ?? null) : null });
  }

  function keepAsking(): void {
    if (timer !== 0 || !needsAsking()) return;
    timer = window.setTimeout(() => {
      timer = 0;
      void catchUp().finally(keepAsking);
    }, ASK_EVERY);
  }

  function needsAsking(): boolean {
    return running.value.some((task) => !isLive.value || task.status === ("queued" satisfies Status));
  }

  return {
    items,
    running,
    error,
    get,
    track,
    whenEnded,
    isAwaited,
    cancel,
    retry,
    catchUp,
    forget,
    stageWords: stageText,
  };
});
