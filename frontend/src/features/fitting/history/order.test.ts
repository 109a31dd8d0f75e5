import { describe, expect, it } from "vitest";

import type { TryOnEntry } from "@/api/schema";

import { merged, visible } from "./order";

function entry(id: string, at: string, told: Partial<TryOnEntry> = {}): TryOnEntry {
  return {
    id,
    task_id: null,
    engine: "instant",
    human_image: "me.jpg",
    human_image_id: "me",
    garment_image: "shirt.jpg",
    garment_image_id: "shirt",
    lower_image: null,
    lower_image_id: null,
    result_image: `${id}.png`,
    result_image_id: `picture-${id}`,
    url: `/${id}.png`,
    thumbnail_url: null,
    mask_url: null,
    width: 3,
    height: 4,
    parameters: {},
    processing_time: 0.3,
    confidence: 1,
    notes: [],
    page_url: null,
    page_title: null,
    is_favorite: false,
    created_at: `2026-11-22T10:00:${at}Z`,
    ...told,
  };
}

const ids = (entries: readonly TryOnEntry[]): string[] => entries.map((one) => one.id);

describe("the fittings that are known", () => {
  it("stand newest first, pages and news alike", () => {
    const known = merged([entry("c", "03"), entry("b", "02")], [entry("a", "01")]);
    expect(ids(merged(known, [entry("d", "04")]))).toEqual(["d", "c", "b", "a"]);
  });

  it("stand there once, as last told", () => {
    const known = [entry("b", "02"), entry("a", "01")];
    const told = merged(known, [entry("a", "01", { is_favorite: true })]);
    expect(ids(told)).toEqual(["b", "a"]);
    expect(told[1]?.is_favorite).toBe(true);
  });

  it("of the same moment keep one order", () => {
    expect(ids(merged([entry("a", "01"), entry("b", "01")], []))).toEqual(["b", "a"]);
  });

  it("are not shown while their picture is away", () => {
    const known = [entry("b", "02"), entry("a", "01", { url: null })];
    expect(ids(visible(known, new Set()))).toEqual(["b"]);
    expect(ids(visible(known, new Set(["picture-b"])))).toEqual([]);
  });
});
