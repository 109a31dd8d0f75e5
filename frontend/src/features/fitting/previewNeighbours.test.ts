import { expect, test } from "vitest";

import { neighbours, stepFrom } from "@/features/fitting/previewNeighbours";

test("the rack goes round, and begins at either end", () => {
  expect(stepFrom(3, 1, 4)).toBe(0);
  expect(stepFrom(0, -1, 4)).toBe(3);
  expect(stepFrom(-1, 1, 4)).toBe(0);
  expect(stepFrom(-1, -1, 4)).toBe(3);
  expect(stepFrom(-1, 1, 0)).toBe(-1);
});

test("the next ones in the direction of flipping come first, then the one before", () => {
  expect(neighbours(5, 20, 1)).toEqual([6, 7, 8, 4]);
  expect(neighbours(5, 20, -1)).toEqual([4, 3, 2, 6]);
  expect(neighbours(5, 20, 1, 1)).toEqual([6, 4]);
});

test("before the first flip both sides are as likely", () => {
  expect(neighbours(5, 20, 0)).toEqual([6, 4, 7]);
});

test("nothing is named twice, nor what is looked at now", () => {
  expect(neighbours(0, 2, 1)).toEqual([1]);
  expect(neighbours(0, 1, 1)).toEqual([]);
  expect(neighbours(-1, 0, 1)).toEqual([]);
  expect(neighbours(-1, 3, 1)).toEqual([0, 1, 2]);
});
