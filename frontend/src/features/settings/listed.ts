/** Something that is fetched when a section is opened: what came, whether it is still coming, what went wrong. */

import { onMounted, ref, shallowRef, type Ref, type ShallowRef } from "vue";

import { refusalFrom, type Refusal } from "@/api/errors";

export interface Listed<T> {
  value: ShallowRef<T | null>;
  isLoading: Ref<boolean>;
  error: ShallowRef<Refusal | null>;
  load: () => Promise<void>;
}

/** Fetched once it is shown, and again by `load`. What was there stays until the new comes. */
export function useFetched<T>(fetchIt: () => Promise<T>): Listed<T> {
  const value = shallowRef<T | null>(null);
  const isLoading = ref(false);
  const error = shallowRef<Refusal | null>(null);

  async function load(): Promise<void> {
    isLoading.value = true;
    try {
      value.value = await fetchIt();
      error.value = null;
    } catch (reason) {
      error.value = refusalFrom(reason);
    } finally {
      isLoading.value = false;
    }
  }

  onMounted(load);
  return { value, isLoading, error, load };
}
