/** Whether something takes so long that people have to be told. */

import { onScopeDispose, type Ref, ref, watch } from "vue";

const PATIENCE_MS = 300;

/** True once `waits` has been true for a while. */
export function useSlowness(waits: Readonly<Ref<boolean>>): Readonly<Ref<boolean>> {
  const isSlow = ref(false);
  let timer: ReturnType<typeof setTimeout> | undefined;
  watch(
    waits,
    (now) => {
      clearTimeout(timer);
      isSlow.value = false;
      if (now) timer = setTimeout(() => (isSlow.value = true), PATIENCE_MS);
    },
    { immediate: true },
  );
  onScopeDispose(() => clearTimeout(timer));
  return isSlow;
}
