/** What can make pictures here, and which of them "Photograph it" asks. */

import { defineStore } from "pinia";
import { computed, ref } from "vue";

import { api, content } from "@/api/client";
import type { EngineAnswer } from "@/api/schema";
import { usePreferences } from "@/stores/preferences";

export const useEngines = defineStore("engines", () => {
  const preferences = usePreferences();
  const items = ref<EngineAnswer[]>([]);
  const chosen = computed<EngineAnswer | null>(
    () =>
      items.value.find((one) => one.name === preferences.engine) ?? items.value.find((one) => one.is_default) ?? null,
  );

  /** Asks how they are. */
  async function load(): Promise<void> {
    items.value = (await content(api.GET("/api/v1/engines"))).items;
  }

  function get(name: string): EngineAnswer | undefined {
    return items.value.find((one) => one.name === name);
  }

  return { items, chosen, load, get };
});
