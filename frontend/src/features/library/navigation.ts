/** Keeps the place in the library and the address in step: every place can be sent, kept and gone back to. */

import { computed, type ComputedRef } from "vue";
import { useRoute, useRouter } from "vue-router";

import { type Place, readPlace, writePlace } from "@/features/library/place";

export interface Navigation {
  place: ComputedRef<Place>;
  /** Another place. Going on to another tab or picture is a step that "back" undoes; what filters is none. */
  go(change: Partial<Place>): void;
  /** Back to the list, from the picture that is open. */
  close(): void;
}

export function useNavigation(): Navigation {
  const route = useRoute();
  const router = useRouter();
  // Another page's address is not read while this one is leaving.
  let last = readPlace(route.query);
  const place = computed(() => (route.name === "images" ? (last = readPlace(route.query)) : last));

  function go(change: Partial<Place>): void {
    const next = { ...place.value, ...change };
    const opens = next.picture !== null && place.value.picture === null;
    const isStep = next.tab !== place.value.tab || opens;
    void router[isStep ? "push" : "replace"]({ query: writePlace(next) });
  }

  function close(): void {
    const list = router.resolve({ query: writePlace({ ...place.value, picture: null }) }).fullPath;
    // Opened from this list: back is where it was. Come by a link: there is nothing to go back to.
    if (window.history.state?.["back"] === list) router.back();
    else go({ picture: null });
  }

  return { place, go, close };
}
