/** The drawn pair, put before the mirror. */

import { ref, type Ref } from "vue";

import { useFitting } from "@/features/fitting/fitting";
import { addSample } from "@/features/home/sample";
import { tellNews } from "@/composables/libraryNews";
import { useToasts } from "@/stores/toasts";

export function useSample(): { isAdding: Ref<boolean>; add: () => Promise<void> } {
  const fitting = useFitting();
  const toasts = useToasts();
  const isAdding = ref(false);

  async function add(): Promise<void> {
    if (isAdding.value) return;
    isAdding.value = true;
    try {
      const { person, garment } = await addSample();
      tellNews({ type: "stale" });
      if (!fitting.person) fitting.choosePerson(person);
      fitting.chooseGarment(garment);
    } catch (error) {
      toasts.fail(error);
    } finally {
      isAdding.value = false;
    }
  }

  return { isAdding, add };
}
