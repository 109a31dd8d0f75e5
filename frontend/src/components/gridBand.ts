/** Choosing with a band that the mouse draws over a grid; near its edges the grid scrolls along. */

import { onBeforeUnmount, type Ref, ref, type ShallowRef } from "vue";

import type { Box, Layout } from "@/components/gridGeometry";
import type { GridScroll } from "@/components/gridScroll";

/** So far the mouse has to go before a click becomes a band. */
const DRAG = 6;
/** From here on towards an edge the grid scrolls, at most so many pixels a frame. */
const EDGE = 48;
const FASTEST = 40;

export interface BandOptions {
  frame: Readonly<ShallowRef<HTMLElement | null>>;
  scroll: GridScroll;
  layout: Readonly<Ref<Layout>>;
  begin: (event: PointerEvent) => void;
  /** The band as it is now, in pixels of the whole list. */
  change: (box: Box) => void;
  cancel: () => void;
}

/** `band` is null while none is drawn. Give every `pointerdown` of the grid to `pressed`. */
export function useBand(options: BandOptions): {
  band: Readonly<Ref<Box | null>>;
  pressed: (event: PointerEvent) => void;
} {
  const { frame, scroll } = options;
  const band = ref<Box | null>(null);
  let start: { x: number; y: number; event: PointerEvent } | null = null;
  let pointer = { x: 0, y: 0 };
  let loop = 0;

  function pressed(event: PointerEvent): void {
    if (event.pointerType !== "mouse" || event.button !== 0 || frame.value === null) return;
    if (event.clientX - frame.value.getBoundingClientRect().left > frame.value.clientWidth) return; // the scroll bar
    start = { ...placeOf(event.clientX, event.clientY), event };
    pointer = { x: event.clientX, y: event.clientY };
    window.addEventListener("pointermove", moved);
    window.addEventListener("pointerup", ended);
    window.addEventListener("pointercancel", cancelled);
    window.addEventListener("keydown", keyed, true);
  }

  function placeOf(x: number, y: number): { x: number; y: number } {
    const edges = frame.value?.getBoundingClientRect() ?? new DOMRect();
    const padding = frame.value ? parseFloat(getComputedStyle(frame.value).paddingLeft) : 0;
    return { x: x - edges.left - padding, y: y - edges.top + scroll.offset.value };
  }

  function moved(event: PointerEvent): void {
    if (start === null) return;
    pointer = { x: event.clientX, y: event.clientY };
    if (band.value === null) {
      if (Math.hypot(pointer.x - start.event.clientX, pointer.y - start.event.clientY) < DRAG) return;
      options.begin(start.event);
      loop = requestAnimationFrame(follow);
    }
    draw();
  }

  function draw(): void {
    if (start === null) return;
    const { x, y } = placeOf(pointer.x, pointer.y);
    const bottom = options.layout.value.height;
    band.value = {
      left: Math.max(0, Math.min(start.x, x)),
      right: Math.min(scroll.width.value, Math.max(start.x, x)),
      top: Math.max(0, Math.min(start.y, y)),
      bottom: Math.min(bottom, Math.max(start.y, y)),
    };
    options.change(band.value);
  }

  function follow(): void {
    loop = requestAnimationFrame(follow);
    const edges = frame.value?.getBoundingClientRect();
    if (!edges) return;
    const above = edges.top + EDGE - pointer.y;
    const below = pointer.y - (edges.bottom - EDGE);
    const by = above > 0 ? -above : Math.max(0, below);
    if (by === 0) return;
    const before = scroll.offset.value;
    scroll.goTo(before + Math.max(-FASTEST, Math.min(FASTEST, by / 2)));
    if (scroll.offset.value !== before) draw();
  }

  function keyed(event: KeyboardEvent): void {
    if (event.key !== "Escape" || band.value === null) return;
    event.preventDefault();
    event.stopPropagation();
    cancelled();
  }

  function cancelled(): void {
    const was = band.value !== null;
    stop();
    if (was) options.cancel();
  }

  function ended(): void {
    // The click that follows is the end of the band, not a click.
    if (band.value !== null) {
      const swallow = (event: MouseEvent): void => event.stopPropagation();
      window.addEventListener("click", swallow, { capture: true, once: true });
      setTimeout(() => window.removeEventListener("click", swallow, true));
    }
    stop();
  }

  function stop(): void {
    cancelAnimationFrame(loop);
    start = null;
    band.value = null;
    window.removeEventListener("pointermove", moved);
    window.removeEventListener("pointerup", ended);
    window.removeEventListener("pointercancel", cancelled);
    window.removeEventListener("keydown", keyed, true);
  }

  onBeforeUnmount(stop);
  return { band, pressed };
}
