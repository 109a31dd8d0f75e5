/** Keeping a preview: it becomes an ordinary fitting of the built-in engine, which is in the library from then on. */

import { defineStore } from "pinia";
import { computed, ref, shallowRef } from "vue";

import { api, content } from "@/api/client";
import { Refusal } from "@/api/errors";
import type { TryOnBody, TryOnEntry } from "@/api/schema";
import { useFitting } from "@/features/fitting/fitting";
import { entryIdOf, newKey } from "@/features/fitting/order";
import type { Order } from "@/features/fitting/preview";
import { say } from "@/i18n";
import { useTasks } from "@/stores/tasks";
import { useToasts } from "@/stores/toasts";

/** Who makes the previews, and so what keeps one. */
export const PREVIEW_ENGINE = "instant";

export const useKeeping = defineStore("keeping", () => {
  const fitting = useFitting();
  const tasks = useTasks();
  const toasts = useToasts();
  const entries = shallowRef<ReadonlyMap<string, TryOnEntry>>(new Map());
  const running = ref<readonly string[]>([]);

  const name = computed(() => (fitting.preview ? nameOf(fitting.preview.order) : ""));
  /** What became of the preview on the stage, once it is kept. */
  const kept = computed(() => entries.value.get(name.value) ?? null);
  const isKeeping = computed(() => running.value.includes(name.value));

  /** Keeps the preview on the stage. Null where that cannot be done; the reader has been told why. */
  async function keep(): Promise<TryOnEntry | null> {
    const order = fitting.preview?.order;
    if (!order || isKeeping.value) return null;
    if (kept.value) return kept.value;
    const mine = nameOf(order);
    running.value = [...running.value, mine];
    try {
      const header = { "Idempotency-Key": newKey() };
      const asked = await content(api.POST("/api/v1/tryon", { body: bodyOf(order), params: { header } }));
      tasks.track(asked);
      const ended = await tasks.whenEnded(asked.id);
      const id = entryIdOf(ended);
      if (id === null) {
        const { code = "cancelled", message = say("fitting.keep.failed"), hint = "" } = ended.error ?? {};
        throw new Refusal(code, message, hint, 0);
      }
      const entry = await content(api.GET("/api/v1/tryon/{vton_id}", { params: { path: { vton_id: id } } }));
      learn(entry, mine);
      return entry;
    } catch (error) {
      toasts.fail(error);
      return null;
    } finally {
      running.value = running.value.filter((one) => one !== mine);
    }
  }

  /** A kept picture has changed (it is liked). */
  function learn(entry: TryOnEntry, of = [...entries.value].find(([, one]) => one.id === entry.id)?.[0]): void {
    if (of !== undefined) entries.value = new Map(entries.value).set(of, entry);
  }

  return { kept, isKeeping, keep, learn };
});

function nameOf({ person, garment, lower, kind }: Order): string {
  return [person, garment, lower ?? "", kind ?? ""].join("|");
}

function bodyOf({ person, garment, lower, kind }: Order): TryOnBody {
  const body: TryOnBody = { engine: PREVIEW_ENGINE, human_image: person };
  if (lower) {
    body.outfit = [
      { garment_image: garment, garment_kind: "upper" },
      { garment_image: lower, garment_kind: "lower" },
    ];
    return body;
  }
  body.garment_image = garment;
  if (kind) body.garment_kind = kind;
  return body;
}
