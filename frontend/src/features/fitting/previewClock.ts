/** How long a flip took, from the key (or the pointer) to the painted picture: `performance` entries named `flip`. */

import type { Preview } from "@/features/fitting/preview";

/** What a `flip` entry carries in its `detail`. Milliseconds. */
export interface FlipDetail {
  key: string;
  /** `shelf`: the picture had been made ready. */
  from: "shelf" | "server";
  /** Of a picture from the server: its own steps (`Server-Timing`), and from asking to decoded. */
  server: Record<string, number>;
  fetchMs: number;
}

const KEPT_ENTRIES = 500;

export class FlipClock {
  #running: { at: number; detail: FlipDetail } | null = null;

  /** `at`: when it was wanted, on `performance`'s clock. */
  start(preview: Preview, at: number, wasAtHand: boolean): void {
    const { key, steps, totalMs } = preview;
    this.#running = { at, detail: { key, from: wasAtHand ? "shelf" : "server", server: steps, fetchMs: totalMs } };
  }

  stop(key: string): void {
    const running = this.#running;
    if (running?.detail.key !== key) return;
    this.#running = null;
    if (performance.getEntriesByName("flip", "measure").length >= KEPT_ENTRIES) performance.clearMeasures("flip");
    performance.measure("flip", { start: running.at, end: performance.now(), detail: running.detail });
  }
}
