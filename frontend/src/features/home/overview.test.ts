import { describe, expect, it } from "vitest";

import type { LibraryImage } from "@/api/schema";

import { latestOf, type Shelf } from "./overview";

describe("several shelves as one", () => {
  const shelf = (total: number, ...moments: string[]): Shelf => ({
    total,
    items: moments.map((saved_at) => ({ saved_at }) as LibraryImage),
  });

  it("has the newest first and counts all", () => {
    const one = latestOf(shelf(40, "2026-11-22T10:00:00Z", "2026-11-20T10:00:00Z"), shelf(2, "2026-11-21T10:00:00Z"));
    expect(one.total).toBe(42);
    expect(one.items.map((image) => image.saved_at.slice(8, 10))).toEqual(["22", "21", "20"]);
  });
});
