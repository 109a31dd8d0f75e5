import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type App, createApp, defineComponent } from "vue";

import { usePolling } from "@/features/admin/polling";

let app: App | null = null;
let isHidden = false;

function poll(work: () => Promise<unknown>): void {
  app = createApp(
    defineComponent({
      setup() {
        usePolling(work, 1000);
        return () => null;
      },
    }),
  );
  app.mount(document.createElement("div"));
}

function hide(now: boolean): void {
  isHidden = now;
  document.dispatchEvent(new Event("visibilitychange"));
}

describe("asking again and again", () => {
  beforeEach(() => {
    isHidden = false;
    vi.useFakeTimers();
    vi.spyOn(document, "hidden", "get").mockImplementation(() => isHidden);
  });
  afterEach(() => {
    app?.unmount();
    app = null;
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it("waits after each answer, also after one that failed", async () => {
    const work = vi.fn(() => Promise.reject(new Error("down")));
    poll(work);
    await vi.advanceTimersByTimeAsync(999);
    expect(work).toHaveBeenCalledTimes(0);
    await vi.advanceTimersByTimeAsync(2001);
    expect(work).toHaveBeenCalledTimes(3);
  });

  it("never asks twice at once", async () => {
    const work = vi.fn(() => new Promise<void>((resolve) => setTimeout(resolve, 5000)));
    poll(work);
    await vi.advanceTimersByTimeAsync(3000);
    hide(true);
    hide(false);
    expect(work).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(4000);
    expect(work).toHaveBeenCalledTimes(2);
  });

  it("rests while nobody can see it, and asks at once when somebody can", async () => {
    const work = vi.fn(() => Promise.resolve());
    poll(work);
    hide(true);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(work).toHaveBeenCalledTimes(0);
    hide(false);
    expect(work).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1000);
    expect(work).toHaveBeenCalledTimes(2);
  });

  it("ends with its component", async () => {
    const work = vi.fn(() => Promise.resolve());
    poll(work);
    app?.unmount();
    app = null;
    hide(false);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(work).toHaveBeenCalledTimes(0);
  });
});
