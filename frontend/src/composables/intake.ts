/** What becomes of pictures that are dropped or pasted anywhere: the page in front says. */

import { onScopeDispose, shallowRef } from "vue";

import type { LibraryImage } from "@/api/schema";
import { useUploads } from "@/stores/uploads";

/** A photo of a person, or a garment. */
export type UploadCategory = "char" | "clothes";

export interface Intake {
  /** Null: nobody can know; the person is asked. */
  category: () => UploadCategory | null;
  onAdded?: (images: LibraryImage[], category: UploadCategory) => void;
}

const intakes = shallowRef<Intake[]>([]);

/** Files that wait for an answer to "whom do they show?"; `Intake.vue` asks. */
export const unsorted = shallowRef<File[]>([]);

/** Takes in what is dropped or pasted while the component lives. */
export function useIntake(intake: Intake): void {
  intakes.value = [...intakes.value, intake];
  onScopeDispose(() => {
    intakes.value = intakes.value.filter((one) => one !== intake);
  });
}

/** Sends `files` to the library as the page in front wants it; asks where it does not know. */
export async function takeIn(files: File[], answer: UploadCategory | null = null): Promise<void> {
  if (files.length === 0) return;
  const intake = intakes.value.at(-1);
  const category = answer ?? intake?.category() ?? null;
  if (category === null) {
    unsorted.value = [...unsorted.value, ...files];
    return;
  }
  const images = await useUploads().add(files, category);
  if (images.length > 0) intake?.onAdded?.(images, category);
}
