/**
 * "Photograph it": the pair on the stage, handed to the chosen engine as a task.
 *
 *     settings ─▶ start ─▶ task (the server's; closing the page loses nothing) ─▶ entry of the history ─▶ the stage
 *
 * What runs is looked for by what is on the stage: a task that was started before the page was loaded, or in another
 * window, is found again.
 */

import { defineStore } from "pinia";
import { computed, ref, shallowRef, watch } from "vue";

import { api, content } from "@/api/client";
import { isAborted, Refusal, refusalFrom } from "@/api/errors";
import type { TaskAnswer, TryOnEntry } from "@/api/schema";
import { keepSitting, readSitting } from "@/composables/sitting";
import { useFitting } from "@/features/fitting/fitting";
import type { Drawing } from "@/features/fitting/mask/strokes";
import { bodyOf, entryIdOf, isOfPair, isUnderWay, newKey, obstacleTo, type Pair, takesMask } from "@/features/fitting/order";
import { fieldsOf, fitting as fittingOf, type OptionField, type OptionValues, type Presets } from "@/features/fitting/panel/form";
import { keepOptions, keptOptions } from "@/features/fitting/panel/kept";
import { type KeptMask, type Sitting, sittingOf, takeUp, toKeep, withSeed, withWords } from "@/features/fitting/panel/sitting";
import { say } from "@/i18n";
import { router } from "@/router";
import { useEngines } from "@/stores/engines";
import { useSession } from "@/stores/session";
import { useTasks } from "@/stores/tasks";
import { useToasts } from "@/stores/toasts";

export type { OptionValue } from "@/features/fitting/panel/form";

interface HandMask {
  drawing: Drawing;
  /** PNG, as a data address: white where something is to change, black elsewhere. */
  address: string;
}

const SITTING = "room";

export const usePhotograph = defineStore("photograph", () => {
  const room = useFitting();
  const engines = useEngines();
  const tasks = useTasks();
  const session = useSession();
  const toasts = useToasts();

  // ---- settings

  const byEngine = shallowRef<Record<string, OptionValues>>({});
  const byGarment = shallowRef<Sitting["words"]>({});
  const byPerson = shallowRef<Record<string, HandMask>>({});

  const fields = computed<OptionField[]>(() => fieldsOf(engines.chosen?.parameters ?? {}));
  const presets = computed<Presets>(() => engines.chosen?.capabilities?.presets ?? {});
  /** Where nobody chose anything: the middle preset, if there is one. */
  const usual = computed<OptionValues>(() => fittingOf(fields.value, presets.value.balanced ?? {}));
  /** The engine's own options, as far as they differ from what it does by itself. */
  const options = computed<OptionValues>({
    get: () => {
      const name = engines.chosen?.name;
      if (name === undefined) return {};
      if (byEngine.value[name]) return byEngine.value[name];
      const seed = sitting.value.seeds[name] ?? null;
      return fittingOf(fields.value, { ...(keptOptions(name) ?? usual.value), seed });
    },
    set: (values) => {
      const name = engines.chosen?.name;
      if (name === undefined) return;
      byEngine.value = { ...byEngine.value, [name]: values };
      keepOptions(name, values);
      keep({ seeds: withSeed(sitting.value.seeds, name, values["seed"]) });
    },
  });
  /** Of the garment, for engines that read it; each garment has its own. */
  const description = computed<string>({
    get: () => byGarment.value[pair.value?.garment.id ?? ""] ?? "",
    set: (words) => {
      const id = pair.value?.garment.id;
      if (id === undefined) return;
      byGarment.value = withWords(byGarment.value, id, words);
      keep({ words: byGarment.value });
    },
  });
  const handMask = computed<HandMask | null>(() => byPerson.value[room.person?.id ?? ""] ?? null);
  /** What is to be changed, drawn by hand on this person's photo; null: the engine finds it. */
  const mask = computed<string | null>(() => handMask.value?.address ?? null);

  async function keepMask(personId: string, drawing: Drawing, blob: Blob | null): Promise<void> {
    const kept = Object.entries(byPerson.value).filter(([id]) => id !== personId);
    if (blob !== null) kept.push([personId, { drawing, address: await addressOf(blob) }]);
    byPerson.value = Object.fromEntries(kept);
  }

  // ---- what comes back with the page

  const sitting = shallowRef<Sitting>(sittingOf(null));

  function keep(changed: Partial<Sitting>): void {
    sitting.value = { ...sitting.value, ...changed };
    if (session.isKnown) keepSitting(SITTING, toKeep(sitting.value));
  }

  /** It is known who sits here: what is theirs comes back, nothing of another's stays. */
  watch(
    () => session.isKnown && (session.profile?.user_id ?? ""),
    (user, before) => {
      if (user === false) return;
      const early = before ? null : sitting.value; // set before it was known, and theirs then
      const kept = takeUp(readSitting(SITTING), session.profile);
      sitting.value = { ...kept, seeds: { ...kept.seeds, ...early?.seeds }, words: { ...kept.words, ...early?.words } };
      const { words, mask: drawn } = sitting.value;
      // What is being typed may be no good yet, and is not kept then: it stays in its field all the same.
      if (before) byEngine.value = {};
      byGarment.value = words;
      byPerson.value = drawn === null ? {} : { [drawn.person]: { drawing: { done: drawn.marks, undone: [] }, address: drawn.address } };
      keep({});
    },
    { immediate: true },
  );
  /** One mask is kept: that of the person before the mirror. */
  watch([() => room.person?.id, handMask], ([person, drawn]) => {
    if (person === undefined) return;
    const kept: KeptMask | null = drawn && { person, marks: drawn.drawing.done, address: drawn.address };
    if (kept !== null || sitting.value.mask !== null) keep({ mask: kept });
  });

  // ---- what is asked for

  const pair = computed<Pair | null>(() => {
    const { person, worn } = room;
    return person && worn ? { person, garment: worn.garment, lower: worn.lower ?? null, kind: worn.kind } : null;
  });
  const settings = computed(() => ({
    options: options.value,
    description: description.value,
    mask: mask.value,
  }));
  const obstacle = computed(() => obstacleTo(room.person, pair.value, engines.chosen, fields.value, settings.value));
  const canMask = computed(() => engines.chosen !== null && takesMask(engines.chosen, pair.value));

  // ---- the task

  const isStarting = ref(false);
  /** Engines are looked at to choose another. */
  const isPicking = ref(false);
  /** Why it could not even be asked for. */
  const refusal = shallowRef<Refusal | null>(null);
  const followed = new Set<string>();
  const failed = ref<readonly string[]>([]);
  let lastAsked = { body: "", key: "" };

  /** What is being made of the pair on the stage, or went wrong with it while this page was open. */
  const task = computed<TaskAnswer | null>(() => {
    const ofThis = pair.value;
    if (ofThis === null) return null;
    const found = tasks.items.filter((one) => isOfPair(one, ofThis));
    return found.find(isUnderWay) ?? found.find((one) => one.status === "failed" && failed.value.includes(one.id)) ?? null;
  });
  const isRunning = computed(() => isStarting.value || (task.value !== null && isUnderWay(task.value)));
  const failure = computed<TaskAnswer | null>(() => (task.value?.status === "failed" ? task.value : null));

  watch(pair, () => (refusal.value = null));
  watch(() => engines.chosen?.name, () => (refusal.value = null));
  watch(task, (one) => one && isUnderWay(one) && follow(one.id), { immediate: true });

  /** Asks for the picture. Where pictures would leave for somewhere the reader has not read of, nothing is sent. */
  async function start(): Promise<boolean> {
    const engine = engines.chosen;
    if (pair.value === null || engine === null || obstacle.value !== null) return false;
    if (engines.needsConsent || isRunning.value) return false;
    const body = bodyOf(pair.value, engine, settings.value);
    const written = JSON.stringify(body);
    if (lastAsked.body !== written) lastAsked = { body: written, key: newKey() };
    forgetFailure();
    isStarting.value = true;
    refusal.value = null;
    try {
      const header = { "Idempotency-Key": lastAsked.key };
      const made = await content(api.POST("/api/v1/tryon", { body, params: { header } }));
      lastAsked = { body: "", key: "" };
      tasks.track(made);
      follow(made.id);
      return true;
    } catch (error) {
      if (isAborted(error)) return false;
      refusal.value = refusalFrom(error);
      if (refusal.value.status !== 0) lastAsked = { body: "", key: "" };
      return false;
    } finally {
      isStarting.value = false;
    }
  }

  async function cancel(): Promise<void> {
    if (task.value !== null && isUnderWay(task.value)) await tasks.cancel(task.value.id);
  }

  async function retry(): Promise<void> {
    const again = failure.value;
    if (again === null) return;
    forgetFailure();
    await tasks.retry(again.id);
    follow(again.id);
  }

  function forgetFailure(): void {
    refusal.value = null;
    const ofThis = pair.value;
    if (ofThis === null) return;
    const gone = tasks.items.filter((one) => isOfPair(one, ofThis)).map((one) => one.id);
    failed.value = failed.value.filter((id) => !gone.includes(id));
  }

  function follow(id: string): void {
    if (followed.has(id)) return;
    followed.add(id);
    void tasks
      .whenEnded(id)
      .then(arrive, toasts.fail)
      .finally(() => followed.delete(id));
  }

  async function arrive(ended: TaskAnswer): Promise<void> {
    if (ended.status === "failed") failed.value = [...failed.value.filter((id) => id !== ended.id), ended.id];
    const entryId = entryIdOf(ended);
    if (ended.status !== "succeeded" || entryId === null) return;
    const entry = await content(api.GET("/api/v1/tryon/{vton_id}", { params: { path: { vton_id: entryId } } }));
    if (room.isOf(entry)) room.showResult(entry);
    if (room.isOf(entry) && router.currentRoute.value.name === "tryon") return;
    toasts.show({
      tone: "good",
      text: say("engines.arrived"),
      action: { label: say("engines.show"), run: () => show(entry) },
    });
  }

  async function show(entry: TryOnEntry): Promise<void> {
    if (router.currentRoute.value.name !== "tryon") await router.push({ name: "tryon" });
    await room.bringBack(entry);
  }

  /** The engine and the options of a fitting of before, as far as they are still to be had. */
  function useSettingsOf(entry: TryOnEntry): void {
    const engine = engines.get(entry.engine);
    if (engine === undefined) return;
    engines.choose(engine.name);
    options.value = fittingOf(fields.value, entry.parameters);
    const words = entry.parameters["garment_description"];
    description.value = typeof words === "string" ? words : "";
  }

  return {
    ...{ fields, presets, usual, options, description, mask, handMask, keepMask },
    ...{ pair, obstacle, canMask, task, isStarting, isPicking, isRunning, refusal, failure },
    ...{ start, cancel, retry, forgetFailure, show, useSettingsOf },
  };
});

function addressOf(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error ?? new Error("the mask cannot be read"));
    reader.readAsDataURL(blob);
  });
}
