/** Every long job of this person: what runs, what is done, kept in step with the server. */

import { defineStore } from "pinia";
import { computed, ref, shallowReactive } from "vue";

import { api, content } from "@/api/client";
import { isLive, onConnected, onTask, type TaskUpdate } from "@/api/live";
import type { Status, TaskAnswer } from "@/api/schema";
import { isNews as isNewsOf, readSeenUntil, writeSeenUntil } from "@/features/tasks/news";
import { hasEnded, stageText } from "@/features/tasks/words";

const SHOWN = 50;
/** Without news by themselves, running tasks are asked after so often; a queue position is never told otherwise. */
const ASK_EVERY = 2000;

export const useTasks = defineStore("tasks", () => {
  const known = shallowReactive(new Map<string, TaskAnswer>());
  const waiting = new Map<string, ((task: TaskAnswer) => void)[]>();
  const error = ref<unknown>(null);
  const seenUntil = ref(readSeenUntil());
  /** Tasks whose end somebody waited for on the page. */
  const seen = shallowReactive(new Set<string>());
  const endListeners = new Set<(task: TaskAnswer) => void>();
  let timer = 0;

  /** Newest first. */
  const items = computed(() => [...known.values()].sort((a, b) => b.created_at.localeCompare(a.created_at)));
  const running = computed(() => items.value.filter((task) => !hasEnded(task.status)));

  /** What ended while nobody looked. */
  const news = computed(() => items.value.filter((task) => !task.parent_id && isNews(task)));

  onTask((update) => void hear(update));
  onConnected(() => void catchUp());

  function get(id: string): TaskAnswer | undefined {
    return known.get(id);
  }

  /** Takes in a task that the server has just answered. */
  function track(task: TaskAnswer): void {
    const before = known.get(task.id);
    known.set(task.id, task);
    if (hasEnded(task.status)) ended(task, before !== undefined && !hasEnded(before.status));
    keepAsking();
  }

  function ended(task: TaskAnswer, isJustNow: boolean): void {
    const awaiting = waiting.get(task.id) ?? [];
    waiting.delete(task.id);
    if (awaiting.length > 0 && document.visibilityState === "visible") seen.add(task.id);
    for (const tell of awaiting) tell(task);
    if (isJustNow && awaiting.length === 0) for (const listener of endListeners) listener(task);
  }

  /** Calls `listener` for each task that ends from now on and that no part of the page waits for. */
  function onUnawaitedEnd(listener: (task: TaskAnswer) => void): () => void {
    endListeners.add(listener);
    return () => endListeners.delete(listener);
  }

  function isNews(task: TaskAnswer): boolean {
    return isNewsOf(task, seenUntil.value, seen);
  }

  /** Everything up to now has been looked at. */
  function markSeen(): void {
    seenUntil.value = new Date().toISOString();
    writeSeenUntil(seenUntil.value);
  }

  /** The task once it succeeded, failed or was cancelled. */
  async function whenEnded(id: string): Promise<TaskAnswer> {
    const task = known.get(id) ?? (await ask(id));
    if (hasEnded(task.status)) return task;
    return await new Promise((resolve) => waiting.set(id, [...(waiting.get(id) ?? []), resolve]));
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
    seen.clear();
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
    onUnawaitedEnd,
    news,
    isNews,
    markSeen,
    cancel,
    retry,
    catchUp,
    forget,
    stageWords: stageText,
  };
});
