/** Fingers, mouse and wheel on the stage: enlarge, move, and flip by a swipe. */

import { onBeforeUnmount, type Ref, shallowRef, watch } from "vue";

import { CLOSE_SCALE, type Frame, keepInSight, panBy, type View, WHOLE, zoomAt } from "@/features/fitting/stage/zoom";

const SWIPE_PX = 48;
const TAP_PX = 8;
const DOUBLE_TAP_MS = 300;
/** A finger that rests so long asks for the photo of before. */
const HOLD_MS = 350;
const WHEEL_STEP = 0.0016;
export const KEY_FACTOR = 1.4;

interface Wishes {
  frame: () => Frame;
  /** A swipe by touch over the whole picture: 1 to the left (the next), -1 to the right. */
  onSwipe: (step: number, at: number) => void;
  /** A finger rests on the picture, or is lifted again. */
  onHold: (isHeld: boolean) => void;
  /** Whether something else has the pointer (the comparing slider). */
  isTaken: () => boolean;
}

export interface Gestures {
  view: Ref<View>;
  zoomBy: (factor: number) => void;
  fit: () => void;
  /** After the frame has changed its size. */
  settle: () => void;
}

/** Listens on `stage` for as long as it is there. */
export function useGestures(stage: Ref<HTMLElement | null>, { frame, onSwipe, onHold, isTaken }: Wishes): Gestures {
  const view = shallowRef<View>(WHOLE);
  const fingers = new Map<number, { x: number; y: number }>();
  let start: { x: number; y: number } | null = null;
  let wasPinched = false;
  let hold = 0;
  let isHeld = false;
  let lastTap = { at: -Infinity, x: 0, y: 0 };

  function fromMiddle(event: { clientX: number; clientY: number }): { x: number; y: number } {
    const box = stage.value?.getBoundingClientRect();
    if (!box) return { x: 0, y: 0 };
    return { x: event.clientX - box.left - box.width / 2, y: event.clientY - box.top - box.height / 2 };
  }

  function letGo(): boolean {
    const wasHeld = isHeld;
    clearTimeout(hold);
    isHeld = false;
    if (wasHeld) onHold(false);
    return wasHeld;
  }

  function down(event: PointerEvent): void {
    if (isTaken() || event.button !== 0 || isControl(event.target)) return;
    fingers.set(event.pointerId, fromMiddle(event));
    if (fingers.size === 1) {
      start = fromMiddle(event);
      wasPinched = false;
      if (event.pointerType === "touch") hold = window.setTimeout(() => onHold((isHeld = true)), HOLD_MS);
    } else {
      wasPinched = true;
      letGo();
    }
    if (view.value.scale > 1 || fingers.size > 1) stage.value?.setPointerCapture(event.pointerId);
  }

  function move(event: PointerEvent): void {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const now = fromMiddle(event);
    if (start && !isHeld && distance(now, start) > TAP_PX) clearTimeout(hold);
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    fingers.set(event.pointerId, now);
    if (other) {
      const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
      const former = { x: (before.x + other.x) / 2, y: (before.y + other.y) / 2 };
      const factor = distance(now, other) / Math.max(1, distance(before, other));
      view.value = panBy(zoomAt(view.value, factor, middle, frame()), middle.x - former.x, middle.y - former.y, frame());
    } else if (view.value.scale > 1) view.value = panBy(view.value, now.x - before.x, now.y - before.y, frame());
  }

  function up(event: PointerEvent): void {
    if (!fingers.delete(event.pointerId) || fingers.size > 0 || !start) return;
    const end = fromMiddle(event);
    const wasHeld = letGo();
    const [x, y] = [end.x - start.x, end.y - start.y];
    start = null;
    if (wasPinched || wasHeld) return;
    if (Math.hypot(x, y) < TAP_PX) tap(event, end);
    else if (event.pointerType !== "mouse" && view.value.scale === 1 && Math.abs(x) > SWIPE_PX && Math.abs(x) > 1.5 * Math.abs(y)) {
      onSwipe(x < 0 ? 1 : -1, event.timeStamp);
    }
  }

  function cancel(event: PointerEvent): void {
    fingers.delete(event.pointerId);
    start = null;
    letGo();
  }

  function tap(event: PointerEvent, point: { x: number; y: number }): void {
    const isSecond = event.timeStamp - lastTap.at < DOUBLE_TAP_MS && distance(point, lastTap) < 3 * TAP_PX;
    lastTap = { at: isSecond ? -Infinity : event.timeStamp, ...point };
    if (isSecond) view.value = view.value.scale > 1 ? WHOLE : zoomAt(WHOLE, CLOSE_SCALE, point, frame());
  }

  function wheel(event: WheelEvent): void {
    const pixels = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * 16 : event.deltaY;
    if (view.value.scale === 1 && pixels > 0) return; // there is nothing to make smaller: the page scrolls
    event.preventDefault();
    view.value = zoomAt(view.value, Math.exp(-pixels * WHEEL_STEP), fromMiddle(event), frame());
  }

  let over = new AbortController();
  watch(
    stage,
    (element) => {
      over.abort();
      over = new AbortController();
      if (!element) return;
      const options = { signal: over.signal };
      element.addEventListener("pointerdown", down, options);
      element.addEventListener("pointermove", move, options);
      element.addEventListener("pointerup", up, options);
      element.addEventListener("pointercancel", cancel, options);
      element.addEventListener("wheel", wheel, { ...options, passive: false });
      // A resting finger would open the browser's own menu over the picture.
      element.addEventListener("contextmenu", (event) => fingers.size > 0 && event.preventDefault(), options);
    },
    { immediate: true, flush: "post" },
  );
  onBeforeUnmount(() => {
    over.abort();
    letGo();
  });

  return {
    view,
    zoomBy: (factor) => (view.value = zoomAt(view.value, factor, { x: 0, y: 0 }, frame())),
    fit: () => (view.value = WHOLE),
    settle: () => (view.value = keepInSight(view.value, frame())),
  };
}

function isControl(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("button, a, input, [role=slider]") !== null;
}

function distance(a: { x: number; y: number }, b: { x: number; y: number }): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
