/** What a press on a picture of a grid means: open it, choose it, or choose all up to it. */

import { onBeforeUnmount } from "vue";

export type Meaning = "open" | "toggle" | "reach";

export interface Press {
  ctrl: boolean;
  shift: boolean;
  /** On the picture's own tick. */
  onTick: boolean;
}

/** `isSelecting`: something is chosen already, so that a plain press goes on choosing. */
export function meaningOf(press: Press, isSelecting: boolean): Meaning {
  if (press.shift) return "reach";
  return press.ctrl || press.onTick || isSelecting ? "toggle" : "open";
}

/** A finger that stays for so long chooses. */
const LONG_MS = 450;
/** It may tremble by so much. */
const TREMBLE = 10;

/** Calls `held` with the element under a finger that stays. Give every `pointerdown` of the grid to `pressed`. */
export function useLongPress(held: (target: HTMLElement) => void): { pressed: (event: PointerEvent) => void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let start = { x: 0, y: 0 };

  function pressed(event: PointerEvent): void {
    stop();
    if (event.pointerType === "mouse" || !event.isPrimary || !(event.target instanceof HTMLElement)) return;
    const target = event.target;
    start = { x: event.clientX, y: event.clientY };
    timer = setTimeout(() => {
      stop();
      swallowNext();
      held(target);
    }, LONG_MS);
    window.addEventListener("pointermove", moved);
    window.addEventListener("pointerup", stop);
    window.addEventListener("pointercancel", stop);
  }

  function moved(event: PointerEvent): void {
    if (Math.hypot(event.clientX - start.x, event.clientY - start.y) > TREMBLE) stop();
  }

  function stop(): void {
    clearTimeout(timer);
    window.removeEventListener("pointermove", moved);
    window.removeEventListener("pointerup", stop);
    window.removeEventListener("pointercancel", stop);
  }

  onBeforeUnmount(stop);
  return { pressed };
}

/** The browser's own menu of a long press, and the click when the finger lifts, are part of this press. */
function swallowNext(): void {
  const swallow = (event: Event): void => {
    event.preventDefault();
    event.stopPropagation();
  };
  const done = (): void => {
    setTimeout(() => {
      window.removeEventListener("click", swallow, true);
      window.removeEventListener("contextmenu", swallow, true);
    });
    window.removeEventListener("pointerup", done);
    window.removeEventListener("pointercancel", done);
  };
  window.addEventListener("click", swallow, true);
  window.addEventListener("contextmenu", swallow, true);
  window.addEventListener("pointerup", done);
  window.addEventListener("pointercancel", done);
}
