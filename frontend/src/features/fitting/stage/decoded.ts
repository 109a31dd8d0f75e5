/** An address as an image that is ready to be painted; the last one stays until the next is. */

import { onScopeDispose, type Ref, shallowRef, watch } from "vue";

export interface Decoded {
  readonly image: Ref<HTMLImageElement | null>;
  readonly failed: Ref<boolean>;
}

/** Follows `address`. Where it is null there is no image. */
export function useDecoded(address: () => string | null): Decoded {
  const image = shallowRef<HTMLImageElement | null>(null);
  const failed = shallowRef(false);
  let turn = 0;

  watch(
    address,
    async (wanted) => {
      const mine = ++turn;
      failed.value = false;
      if (wanted === null) {
        image.value = null;
        return;
      }
      const next = new Image();
      next.src = wanted;
      try {
        await next.decode();
        if (mine === turn) image.value = next;
      } catch {
        if (mine === turn) failed.value = true; // the file is gone or cannot be had now
      }
    },
    { immediate: true },
  );
  onScopeDispose(() => (turn += 1));
  return { image, failed };
}
