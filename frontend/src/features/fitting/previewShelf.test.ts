import { expect, test } from "vitest";

import { Shelf } from "@/features/fitting/previewShelf";

function makeShelf(room: number): { shelf: Shelf<string>; dropped: string[] } {
  const dropped: string[] = [];
  return { shelf: new Shelf<string>(room, (thing) => dropped.push(thing)), dropped };
}

test("what was used longest ago leaves first, and is let go of once", () => {
  const { shelf, dropped } = makeShelf(2);
  shelf.put("a", "A");
  shelf.put("b", "B");
  expect(shelf.get("a")).toBe("A"); // used just now
  shelf.put("c", "C");
  expect(dropped).toEqual(["B"]);
  expect([shelf.has("a"), shelf.has("b"), shelf.has("c"), shelf.size]).toEqual([true, false, true, 2]);
});

test("what takes another's place lets go of it; the same thing again does not", () => {
  const { shelf, dropped } = makeShelf(2);
  shelf.put("a", "A");
  shelf.put("a", "A");
  expect(dropped).toEqual([]);
  shelf.put("a", "A2");
  expect(dropped).toEqual(["A"]);
});

test("sweeping takes out what is stale, clearing everything", () => {
  const { shelf, dropped } = makeShelf(5);
  for (const key of ["a", "b", "c"]) shelf.put(key, key.toUpperCase());
  shelf.sweep((thing, key) => thing === "A" || key === "c");
  expect(dropped).toEqual(["A", "C"]);
  shelf.clear();
  expect(dropped).toEqual(["A", "C", "B"]);
  expect(shelf.size).toBe(0);
});
