import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { evenly } from "@/features/generation/batch/evenly";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("work that is asked for often", () => {
  it("is done at once, and then when its time has come again, once for all who asked", async () => {
    const work = vi.fn(() => Promise.resolve());
    const even = evenly(1000, work);
    even.ask();
    await vi.advanceTimersByTimeAsync(0);
    expect(work).toHaveBeenCalledTimes(1);
    for (let times = 0; times < 10; times++) even.ask();
    await vi.advanceTimersByTimeAsync(999);
    expect(work).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(work).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(5000);
    expect(work).toHaveBeenCalledTimes(2);
  });

  it("is never done twice at the same time, and who asked meanwhile is heard after it", async () => {
    let finish = (): void => undefined;
    const work = vi.fn(() => new Promise<void>((resolve) => (finish = resolve)));
    const even = evenly(1000, work);
    even.ask();
    await vi.advanceTimersByTimeAsync(0);
    even.ask();
    await vi.advanceTimersByTimeAsync(3000);
    expect(work).toHaveBeenCalledTimes(1);
    finish();
    await vi.advanceTimersByTimeAsync(0);
    expect(work).toHaveBeenCalledTimes(2);
  });

  it("is not done after the end", async () => {
    const work = vi.fn(() => Promise.resolve());
    const even = evenly(1000, work);
    even.ask();
    even.stop();
    even.ask();
    await vi.advanceTimersByTimeAsync(5000);
    expect(work).not.toHaveBeenCalled();
  });
});
