/** What can make pictures here, how it is, and which of it "Photograph it" asks. */

import { defineStore } from "pinia";
import { computed, ref, shallowRef, watch } from "vue";

import { api, content } from "@/api/client";
import type { EngineAnswer } from "@/api/schema";
import { currentLanguage, i18n } from "@/i18n";
import { usePreferences } from "@/stores/preferences";

/** How an engine is, in the page's words. */
export type Health = "ok" | "busy" | "down" | "notSetUp" | "asking";

const HEALTH: Record<EngineAnswer["status"], Health> = {
  ok: "ok",
  degraded: "busy",
  down: "down",
  error: "down",
  not_set_up: "notSetUp",
  missing: "notSetUp",
  refused: "notSetUp",
  unknown: "asking",
};

export function healthOf(engine: Pick<EngineAnswer, "status">): Health {
  return HEALTH[engine.status];
}

/** Whether it is worth asking for a picture. */
export function isServing(engine: Pick<EngineAnswer, "status">): boolean {
  return !["down", "notSetUp"].includes(healthOf(engine));
}

/** What is remembered of who has read where pictures go: the engine at that host. A new host is asked about again. */
export function consentFor(engine: Pick<EngineAnswer, "name" | "sends_pictures_to">): string | null {
  return engine.sends_pictures_to === null ? null : `${engine.name}@${engine.sends_pictures_to}`;
}

export const useEngines = defineStore("engines", () => {
  const preferences = usePreferences();
  const items = shallowRef<EngineAnswer[]>([]);
  const isLoaded = ref(false);
  let language = "";
  let running: Promise<void> | null = null;

  /** Those that fit clothes; others may only draw pictures. */
  const fitters = computed(() => items.value.filter((one) => one.capabilities?.try_on !== false));
  /** The one that is asked: the reader's choice, else the server's. */
  const chosen = computed<EngineAnswer | null>(
    () =>
      fitters.value.find((one) => one.name === preferences.engine) ??
      fitters.value.find((one) => one.is_default) ??
      fitters.value[0] ??
      null,
  );
  /** Whether the chosen one sends pictures to somewhere of which the reader has not read yet. */
  const needsConsent = computed(() => {
    const consent = chosen.value && consentFor(chosen.value);
    return consent !== null && !preferences.consented.includes(consent);
  });

  /** Asks how they are; who asks meanwhile gets the same answer. Throws `Refusal`. */
  function load(): Promise<void> {
    running ??= fetchAll().finally(() => (running = null));
    return running;
  }

  async function fetchAll(): Promise<void> {
    language = currentLanguage();
    items.value = (await content(api.GET("/api/v1/engines"))).items;
    isLoaded.value = true;
  }

  function get(name: string): EngineAnswer | undefined {
    return items.value.find((one) => one.name === name);
  }

  function choose(name: string): void {
    preferences.engine = name;
  }

  function consent(): void {
    const given = chosen.value && consentFor(chosen.value);
    if (given && !preferences.consented.includes(given)) preferences.consented = [...preferences.consented, given];
  }

  // Engines speak the language in which they were asked.
  watch(i18n.global.locale, () => {
    if (isLoaded.value && language !== currentLanguage()) load().catch(() => undefined); // the old words still hold
  });

  return { items, fitters, isLoaded, chosen, needsConsent, load, get, choose, consent };
});
