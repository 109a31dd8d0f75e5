/** A media query as a value. */

import { onScopeDispose, type Ref, ref } from "vue";

export function useMediaQuery(query: string): Readonly<Ref<boolean>> {
  const list = matchMedia(query);
  const isTrue = ref(list.matches);
  const listen = (): void => {
    isTrue.value = list.matches;
  };
  list.addEventListener("change", listen);
  onScopeDispose(() => list.removeEventListener("change", listen));
  return isTrue;
}
