/** Who draws, and how: what the services offer, and what this browser's reader asked for last. */

import { defineStore } from "pinia";
import { computed, ref, shallowRef, watch } from "vue";

import { type Refusal, refusalFrom } from "@/api/errors";
import type { Budget, Provider } from "@/api/schema";
import {
  chooseFrom,
  priceOf,
  type Ratio,
  RATIOS,
  ratioFor,
  type Resolution,
  resolutionFor,
  RESOLUTIONS,
  type Wish,
} from "@/features/generation/offers";
import { fetchOffers } from "@/features/generation/wire";
import { currentLanguage, i18n } from "@/i18n";
import { consentFor, healthOf, isServing } from "@/stores/engines";
import { usePreferences } from "@/stores/preferences";

const KEY = "vtonlab.studio";
const ASK_AGAIN_MS = 1500;

export const useStudio = defineStore("studio", () => {
  const preferences = usePreferences();
  const providers = shallowRef<Provider[]>([]);
  const budget = shallowRef<Budget | null>(null);
  const isLoaded = ref(false);
  /** Why nothing is known of them. */
  const error = shallowRef<Refusal | null>(null);
  const wish = ref<Wish>(read());
  let language = "";
  let timer = 0;
  let running: Promise<void> | null = null;

  const choice = computed(() => chooseFrom(providers.value, wish.value));
  /** Who is asked; null: nobody is set up, or answers. */
  const provider = computed(() => choice.value?.provider ?? null);
  const model = computed(() => choice.value?.model ?? null);
  /** Somebody serves, and has not said yet with what. */
  const isAsking = computed(() => choice.value === null && providers.value.some((one) => healthOf(one) === "asking" || isServing(one)));
  /** As wished, or as near as the model comes. */
  const ratio = computed<Ratio>({
    get: () => (model.value ? ratioFor(model.value, wish.value.ratio) : wish.value.ratio),
    set: (one) => (wish.value = { ...wish.value, ratio: one }),
  });
  const resolution = computed<Resolution>({
    get: () => (model.value ? resolutionFor(model.value, wish.value.resolution) : wish.value.resolution),
    set: (one) => (wish.value = { ...wish.value, resolution: one }),
  });
  /** Whether words and pictures would go to somewhere of which the reader has not read yet. */
  const needsConsent = computed(() => {
    const consent = provider.value && consentFor(provider.value);
    return consent !== null && !preferences.consented.includes(consent);
  });

  watch(wish, write);

  function choose(providerName: string, modelName: string): void {
    wish.value = { ...wish.value, provider: providerName, model: modelName };
  }

  function consent(): void {
    const given = provider.value && consentFor(provider.value);
    if (given && !preferences.consented.includes(given)) preferences.consented = [...preferences.consented, given];
  }

  /** US dollars for `count` pictures as they are asked for now. */
  function price(count = 1, inBatch = false): number {
    return model.value ? priceOf(model.value, resolution.value, inBatch, count) : 0;
  }

  /** Asks what there is; who asks meanwhile gets the same answer. What goes wrong is in `error`. */
  function load(): Promise<void> {
    running ??= fetchAll().finally(() => (running = null));
    return running;
  }

  async function fetchAll(): Promise<void> {
    language = currentLanguage();
    try {
      const told = await fetchOffers();
      providers.value = told.items;
      budget.value = told.budget;
      isLoaded.value = true;
      error.value = null;
    } catch (failure) {
      error.value = refusalFrom(failure);
    }
  }

  // They are asked in the background: what they say is there a moment later.
  watch([isAsking, providers], ([asking]) => {
    clearTimeout(timer);
    if (asking) timer = window.setTimeout(() => void load(), ASK_AGAIN_MS);
  });

  // They speak the language in which they were asked.
  watch(i18n.global.locale, () => {
    if (isLoaded.value && language !== currentLanguage()) void load();
  });

  return {
    providers,
    budget,
    isLoaded,
    error,
    isAsking,
    provider,
    model,
    ratio,
    resolution,
    needsConsent,
    choose,
    consent,
    price,
    load,
  };
});

function read(): Wish {
  const usual: Wish = { provider: null, model: null, ratio: "1:1", resolution: "1K" };
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Record<keyof Wish, unknown>> | null;
    return {
      provider: typeof kept?.provider === "string" ? kept.provider : null,
      model: typeof kept?.model === "string" ? kept.model : null,
      ratio: RATIOS.find((one) => one === kept?.ratio) ?? usual.ratio,
      resolution: RESOLUTIONS.find((one) => one === kept?.resolution) ?? usual.resolution,
    };
  } catch {
    return usual; // nothing is kept, or by another hand
  }
}

function write(wish: Wish): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(wish));
  } catch {
    // A private window or a full disk: it holds until the page is closed.
  }
}
