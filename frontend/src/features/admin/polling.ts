/** Asking again and again, as long as somebody can see the answer. */

import { onMounted, onScopeDispose } from "vue";

/** Does `work` so long after it was done before, while the page is visible and its component lives. */
export function usePolling(work: () => Promise<unknown>, everyMs: number): void {
  let timer = 0;
  let isWorking = false;
  let isOver = false;

  function plan(): void {
    clearTimeout(timer);
    if (!isOver && !document.hidden) timer = window.setTimeout(() => void turn(), everyMs);
  }

  async function turn(): Promise<void> {
    if (isWorking) return;
    isWorking = true;
    await work().catch(() => undefined); // who works shows what went wrong
    isWorking = false;
    plan();
  }

  function look(): void {
    if (document.hidden) clearTimeout(timer);
    else void turn();
  }

  onMounted(plan);
  document.addEventListener("visibilitychange", look);
  onScopeDispose(() => {
    isOver = true;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", look);
  });
}
