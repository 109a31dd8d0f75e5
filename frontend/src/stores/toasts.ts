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
  action?: { label: string; run: () => void | Promise<void> };
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

  /** What went wrong, with what to do about it. */
  function fail(error: unknown): number {
    const { message, hint } = refusalFrom(error);
    return show({ tone: "bad", text: message, hint, seconds: 10 });
  }

  return { items, show, dismiss, fail };
});
