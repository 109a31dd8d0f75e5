/** Choosing pictures in a grid: with clicks, ticks, keys, a finger that stays, and a band. */

import { computed, type ComputedRef, type Ref, type ShallowRef } from "vue";

import { useBand } from "@/components/gridBand";
import { type Box, type Layout, runsIn } from "@/components/gridGeometry";
import { meaningOf, useLongPress } from "@/components/gridPress";
import type { GridScroll } from "@/components/gridScroll";
import type { Listing } from "@/composables/listing";
import type { Selection } from "@/composables/selection";
import { useToasts } from "@/stores/toasts";

export interface GridChoiceOptions {
  frame: Readonly<ShallowRef<HTMLElement | null>>;
  scroll: GridScroll;
  layout: Readonly<Ref<Layout>>;
  total: Readonly<Ref<number>>;
  listing: Listing;
  /** Without one, a press opens. */
  selection: Readonly<Ref<Selection | undefined>>;
  /** Place of the picture in whose cell `target` is; -1: in none. */
  indexOf: (target: EventTarget | null) => number;
  open: (index: number) => void;
}

export interface GridChoice {
  band: Readonly<Ref<Box | null>>;
  isSelecting: ComputedRef<boolean>;
  pressed: (event: PointerEvent) => void;
  clicked: (event: MouseEvent) => void;
  toggle: (index: number) => void;
  /** With Shift and an arrow: from where the range begins (`from`, where none does yet) to `to`. */
  reach: (from: number, to: number) => void;
}

export function useGridChoice(options: GridChoiceOptions): GridChoice {
  const { listing, selection, layout, total } = options;
  const toasts = useToasts();
  let base: ReadonlySet<string> = new Set();
  let sweeps = 0;

  function toggle(index: number): void {
    const image = listing.at(index);
    if (image !== undefined) selection.value?.toggle(image.id, index);
  }

  function reach(from: number, to: number): void {
    const first = listing.at(from);
    if (first !== undefined && selection.value?.ids.value.size === 0) selection.value.toggle(first.id, from);
    selection.value?.reach(to).catch(toasts.fail);
  }

  const { band, pressed: bandPressed } = useBand({
    ...options,
    begin(event) {
      const adds = event.ctrlKey || event.metaKey || event.shiftKey;
      base = adds ? (selection.value?.ids.value ?? new Set()) : new Set();
    },
    change: (box) => void sweep(box).catch(toasts.fail),
    cancel() {
      sweeps++;
      selection.value?.sweep([], base);
    },
  });

  async function sweep(box: Box): Promise<void> {
    const mine = ++sweeps;
    const runs = runsIn(layout.value, box, total.value);
    const found = await Promise.all(runs.map(([first, last]) => listing.range(first, last)));
    if (mine === sweeps) selection.value?.sweep(found.flat(), base);
  }

  const longPress = useLongPress((target) => {
    const index = options.indexOf(target);
    if (selection.value === undefined || index < 0) return;
    navigator.vibrate?.(10);
    toggle(index);
  });

  function pressed(event: PointerEvent): void {
    if (selection.value === undefined) return;
    bandPressed(event);
    longPress.pressed(event);
  }

  function clicked(event: MouseEvent): void {
    const index = options.indexOf(event.target);
    if (index < 0 || event.defaultPrevented) return;
    if (selection.value === undefined) {
      options.open(index);
      return;
    }
    const onTick = event.target instanceof Element && event.target.closest("[data-tick]") !== null;
    const press = { ctrl: event.ctrlKey || event.metaKey, shift: event.shiftKey, onTick };
    const meaning = meaningOf(press, isSelecting.value);
    if (meaning === "open") options.open(index);
    else if (meaning === "toggle") toggle(index);
    else void selection.value.reach(index).catch(toasts.fail);
  }

  const isSelecting = computed(() => (selection.value?.ids.value.size ?? 0) > 0);
  return { band, isSelecting, pressed, clicked, toggle, reach };
}
