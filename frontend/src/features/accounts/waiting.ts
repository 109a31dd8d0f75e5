/** Seconds that count down: until a form may be sent again. */

import { onUnmounted, readonly, ref, type Ref } from "vue";

export function useCountdown(): { left: Readonly<Ref<number>>; start: (seconds: number) => void } {
  const left = ref(0);
  let until = 0;
  let timer = 0;

  function tick(): void {
    left.value = Math.max(0, Math.ceil((until - Date.now()) / 1000));
    if (left.value === 0) window.clearInterval(timer);
  }

  function start(seconds: number): void {
    window.clearInterval(timer);
    until = Date.now() + seconds * 1000;
    timer = window.setInterval(tick, 250);
    tick();
  }

  onUnmounted(() => window.clearInterval(timer));
  return { left: readonly(left), start };
}
