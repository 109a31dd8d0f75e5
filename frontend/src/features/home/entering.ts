/** Into the fitting room, with a pair already chosen. */

import { useRouter } from "vue-router";

import type { LibraryImage } from "@/api/schema";
import { useFitting } from "@/features/fitting/fitting";

export function useEntering(): (person: LibraryImage, garment: LibraryImage) => Promise<void> {
  const router = useRouter();
  const fitting = useFitting();
  return async (person, garment) => {
    fitting.choosePerson(person);
    fitting.chooseGarment(garment);
    await router.push({ name: "tryon" });
  };
}
