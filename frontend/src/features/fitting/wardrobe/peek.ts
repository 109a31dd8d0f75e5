/** The mouse resting on a garment shows it on the person; leaving the rail shows again what is worn. */

import { onScopeDispose } from "vue";

import type { LibraryImage } from "@/api/schema";
import { useFitting } from "@/features/fitting/fitting";

/** So long it has to rest, so that passing over the rail shows nothing. */
const REST_MS = 110;
/** Between two garments the mouse is over neither for a moment. */
const LEAVE_MS = 80;

export interface Peek {
  over: (image: LibraryImage, event: PointerEvent) => void;
  leave: () => void;
}

export function usePeek(): Peek {
  const fitting = useFitting();
  let timer = 0;

  function over(image: LibraryImage, event: PointerEvent): void {
    if (event.pointerType !== "mouse" || event.buttons !== 0) return;
    clearTimeout(timer);
    timer = window.setTimeout(() => fitting.peek(image), REST_MS);
  }

  function leave(): void {
    clearTimeout(timer);
    timer = window.setTimeout(() => fitting.peek(null), LEAVE_MS);
  }

  onScopeDispose(() => {
    clearTimeout(timer);
    fitting.peek(null);
  });
  return { over, leave };
}
