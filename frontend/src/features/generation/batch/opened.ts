/** One batch that is looked at: fetched anew whenever its task tells something, once a second at most. */

import { onScopeDispose, ref, type Ref, shallowRef, type ShallowRef, watch } from "vue";

import { isLive, onConnected, onTask } from "@/api/live";
import { isAborted, type Refusal, refusalFrom } from "@/api/errors";
import type { BatchAnswer } from "@/api/schema";
import { evenly } from "@/features/generation/batch/evenly";
import { fetchBatch } from "@/features/generation/batch/wire";
import { hasEnded } from "@/features/tasks/words";
import { i18n } from "@/i18n";

const AT_MOST_EVERY_MS = 1000;
/** While no news come by themselves. */
const ASK_EVERY_MS = 3000;

export interface Opened {
  batch: ShallowRef<BatchAnswer | null>;
  isLoading: Ref<boolean>;
  /** Why it is not there; while it is, it stays as it was last known. */
  error: ShallowRef<Refusal | null>;
  load(): void;
}

export function useOpened(name: string, ended: (batch: BatchAnswer) => void): Opened {
  const batch = shallowRef<BatchAnswer | null>(null);
  const isLoading = ref(false);
  const error = shallowRef<Refusal | null>(null);
  const leaving = new AbortController();
  const again = evenly(AT_MOST_EVERY_MS, load);

  async function load(): Promise<void> {
    isLoading.value = true;
    try {
      const before = batch.value;
      const now = await fetchBatch(name, leaving.signal);
      batch.value = now;
      error.value = null;
      if (before !== null && !hasEnded(before.status) && hasEnded(now.status)) ended(now);
    } catch (reason) {
      if (!isAborted(reason)) error.value = refusalFrom(reason);
    } finally {
      isLoading.value = false;
    }
  }

  const timer = window.setInterval(() => {
    if (!isLive.value && batch.value !== null && !hasEnded(batch.value.status)) again.ask();
  }, ASK_EVERY_MS);
  const ends = [
    onTask((update) => update.task_id === batch.value?.task_id && again.ask()),
    onConnected(again.ask),
    again.stop,
    () => clearInterval(timer),
    () => leaving.abort(),
  ];
  onScopeDispose(() => ends.forEach((end) => end()));
  // Reasons are told in the language in which they were asked for.
  watch(i18n.global.locale, again.ask);
  again.ask();

  return { batch, isLoading, error, load: again.ask };
}
