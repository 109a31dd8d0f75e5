/** Short messages at the edge of the page. What destroys something offers to take it back for eight seconds. */

import { defineStore } from "pinia";
import { ref } from "vue";

import { refusalFrom } from "@/api/errors";

export const UNDO_SECONDS = 8;
const READING_SECONDS = 5;

export interface Toast {
  id: number;
  tone: "info" | "good" | "bad";
  text: string;
  hint?: string;
  /** With `isUndo`, Ctrl+Z does it, too. */
  action?: { label: string; run: () => unknown; isUndo?: boolean };
  seconds: number;
}

export const useToasts = defineStore("toasts", () => {
  const items = ref<Toast[]>([]);
  let newest = 0;

  function show(toast: Omit<Toast, "id" | "seconds"> & { seconds?: number }): number {
    const id = ++newest;
    const seconds = toast.seconds ?? (toast.action ? UNDO_SECONDS : READING_SECONDS);
    items.value = [...items.value.slice(-3), { ...toast, id, seconds }];
    return id;
  }

  function dismiss(id: number): void {
    items.value = items.value.filter((toast) => toast.id !== id);
  }

  /** Does what the message offers. */
  async function act(toast: Toast): Promise<void> {
    dismiss(toast.id);
    try {
      await toast.action?.run();
    } catch (error) {
      fail(error);
    }
  }

  /** Takes back what was destroyed last, while that is still offered. */
  function undo(): boolean {
    const newest = items.value.findLast((toast) => toast.action?.isUndo === true);
    if (newest === undefined) return false;
    void act(newest);
    return true;
  }

  /** What went wrong, with what to do about it. */
  function fail(error: unknown): number {
    const { message, hint } = refusalFrom(error);
    return show({ tone: "bad", text: message, hint, seconds: 10 });
  }

  return { items, show, dismiss, act, undo, fail };
});
