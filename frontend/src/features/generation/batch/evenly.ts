/** Work that is asked for more often than it need be done. */

export interface Evenly {
  /** Does the work: at once, or when it is time for it again. */
  ask(): void;
  stop(): void;
}

/** Does `work` at most once in `ms`, and never twice at the same time; the last one who asks is always heard. */
export function evenly(ms: number, work: () => Promise<unknown>): Evenly {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let begun = -Infinity;
  let isRunning = false;
  let isAsked = false;
  let isOver = false;

  function run(): void {
    timer = undefined;
    isAsked = false;
    isRunning = true;
    begun = performance.now();
    void work().finally(() => {
      isRunning = false;
      if (isAsked) plan();
    });
  }

  function plan(): void {
    if (isOver || timer !== undefined) return;
    timer = setTimeout(run, Math.max(0, begun + ms - performance.now()));
  }

  return {
    ask: () => {
      if (isRunning) isAsked = true;
      else plan();
    },
    stop: () => {
      isOver = true;
      clearTimeout(timer);
    },
  };
}
