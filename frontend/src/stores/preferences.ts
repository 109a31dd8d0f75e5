/** What this browser remembers of how its reader likes things. Kept in `localStorage`; `public/theme.js` reads it too. */

import { defineStore } from "pinia";
import { ref, watch } from "vue";

import { type Language, LANGUAGES, speak, systemLanguage } from "@/i18n";

const KEY = "vtonlab.preferences";

export type Theme = "system" | "light" | "dark";
export type GridSize = "S" | "M" | "L";

export const usePreferences = defineStore("preferences", () => {
  const kept = read();
  const theme = ref<Theme>(oneOf(["system", "light", "dark"], kept["theme"]) ?? "system");
  const language = ref<Language | null>(oneOf(LANGUAGES, kept["language"]));
  const gridSize = ref<GridSize>(oneOf(["S", "M", "L"], kept["gridSize"]) ?? "M");
  const asList = ref(kept["asList"] === true);
  /** The engine of "Photograph it"; null: the server's own choice. */
  const engine = ref<string | null>(typeof kept["engine"] === "string" ? kept["engine"] : null);
  /** Engines of which the reader has read where pictures go. */
  const consented = ref<string[]>(Array.isArray(kept["consented"]) ? kept["consented"].map(String) : []);
  const hasSeenWelcome = ref(kept["hasSeenWelcome"] === true);

  watch(
    [theme, language, gridSize, asList, engine, consented, hasSeenWelcome],
    () => {
      write({
        theme: theme.value,
        language: language.value,
        gridSize: gridSize.value,
        asList: asList.value,
        engine: engine.value,
        consented: consented.value,
        hasSeenWelcome: hasSeenWelcome.value,
      });
      if (theme.value === "system") delete document.documentElement.dataset["theme"];
      else document.documentElement.dataset["theme"] = theme.value;
    },
    { deep: true },
  );
  watch(language, () => void speakChosen());

  async function speakChosen(ofServer: Language | null = null): Promise<void> {
    await speak(language.value ?? ofServer ?? systemLanguage());
  }

  return { theme, language, gridSize, asList, engine, consented, hasSeenWelcome, speakChosen };
});

function oneOf<T extends string>(allowed: readonly T[], value: unknown): T | null {
  return allowed.find((one) => one === value) ?? null;
}

function read(): Record<string, unknown> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return typeof kept === "object" && kept !== null ? (kept as Record<string, unknown>) : {};
  } catch {
    return {}; // nothing is kept, or by another hand
  }
}

function write(values: Record<string, unknown>): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(values));
  } catch {
    // A private window or a full disk: it holds until the page is closed.
  }
}
