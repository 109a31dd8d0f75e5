/** "Photograph it": the pair on the stage, handed to the chosen engine as a task. */

import { defineStore } from "pinia";
import { ref } from "vue";

import type { TaskAnswer, TryOnEntry } from "@/api/schema";

export type OptionValue = string | number | boolean | null;

export const usePhotograph = defineStore("photograph", () => {
  /** The engine's own options, as far as they differ from what it does by itself. */
  const options = ref<Record<string, OptionValue>>({});
  /** Of the garment, for engines that read it. */
  const description = ref("");
  /** What is to be changed (white, PNG), drawn by hand; null: the engine finds it. */
  const mask = ref<Blob | null>(null);
  const task = ref<TaskAnswer | null>(null);

  async function start(): Promise<void> {
    task.value = null;
  }

  async function cancel(): Promise<void> {
    task.value = null;
  }

  function useSettingsOf(entry: TryOnEntry): void {
    options.value = { ...(entry.parameters as Record<string, OptionValue>) };
  }

  return { options, description, mask, task, start, cancel, useSettingsOf };
});
