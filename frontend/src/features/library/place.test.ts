import { describe, expect, it } from "vitest";

import type { LibraryImage } from "@/api/schema";
import { fittingOf } from "@/features/library/chosen";
import { filtersOf, isNarrowed, readPlace, tabOf, writePlace } from "@/features/library/place";
import { daysLeft } from "@/features/library/words";

describe("the address of the library", () => {
  it("leaves out what is usual and reads back what it wrote", () => {
    expect(writePlace(readPlace({}))).toEqual({});
    const query = { tab: "favourites", q: "linen", sort: "name", colour: "blue", kind: "dress", picture: "abc" };
    expect(writePlace(readPlace(query))).toEqual(query);
  });

  it("takes nonsense for nothing", () => {
    const place = readPlace({ tab: "attic", sort: "up", colour: "#fff", kind: "hat", q: ["a", "b"], picture: null });
    expect(place).toEqual({ tab: "clothes", search: "", sort: "newest", colour: null, kind: null, picture: null });
  });

  it("becomes what the server is asked for", () => {
    expect(filtersOf(readPlace({ tab: "me", q: "  Anna ", kind: "dress" }))).toEqual({ category: "char", q: "Anna" });
    expect(filtersOf(readPlace({ kind: "dress" }))).toEqual({ category: "clothes", garment_kind: "dress" });
    expect(filtersOf(readPlace({ tab: "favourites", colour: "red" }))).toEqual({ favorite: true, colour: "red" });
    expect(filtersOf(readPlace({ tab: "trash", q: "x", sort: "name" }))).toEqual({ trash: true });
  });

  it("knows whether a list is narrowed", () => {
    expect(isNarrowed(readPlace({ sort: "name", q: "  " }))).toBe(false);
    expect(isNarrowed(readPlace({ colour: "red" }))).toBe(true);
    expect(isNarrowed(readPlace({ tab: "trash", q: "x" }))).toBe(false);
  });

  it("finds the tab of a category", () => {
    expect(["clothes", "char", "vton_results", "generated", "?"].map(tabOf)).toEqual([
      "clothes",
      "me",
      "results",
      "generated",
      "clothes",
    ]);
  });
});

describe("a fitting out of chosen pictures", () => {
  const image = (id: string, category: string, garment_kind: string | null = null): LibraryImage =>
    ({ id, category, garment_kind }) as LibraryImage;

  it("takes the first person, and garments that go together", () => {
    const all = [image("u", "clothes", "upper"), image("l", "clothes", "lower"), image("p", "char"), image("q", "char")];
    expect(fittingOf(all)).toEqual({ person: "p", garment: "u", lower: "l" });
    expect(fittingOf([image("d", "clothes", "dress"), ...all])).toEqual({ person: "p", garment: "d" });
    expect(fittingOf([image("r", "vton_results")])).toEqual({});
  });
});

it("counts the days that the trash keeps a picture", () => {
  const now = Date.parse("2026-11-22T12:00:00Z");
  expect(daysLeft("2026-11-22T11:00:00Z", 30, now)).toBe(30);
  expect(daysLeft("2026-10-24T12:00:00Z", 30, now)).toBe(1);
  expect(daysLeft("2026-10-01T12:00:00Z", 30, now)).toBe(0);
});
