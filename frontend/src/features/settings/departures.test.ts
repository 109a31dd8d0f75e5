import { afterEach, describe, expect, it, vi } from "vitest";

import { useDepartures } from "@/features/settings/departures";
import { speak } from "@/i18n";

/** A log of `count` departures, told as the server tells them. */
function serve(count: number): ReturnType<typeof vi.fn> {
  const answer = vi.fn((request: Request) => {
    const query = new URL(request.url).searchParams;
    const from = Number(query.get("cursor") ?? 0);
    const to = Math.min(count, from + Number(query.get("page_size")));
    const items = Array.from({ length: to - from }, (_, index) => ({ id: String(from + index) }));
    return Promise.resolve(Response.json({ items, total: count, next_cursor: to < count ? String(to) : null }));
  });
  vi.stubGlobal("fetch", answer);
  return answer;
}

describe("what left the machine", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("comes page after page, each once and in order, until there is no more", async () => {
    const answer = serve(120);
    const { items, total, hasMore, more } = useDepartures();
    await Promise.all([more(), more()]);
    expect([items.value.length, total.value, hasMore.value]).toEqual([50, 120, true]);
    await more();
    await more();
    await more();
    expect(items.value.map(({ id }) => Number(id))).toEqual(Array.from({ length: 120 }, (_, index) => index));
    expect(hasMore.value).toBe(false);
    expect(answer).toHaveBeenCalledTimes(3);
  });

  it("goes on where a page could not be fetched", async () => {
    await speak("en");
    vi.stubGlobal("fetch", vi.fn(() => Promise.reject(new TypeError("no network"))));
    const { items, error, more } = useDepartures();
    await more();
    expect(error.value?.code).toBe("no_answer");
    serve(3);
    await more();
    expect([items.value.length, error.value]).toEqual([3, null]);
  });
});
