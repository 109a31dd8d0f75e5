/** Words for people: one file a feature and language in `locales/`, English and Chinese alike (a test compares them). */

import { createI18n } from "vue-i18n";

export const LANGUAGES = ["zh-CN", "en"] as const;
export type Language = (typeof LANGUAGES)[number];

type Words = { [key: string]: string | Words };

/** Each language is a script of its own: a reader fetches one. */
const LOADERS: Record<Language, () => Promise<{ default: Words }>> = {
  en: () => import("@/locales/en"),
  "zh-CN": () => import("@/locales/zh-CN"),
};

export const i18n = createI18n<false>({
  legacy: false,
  locale: "en",
  fallbackLocale: false as never,
  missingWarn: true,
  messages: {} as Record<Language, Words>,
});

export function currentLanguage(): Language {
  return i18n.global.locale.value as Language;
}

/** The language of the system, as far as we have it. */
export function systemLanguage(): Language {
  for (const wanted of navigator.languages) {
    if (wanted.toLowerCase().startsWith("zh")) return "zh-CN";
    if (wanted.toLowerCase().startsWith("en")) return "en";
  }
  return "en";
}

export async function speak(language: Language): Promise<void> {
  if (!i18n.global.availableLocales.includes(language)) {
    i18n.global.setLocaleMessage(language, (await LOADERS[language]()).default as never);
  }
  i18n.global.locale.value = language;
  document.documentElement.lang = language;
}

/** `t` for where there is no component. */
export function say(key: string, values: Record<string, unknown> = {}): string {
  return i18n.global.t(key, values);
}
