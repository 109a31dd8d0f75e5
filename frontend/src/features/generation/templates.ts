/** Prompts with fields: the studio's own, and those that somebody keeps. */

import { defineStore } from "pinia";
import { ref, shallowRef, watch } from "vue";

import type { Template, TemplateBody } from "@/api/schema";
import { addTemplate, changeTemplate, dropTemplate, fetchTemplates } from "@/features/generation/wire";
import { currentLanguage, i18n, say } from "@/i18n";
import { useToasts } from "@/stores/toasts";

export const useTemplates = defineStore("templates", () => {
  const toasts = useToasts();
  const items = shallowRef<readonly Template[]>([]);
  const isLoaded = ref(false);
  let language = "";

  /** Throws `Refusal`, as all of these do. */
  async function load(): Promise<void> {
    language = currentLanguage();
    items.value = await fetchTemplates();
    isLoaded.value = true;
  }

  async function add(body: TemplateBody): Promise<Template> {
    const made = await addTemplate(body);
    items.value = [...items.value, made];
    return made;
  }

  async function change(id: string, body: TemplateBody): Promise<Template> {
    const changed = await changeTemplate(id, body);
    items.value = items.value.map((one) => (one.id === id ? changed : one));
    return changed;
  }

  /** It is gone at once; the toast brings it back. */
  async function drop(template: Template): Promise<void> {
    const place = items.value.indexOf(template);
    items.value = items.value.filter((one) => one.id !== template.id);
    try {
      await dropTemplate(template.id);
    } catch (error) {
      items.value = items.value.toSpliced(place, 0, template);
      throw error;
    }
    const { name, text, negative_prompt } = template;
    toasts.show({
      tone: "info",
      text: say("generation.template.gone", { name }),
      action: { label: say("common.undo"), isUndo: true, run: () => add({ name, text, negative_prompt }) },
    });
  }

  // They speak the language in which they were asked.
  watch(i18n.global.locale, () => {
    if (isLoaded.value && language !== currentLanguage()) load().catch(() => undefined); // the old words still hold
  });

  return { items, isLoaded, load, add, change, drop };
});
