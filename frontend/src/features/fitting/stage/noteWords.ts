/** The words for what previews only name by code; asked for once in each language. */

import { type Ref, shallowRef, watch } from "vue";

import { api, content } from "@/api/client";
import type { ToldNote } from "@/api/schema";
import { currentLanguage, i18n, type Language } from "@/i18n";

const asked = new Map<Language, Promise<ReadonlyMap<string, ToldNote>>>();

function ask(language: Language): Promise<ReadonlyMap<string, ToldNote>> {
  const known = asked.get(language);
  if (known) return known;
  const coming = content(api.GET("/api/v1/tryon/notes")).then(
    ({ items }) => new Map(items.map((note) => [note.code, note])),
  );
  coming.catch(() => asked.delete(language)); // the next preview asks again
  asked.set(language, coming);
  return coming;
}

/** What the codes mean, in the reader's language; those without words are left out. */
export function useNoteWords(codes: () => readonly string[]): Ref<readonly ToldNote[]> {
  const notes = shallowRef<readonly ToldNote[]>([]);
  watch(
    [() => codes().join(), () => i18n.global.locale.value],
    async () => {
      const wanted = codes();
      if (wanted.length === 0) {
        notes.value = [];
        return;
      }
      const words = await ask(currentLanguage()).catch(() => null);
      if (wanted.join() !== codes().join()) return; // another picture by now
      notes.value = wanted.flatMap((code) => words?.get(code) ?? []);
    },
    { immediate: true },
  );
  return notes;
}
