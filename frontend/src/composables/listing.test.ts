import { createPinia, setActivePinia } from "pinia";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { effectScope, type EffectScope, ref } from "vue";

import type { LibraryImage } from "@/api/schema";
import { changing, tellNews } from "@/composables/libraryNews";
import { type Filters, letsThrough, type Listing, useListing } from "@/composables/listing";
import { useSession } from "@/stores/session";

let library: LibraryImage[] = [];
let asked: URL[] = [];
let scope: EffectScope;

function image(id: string, more: Partial<LibraryImage> = {}): LibraryImage {
  return { id, category: "clothes", deleted_at: null, is_favorite: false, colour: "red", garment_kind: null, ...more } as LibraryImage;
}

/** The server: pages of what `library` holds at the moment of asking. */
function answer(request: Request): Promise<Response> {
  const address = new URL(request.url);
  asked.push(address);
  if (address.pathname.endsWith("/ids")) return Promise.resolve(Response.json({ ids: library.map((one) => one.id) }));
  const [page, size] = ["page", "page_size"].map((name) => Number(address.searchParams.get(name))) as [number, number];
  const items = library.slice((page - 1) * size, page * size);
  return Promise.resolve(Response.json({ items, total: library.length, page, page_size: size, next_cursor: null }));
}

async function list(filters: Filters = {}): Promise<Listing> {
  const listing = scope.run(() => useListing(ref(filters)));
  if (listing === undefined) throw new Error("no scope");
  await vi.waitUntil(() => listing.isKnown.value);
  return listing;
}

beforeEach(() => {
  setActivePinia(createPinia());
  useSession().server = { mode: "server" } as never;
  library = Array.from({ length: 1000 }, (_, index) => image(`id${index}`));
  asked = [];
  vi.stubGlobal("fetch", answer);
  scope = effectScope();
});
afterEach(() => {
  scope.stop();
  vi.unstubAllGlobals();
});

describe("a listing", () => {
  it("fetches only what is looked at", async () => {
    const listing = await list({ category: "clothes", q: "linen" });
    expect([listing.total.value, listing.at(99)?.id, listing.at(500)]).toEqual([1000, "id99", undefined]);
    await listing.ensure(540, 560);
    expect(listing.at(550)?.id).toBe("id550");
    expect(asked.map((one) => one.searchParams.get("page"))).toEqual(["1", "6"]);
    expect(asked[0]?.searchParams.get("q")).toBe("linen");
    await listing.ensure(540, 560);
    expect(asked).toHaveLength(2);
  });

  it("asks for ids where a range was never looked at", async () => {
    const listing = await list();
    expect(await listing.range(10, 12)).toEqual(["id10", "id11", "id12"]);
    expect(asked).toHaveLength(1);
    expect(await listing.range(10, 700)).toHaveLength(691);
    expect(asked.at(-1)?.pathname).toMatch(/ids$/);
  });

  it("merges what others added without emptying itself", async () => {
    const listing = await list();
    library = [image("new"), ...library];
    tellNews({ type: "stale" });
    expect(listing.at(0)?.id).toBe("id0"); // shown until the answer is there
    await vi.waitUntil(() => listing.total.value === 1001);
    expect([listing.at(0)?.id, listing.indexOf("id0")]).toEqual(["new", 1]);
  });

  it("notices when it is empty no more", async () => {
    library = [];
    const listing = await list();
    expect(listing.total.value).toBe(0);
    library = [image("first")];
    await listing.refresh();
    expect([listing.total.value, listing.at(0)?.id]).toEqual([1, "first"]);
  });

  it("shows a change at once, asks nothing while it is on its way, and is put right by the server", async () => {
    const listing = await list();
    tellNews({ type: "trashed", ids: ["id1"] });
    expect([listing.total.value, listing.at(1)?.id]).toEqual([999, "id2"]);
    await changing(async () => {
      const before = asked.length;
      await listing.ensure(0, 99);
      expect(asked).toHaveLength(before);
    });
    // The server refused: it is there again.
    await vi.waitUntil(() => listing.total.value === 1000);
    expect(listing.at(1)?.id).toBe("id1");
  });

  it("lets go of what its filter no longer lets through", async () => {
    library = [image("a", { is_favorite: true }), image("b", { is_favorite: true })];
    const listing = await list({ favorite: true });
    listing.patch(image("a", { is_favorite: false }));
    expect([listing.total.value, listing.at(0)?.id]).toEqual([1, "b"]);
    listing.patch(image("b", { is_favorite: true, title: "B" }));
    expect(listing.at(0)?.title).toBe("B");
  });

  it("begins anew with other filters", async () => {
    const filters = ref<Filters>({ category: "clothes" });
    const listing = scope.run(() => useListing(filters)) as Listing;
    await vi.waitUntil(() => listing.isKnown.value);
    const { value } = listing.generation;
    library = [image("me", { category: "char" })];
    filters.value = { category: "char" };
    await vi.waitUntil(() => listing.total.value === 1);
    expect(listing.at(0)?.id).toBe("me");
    expect(listing.generation.value).toBeGreaterThan(value);
  });

  it("says what went wrong", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("down")));
    const listing = scope.run(() => useListing(ref({}))) as Listing;
    await vi.waitUntil(() => listing.error.value !== null);
    expect(listing.error.value?.code).toBe("no_answer");
  });
});

it("knows without the server what a filter lets through", () => {
  expect(letsThrough({ category: "char" }, image("a"))).toBe(false);
  expect(letsThrough({ colour: "red", category: "clothes" }, image("a"))).toBe(true);
  expect(letsThrough({ garment_kind: "dress" }, image("a", { garment_kind: "upper" }))).toBe(false);
  expect(letsThrough({}, image("a", { deleted_at: "2026-01-01T00:00:00Z" }))).toBe(false);
  expect(letsThrough({ trash: true }, image("a", { deleted_at: "2026-01-01T00:00:00Z" }))).toBe(true);
});
