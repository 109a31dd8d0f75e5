/** The mouse resting on a garment, or the keyboard walking to it, shows it on the person; leaving shows what is worn. */

import { onScopeDispose } from "vue";

import type { LibraryImage } from "@/api/schema";
import { useFitting } from "@/features/fitting/fitting";

/** So long it has to rest, so that passing over the rail shows nothing. */
const REST_MS = 110;
/** Between two garments the mouse is over neither for a moment. */
const LEAVE_MS = 80;

export interface Peek {
  over: (image: LibraryImage, event: PointerEvent) => void;
  rest: (image: LibraryImage) => void;
  moved: (event: PointerEvent) => void;
  leave: () => void;
}

export function usePeek(): Peek {
  const fitting = useFitting();
  let timer = 0;
  let seen = { x: NaN, y: NaN };

  /** Where the mouse is: what the rail moves under it while it stands still was not pointed at. */
  function moved(event: PointerEvent): void {
    seen = { x: event.screenX, y: event.screenY };
  }

  function over(image: LibraryImage, event: PointerEvent): void {
    const stoodStill = event.screenX === seen.x && event.screenY === seen.y;
    if (event.pointerType === "mouse" && event.buttons === 0 && !stoodStill) rest(image);
  }

  function rest(image: LibraryImage): void {
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
  return { over, rest, moved, leave };
}
