/** What is being written in the studio; it stays while one looks at other pages, and its words over a reload. */

import { defineStore } from "pinia";
import { computed, ref, shallowRef, watch } from "vue";

import { api, content } from "@/api/client";
import { isAborted, type Refusal, refusalFrom } from "@/api/errors";
import type { LibraryImage, TaskAnswer, Template } from "@/api/schema";
import { addressOf } from "@/components/pictureAddress";
import { nameOf } from "@/components/pictureName";
import { newKey } from "@/features/fitting/order";
import { emptyFields, fieldsOf, fill } from "@/features/generation/fields";
import { bodiesOf, type Draft, type GenerateBody, type Obstacle, obstacleTo, type Reference } from "@/features/generation/order";
import { RATIOS, RESOLUTIONS } from "@/features/generation/offers";
import type { Recipe } from "@/features/generation/recipe";
import { forSending } from "@/features/generation/shrink";
import { useStudio } from "@/features/generation/studio";
import { draw } from "@/features/generation/wire";
import { say } from "@/i18n";
import { useSession } from "@/stores/session";
import { useTasks } from "@/stores/tasks";
import { useToasts } from "@/stores/toasts";

const KEY = "vtonlab.studio.draft";

export const useComposer = defineStore("composer", () => {
  const session = useSession();
  const studio = useStudio();
  const tasks = useTasks();
  const toasts = useToasts();

  const kept = read();
  const prompt = ref(kept.prompt);
  const negative = ref(kept.negative);
  const references = shallowRef<readonly Reference[]>([]);
  const seed = ref<number | null>(null);
  const variants = ref(1);
  /** Whose fields the prompt has; null: nobody's. */
  const template = shallowRef<Template | null>(null);
  const values = ref<Record<string, string>>({});

  const fields = computed(() => fieldsOf(prompt.value, template.value?.fields ?? []));
  const filled = computed(() => fill(prompt.value, fields.value, values.value));
  const draft = computed<Draft>(() => ({
    prompt: filled.value,
    negative: negative.value,
    references: references.value,
    seed: seed.value,
    variants: variants.value,
  }));
  const missing = computed(() => emptyFields(fields.value, values.value));
  const lacksReferences = computed(() => Math.max(0, (template.value?.least_references ?? 0) - references.value.length));
  const choice = computed(() => (studio.provider && studio.model ? { provider: studio.provider, model: studio.model } : null));
  const obstacle = computed<Obstacle | "fields" | "fewReferences" | null>(() => {
    const found = obstacleTo(draft.value, choice.value);
    if (found === "provider" || found === "prompt") return found;
    if (template.value !== null && missing.value.length > 0) return "fields";
    return found ?? (lacksReferences.value > 0 ? "fewReferences" : null);
  });

  let owner = kept.owner;
  watch([prompt, negative], keepWords);

  function keepWords(): void {
    write({ owner, prompt: prompt.value, negative: negative.value });
  }

  /** Another person: nothing that the last one wrote stays. */
  watch(
    () => session.profile?.user_id,
    (person) => {
      if (person === undefined || person === owner) return;
      if (owner !== "") clear();
      owner = person;
      keepWords();
    },
    { immediate: true },
  );

  function clear(): void {
    useTemplate(null);
    prompt.value = negative.value = "";
    seed.value = null;
    for (const one of references.value) remove(one.key);
  }

  // ---- asking

  const isStarting = ref(false);
  /** Why it could not be asked for. */
  const refusal = shallowRef<Refusal | null>(null);
  /** What no answer came to: sent again, it is the same request. */
  let unanswered: { body: string; key: string } | null = null;

  /** Asks for the pictures, each a task of its own. Where words would leave for somewhere unread of, nothing is sent. */
  async function start(): Promise<boolean> {
    if (choice.value === null || obstacle.value !== null || studio.needsConsent || isStarting.value) return false;
    isStarting.value = true;
    refusal.value = null;
    try {
      for (const body of bodiesOf(draft.value, choice.value, studio.ratio, studio.resolution)) tasks.track(await order(body));
      return true;
    } catch (error) {
      if (!isAborted(error)) refusal.value = refusalFrom(error);
      return false;
    } finally {
      isStarting.value = false;
      void studio.load(); // what today has cost
    }
  }

  async function order(body: GenerateBody): Promise<TaskAnswer> {
    const written = JSON.stringify(body);
    const key = unanswered?.body === written ? unanswered.key : newKey();
    unanswered = { body: written, key };
    try {
      const task = await draw(body, key);
      unanswered = null;
      return task;
    } catch (error) {
      if (refusalFrom(error).status !== 0) unanswered = null;
      throw error;
    }
  }

  // ---- reference pictures

  function addImage(image: LibraryImage): void {
    if (references.value.some((one) => one.value === image.id)) return;
    add({ key: newKey(), value: image.id, name: nameOf(image), address: addressOf(image, 320), file: null });
  }

  /** Files go along with the request; the library does not get them. */
  async function addFiles(files: readonly File[]): Promise<void> {
    for (const file of files) {
      const { value, address } = await forSending(file);
      add({ key: newKey(), value, name: file.name, address, file });
    }
  }

  function add(reference: Reference): void {
    references.value = [...references.value, reference];
  }

  function remove(key: string): void {
    const gone = references.value.find((one) => one.key === key);
    if (gone?.address.startsWith("blob:")) URL.revokeObjectURL(gone.address);
    references.value = references.value.filter((one) => one.key !== key);
  }

  /** A file that went into the library after all. */
  function keep(key: string, image: LibraryImage): void {
    references.value = references.value.map((one) =>
      one.key === key ? { ...one, value: image.id, name: nameOf(image), address: addressOf(image, 320), file: null } : one,
    );
  }

  /** Pictures of the library by their ids; those that are gone are told of. */
  async function addById(ids: readonly string[]): Promise<void> {
    for (const image_id of ids) {
      const path = { params: { path: { image_id } } };
      addImage(await content(api.GET("/api/v1/library/images/{image_id}", path)));
    }
  }

  // ---- words of before

  function useTemplate(chosen: Template | null): void {
    template.value = chosen;
    values.value = {};
    if (chosen === null) return;
    prompt.value = chosen.text;
    negative.value = chosen.negative_prompt;
  }

  /** Everything as it was asked for then, as far as it can still be had. */
  async function useAgain(recipe: Recipe): Promise<void> {
    clear();
    prompt.value = recipe.prompt;
    negative.value = recipe.negative;
    seed.value = recipe.seed;
    if (recipe.provider) studio.choose(recipe.provider, recipe.model);
    studio.ratio = RATIOS.find((one) => one === recipe.ratio) ?? studio.ratio;
    studio.resolution = RESOLUTIONS.find((one) => one === recipe.resolution) ?? studio.resolution;
    if (recipe.uploads > 0) toasts.show({ tone: "info", text: say("generation.again.uploads", { n: recipe.uploads }), seconds: 10 });
    await addById(recipe.references);
  }

  return {
    prompt,
    negative,
    references,
    seed,
    variants,
    template,
    values,
    fields,
    filled,
    missing,
    lacksReferences,
    obstacle,
    isStarting,
    refusal,
    start,
    clear,
    addImage,
    addFiles,
    addById,
    remove,
    keep,
    useTemplate,
    useAgain,
  };
});

interface Kept {
  /** Who wrote it; empty: nobody yet. */
  owner: string;
  prompt: string;
  negative: string;
}

function read(): Kept {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "{}") as Partial<Record<keyof Kept, unknown>> | null;
    const words = (value: unknown): string => (typeof value === "string" ? value : "");
    return { owner: words(kept?.owner), prompt: words(kept?.prompt), negative: words(kept?.negative) };
  } catch {
    return { owner: "", prompt: "", negative: "" }; // nothing is kept, or by another hand
  }
}

function write(kept: Kept): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    // A private window or a full disk: it holds until the page is closed.
  }
}
