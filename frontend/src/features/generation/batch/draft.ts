/** The batch that is being written: it stays while one looks at other pages, and when the page is loaded anew. */

import { defineStore } from "pinia";
import { computed, ref, shallowRef, watch } from "vue";

import { type Refusal, refusalFrom } from "@/api/errors";
import type { BatchBody, TaskAnswer } from "@/api/schema";
import { newKey } from "@/features/fitting/order";
import { countOf, promptsIn, readLines } from "@/features/generation/batch/lines";
import { fetchTask, handIn } from "@/features/generation/batch/wire";
import { useSession } from "@/stores/session";
import { useTasks } from "@/stores/tasks";

/** In this tab of the browser, until it is closed; of each person their own. */
const KEY = "vtonlab.batch";

export const useBatchDraft = defineStore("batchDraft", () => {
  const session = useSession();
  const tasks = useTasks();
  const text = ref("");
  const negative = ref("");
  const isBusy = ref(false);
  /** Why the server did not take it. */
  const refusal = shallowRef<Refusal | null>(null);
  /** What no answer came to: sent again, it is the same request. */
  let unanswered: { body: string; key: string } | null = null;

  const lines = computed(() => readLines(text.value));
  const count = computed(() => countOf(lines.value));
  const isSound = computed(() => count.value.prompts > 0 && count.value.tooMany === 0 && count.value.tooLong.length === 0);

  watch(
    () => session.profile?.user_id,
    (user) => {
      if (user === undefined) return;
      const kept = read(user);
      text.value = kept.text;
      negative.value = kept.negative;
      refusal.value = null;
    },
    { immediate: true },
  );
  watch([text, negative], () => {
    refusal.value = null;
    const user = session.profile?.user_id;
    if (user !== undefined) write({ user, text: text.value, negative: negative.value });
  });

  /** Hands in what is written. Answers the task; null where the server did not take it (`refusal`). */
  async function send(order: Omit<BatchBody, "prompts">): Promise<TaskAnswer | null> {
    if (isBusy.value || !isSound.value) return null;
    isBusy.value = true;
    refusal.value = null;
    try {
      const task = await start({ ...order, prompts: promptsIn(lines.value) });
      text.value = "";
      return task;
    } catch (error) {
      refusal.value = refusalFrom(error);
      return null;
    } finally {
      isBusy.value = false;
    }
  }

  /** Hands in `body`, whatever is being written. Throws `Refusal`. */
  async function start(body: BatchBody): Promise<TaskAnswer> {
    const written = JSON.stringify(body);
    const key = unanswered?.body === written ? unanswered.key : newKey();
    unanswered = { body: written, key };
    try {
      const made = await handIn(body, key);
      const task = await fetchTask(made.task_id);
      unanswered = null;
      tasks.track(task);
      return task;
    } catch (error) {
      if (refusalFrom(error).status !== 0) unanswered = null;
      throw error;
    }
  }

  return { text, negative, lines, count, isSound, isBusy, refusal, send, start };
});

interface Kept {
  user: string;
  text: string;
  negative: string;
}

function read(user: string): Kept {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null") as Partial<Kept> | null;
    if (kept?.user === user) return { user, text: kept.text ?? "", negative: kept.negative ?? "" };
  } catch {
    // Nothing is kept, or by another hand.
  }
  return { user, text: "", negative: "" };
}

function write(kept: Kept): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    // A private window or a full disk: it holds until the page is closed.
  }
}
