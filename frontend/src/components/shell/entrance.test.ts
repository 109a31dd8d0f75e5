import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { Refusal } from "@/api/errors";
import { comeIn, isServerAway, knock } from "@/components/shell/entrance";

const silence = new Refusal("no_answer", "No answer.", "", 0);

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe("coming in", () => {
  it("asks again until the server answers, and says that it is away meanwhile", async () => {
    const enter = vi.fn<() => Promise<void>>().mockRejectedValueOnce(silence).mockRejectedValueOnce(silence);
    enter.mockResolvedValue();
    const inside = comeIn(enter);
    await vi.advanceTimersByTimeAsync(0);
    expect(isServerAway.value).toBe(true);
    await vi.advanceTimersByTimeAsync(10_000);
    await inside;
    expect(isServerAway.value).toBe(false);
    expect(enter).toHaveBeenCalledTimes(3);
  });

  it("asks at once when somebody wants it", async () => {
    const enter = vi.fn<() => Promise<void>>().mockRejectedValueOnce(silence).mockResolvedValue();
    const inside = comeIn(enter);
    await vi.advanceTimersByTimeAsync(0);
    knock();
    await inside;
    expect(enter).toHaveBeenCalledTimes(2);
  });

  it("gives what the server refuses on", async () => {
    const refused = new Refusal("forbidden", "No.", "", 403);
    await expect(comeIn(() => Promise.reject(refused))).rejects.toBe(refused);
    expect(isServerAway.value).toBe(false);
  });
});
