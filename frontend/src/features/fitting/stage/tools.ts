/** What can be done with the picture on the stage: keep it, like it, take it away, find it in the shop. */

import { computed, type ComputedRef, ref, type Ref } from "vue";

import { api, ask } from "@/api/client";
import { tellNews } from "@/composables/libraryNews";
import type { TryOnEntry } from "@/api/schema";
import { useFitting } from "@/features/fitting/fitting";
import { nameOf } from "@/features/fitting/names";
import { useKeeping } from "@/features/fitting/stage/keep";
import { say } from "@/i18n";
import { router } from "@/router";
import { useToasts } from "@/stores/toasts";

export interface StageTools {
  /** The stored picture that is on the stage, or that the preview there was kept as. */
  entry: ComputedRef<TryOnEntry | null>;
  hasPicture: ComputedRef<boolean>;
  shop: ComputedRef<string | null>;
  isSaving: Ref<boolean>;
  keep: () => Promise<void>;
  favourite: () => Promise<void>;
  download: () => Promise<void>;
}

export function useStageTools(): StageTools {
  const fitting = useFitting();
  const keeping = useKeeping();
  const toasts = useToasts();
  const isSaving = ref(false);

  const entry = computed(() => (fitting.shown === "result" && fitting.result ? fitting.result : keeping.kept));
  const hasPicture = computed(() => entry.value !== null || fitting.preview !== null);
  const shop = computed(() => {
    const address = fitting.worn?.garment.page_url ?? entry.value?.page_url ?? null;
    return address !== null && /^https?:\/\//i.test(address) ? address : null;
  });

  async function keep(): Promise<void> {
    if (keeping.kept) return;
    const picture = (await keeping.keep())?.result_image_id;
    if (!picture) return;
    toasts.show({
      tone: "good",
      text: say("fitting.keep.done"),
      action: {
        label: say("fitting.keep.show"),
        run: () => void router.push({ name: "images", query: { tab: "results", picture } }),
      },
      seconds: 5,
    });
  }

  /** Likes the picture, or likes it no longer; a preview is kept first, since only what is kept can be found again. */
  async function favourite(): Promise<void> {
    const liked = entry.value ?? (await keeping.keep());
    if (!liked?.result_image_id) return;
    const path = { params: { path: { image_id: liked.result_image_id } } };
    const next = { ...liked, is_favorite: !liked.is_favorite };
    learn(next);
    try {
      if (next.is_favorite) await api.PUT("/api/v1/library/images/{image_id}/favorite", path);
      else await api.DELETE("/api/v1/library/images/{image_id}/favorite", path);
      tellNews({ type: "stale" });
    } catch (error) {
      learn(liked);
      toasts.fail(error);
    }
  }

  function learn(changed: TryOnEntry): void {
    keeping.learn(changed);
    if (fitting.result?.id === changed.id) fitting.result = changed;
  }

  async function download(): Promise<void> {
    const stored = fitting.shown === "result" ? fitting.result : null;
    const garment = fitting.worn ? nameOf(fitting.worn.garment) : "";
    isSaving.value = true;
    try {
      if (stored?.url) save(await (await ask(stored.url)).blob(), stored.result_image);
      else if (fitting.preview) save(fitting.preview.blob, `${say("fitting.stage.fileName", { garment })}.jpg`);
    } catch (error) {
      toasts.fail(error);
    } finally {
      isSaving.value = false;
    }
  }

  return { entry, hasPicture, shop, isSaving, keep, favourite, download };
}

/** Hands `file` to the browser's downloads. */
function save(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name.replace(/[\\/:*?"<>|]/g, "_");
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the browser reads it after the click
}
