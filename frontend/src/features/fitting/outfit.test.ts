import { expect, test } from "vitest";

import type { LibraryImage } from "@/api/schema";
import { kindOf, leaveOut, NOTHING, putOn, sortIn, takeOff, wornOf } from "@/features/fitting/outfit";

function garment(id: string, kind: string | null = null): LibraryImage {
  return { id, garment_kind: kind } as unknown as LibraryImage;
}
const shirt = garment("shirt", "upper");
const jeans = garment("jeans", "lower");
const gown = garment("gown", "dress");

test("a top and bottoms are worn together, each changed alone", () => {
  const both = putOn(putOn(NOTHING, jeans, "lower"), shirt, "upper");
  expect(wornOf(both)).toEqual({ garment: shirt, lower: jeans, kind: "upper" });
  const other = garment("jumper", "upper");
  expect(wornOf(putOn(both, other, "upper"))).toEqual({ garment: other, lower: jeans, kind: "upper" });
  expect(wornOf(takeOff(both, "upper"))).toEqual({ garment: jeans, kind: "lower" });
});

test("a dress takes off the others, and they take off the dress", () => {
  const both = putOn(putOn(NOTHING, jeans, "lower"), shirt, "upper");
  const dressed = putOn(both, gown, "dress");
  expect(wornOf(dressed)).toEqual({ garment: gown, kind: "dress" });
  expect(dressed.upper).toBeNull();
  expect(wornOf(putOn(dressed, jeans, "lower"))).toEqual({ garment: jeans, kind: "lower" });
});

test("what nobody knows yet is worn alone, and the engine looks for itself", () => {
  const unknown = garment("thing");
  expect(kindOf(unknown)).toBeNull();
  expect(wornOf(putOn(putOn(NOTHING, jeans, "lower"), unknown, null))).toEqual({ garment: unknown, kind: null });
});

test("what it took the place of comes back when it is known where it belongs", () => {
  const both = putOn(putOn(NOTHING, jeans, "lower"), shirt, "upper");
  const unknown = putOn(both, garment("thing"), null);
  const jumper = garment("thing", "upper");
  expect(wornOf(sortIn(unknown, "upper", jumper, "upper"))).toEqual({ garment: jumper, lower: jeans, kind: "upper" });
  const skirt = garment("thing", "lower");
  expect(wornOf(sortIn(unknown, "upper", skirt, "lower"))).toEqual({ garment: shirt, lower: skirt, kind: "upper" });
  expect(wornOf(sortIn(unknown, "upper", gown, "dress"))).toEqual({ garment: gown, kind: "dress" });
  const further = putOn(putOn(unknown, garment("another"), null), jumper, "upper"); // leafed on meanwhile
  expect(wornOf(further)).toEqual({ garment: jumper, lower: jeans, kind: "upper" });
  expect(wornOf(takeOff(unknown, "upper"))).toBeNull();
  const left = leaveOut(unknown, (image) => image?.id === "jeans");
  expect(wornOf(sortIn(left, "upper", jumper, "upper"))).toEqual({ garment: jumper, kind: "upper" });
});

test("nothing is worn without a garment", () => {
  expect(wornOf(NOTHING)).toBeNull();
  expect(wornOf(takeOff(putOn(NOTHING, gown, "dress"), "dress"))).toBeNull();
});
