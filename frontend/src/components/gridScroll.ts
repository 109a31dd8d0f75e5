/** The scrolling of a grid: where it stands, how fast it goes, and when it has calmed. */

import { computed, type ComputedRef, onBeforeUnmount, onMounted, type Ref, ref, type ShallowRef, watch } from "vue";

import { type Layout, LongScroll, TALLEST } from "@/components/gridGeometry";

/** Still for so long: it has come to rest. */
const REST_MS = 140;
/** Heights of the view a second: faster, nothing is fetched for what rushes by. */
const CALM_SPEED = 1;
/** The same: faster, a bubble says where one is. */
const FAST_SPEED = 2;

export interface GridScroll {
  width: Readonly<Ref<number>>;
  height: Readonly<Ref<number>>;
  offset: Readonly<Ref<number>>;
  /** What the places of cells are less in the element than in the list. */
  shift: Readonly<Ref<number>>;
  calm: Readonly<Ref<boolean>>;
  isFast: Readonly<Ref<boolean>>;
  /** Of the element that is scrolled. */
  tall: ComputedRef<number>;
  goTo(offset: number): void;
}

/** Follows `frame`, the element that scrolls; `layout` says how high the list is. */
export function useGridScroll(
  frame: Readonly<ShallowRef<HTMLElement | null>>,
  layoutOf: (width: number) => Layout,
): GridScroll {
  const long = new LongScroll();
  const width = ref(0);
  const height = ref(0);
  const offset = ref(0);
  const shift = ref(0);
  const calm = ref(true);
  const isFast = ref(false);
  const listHeight = computed(() => layoutOf(width.value).height);
  let rest: ReturnType<typeof setTimeout> | undefined;
  let mark = { at: 0, offset: 0 };

  function told(): void {
    offset.value = long.offset;
    shift.value = long.shift;
  }

  function scrolled(): void {
    const top = frame.value?.scrollTop ?? 0;
    if (Math.abs(top - long.top) < 1) return; // our own doing
    long.scrolled(top);
    told();
    measureSpeed();
    clearTimeout(rest);
    rest = setTimeout(rested, REST_MS);
  }

  function measureSpeed(): void {
    const now = performance.now();
    const passed = now - mark.at;
    if (passed < 50) return;
    // After a rest the first step says nothing yet of a speed, unless it is a leap.
    const speed = Math.abs(long.offset - mark.offset) / Math.max(1, height.value) / (Math.min(passed, 250) / 1000);
    mark = { at: now, offset: long.offset };
    calm.value = speed < CALM_SPEED;
    if (speed > FAST_SPEED) isFast.value = true;
  }

  function rested(): void {
    mark = { at: performance.now(), offset: long.offset };
    calm.value = true;
    isFast.value = false;
    goTo(long.offset); // brings the scroll bar to the share where the list really stands
  }

  function goTo(to: number): void {
    long.goTo(to);
    told();
    if (frame.value && Math.abs(frame.value.scrollTop - long.top) >= 1) frame.value.scrollTop = long.top;
  }

  function measure(): void {
    width.value = frame.value?.clientWidth ?? 0;
    height.value = frame.value?.clientHeight ?? 0;
  }

  // After the element has its new height: before, it could not be scrolled there.
  watch(
    [listHeight, height],
    () => {
      long.measure(listHeight.value, height.value);
      goTo(long.offset);
    },
    { flush: "post" },
  );

  let sizes: ResizeObserver | null = null;
  onMounted(() => {
    measure();
    sizes = new ResizeObserver(measure);
    if (frame.value) sizes.observe(frame.value);
    frame.value?.addEventListener("scroll", scrolled, { passive: true });
  });
  onBeforeUnmount(() => {
    sizes?.disconnect();
    clearTimeout(rest);
    frame.value?.removeEventListener("scroll", scrolled);
  });

  const tall = computed(() => Math.min(listHeight.value, TALLEST));
  return { width, height, offset, shift, calm, isFast, tall, goTo };
}
