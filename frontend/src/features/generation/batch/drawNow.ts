/** A prompt of a batch, drawn by itself and at once: it is put into the tab for single pictures, with all that belongs to it. */

import { useRouter } from "vue-router";

import type { BatchAnswer, BatchItem } from "@/api/schema";
import { useComposer } from "@/features/generation/composer";
import { useToasts } from "@/stores/toasts";

export function useDrawNow(): (batch: BatchAnswer, item: BatchItem) => void {
  const router = useRouter();
  const composer = useComposer();
  const toasts = useToasts();

  async function draw(batch: BatchAnswer, item: BatchItem): Promise<void> {
    await composer.useAgain({
      prompt: item.prompt,
      negative: batch.negative_prompt,
      provider: batch.provider,
      model: batch.model,
      ratio: batch.aspect_ratio,
      resolution: batch.resolution,
      seed: null,
      references: [],
      uploads: 0,
    });
    await router.push({ name: "generate" });
  }

  return (batch, item) => void draw(batch, item).catch(toasts.fail);
}
