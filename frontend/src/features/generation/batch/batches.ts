/** Every batch of this person, newest first: page after page, and in step with the server. */

import { computed, type ComputedRef, onScopeDispose, type Ref, ref, shallowRef, type ShallowRef } from "vue";

import { onConnected } from "@/api/live";
import { type Refusal, refusalFrom } from "@/api/errors";
import type { TaskAnswer } from "@/api/schema";
import { fetchPage } from "@/features/generation/batch/wire";
import { useTasks } from "@/stores/tasks";

const PAGE_SIZE = 20;

export interface Batches {
  items: ComputedRef<TaskAnswer[]>;
  /** Whether the server has answered once. */
  isKnown: Ref<boolean>;
  isLoading: Ref<boolean>;
  hasMore: Ref<boolean>;
  error: ShallowRef<Refusal | null>;
  more(): Promise<void>;
}

export function useBatches(): Batches {
  const tasks = useTasks();
  const fetched = shallowRef(new Map<string, TaskAnswer>());
  const isKnown = ref(false);
  const isLoading = ref(false);
  const hasMore = ref(true);
  const error = shallowRef<Refusal | null>(null);
  let cursor: string | null = null;

  /** What was fetched, and what has been heard of since: of both, the newest word counts. */
  const items = computed(() => {
    const known = new Map(fetched.value);
    for (const task of tasks.items) if (task.kind === "batch") known.set(task.id, task);
    return [...known.values()].sort((a, b) => b.created_at.localeCompare(a.created_at));
  });

  /** Fetches what follows; one page at a time. */
  async function more(): Promise<void> {
    if (isLoading.value || !hasMore.value) return;
    isLoading.value = true;
    try {
      const page = await fetchPage(cursor, PAGE_SIZE);
      take(page.items);
      cursor = page.next_cursor ?? null;
      hasMore.value = cursor !== null;
      isKnown.value = true;
      error.value = null;
    } catch (reason) {
      error.value = refusalFrom(reason);
    } finally {
      isLoading.value = false;
    }
  }

  /** What ended while nothing was heard. */
  async function catchUp(): Promise<void> {
    if (!isKnown.value) return;
    try {
      take((await fetchPage(null, PAGE_SIZE)).items);
    } catch {
      // It stays as it is; the bar at the top tells that the server does not answer.
    }
  }

  function take(page: readonly TaskAnswer[]): void {
    fetched.value = new Map([...fetched.value, ...page.map((task) => [task.id, task] as const)]);
  }

  onScopeDispose(onConnected(() => void (isKnown.value ? catchUp() : more())));
  return { items, isKnown, isLoading, hasMore, error, more };
}
