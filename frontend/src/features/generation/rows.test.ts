import { expect, it } from "vitest";

import { rowsOf } from "@/features/generation/rows";
import { fitInto } from "@/features/generation/shrink";

it("shows a few lines at least, and not more than fit", () => {
  expect(rowsOf("")).toBe(4);
  expect(rowsOf("x".repeat(44 * 6))).toBe(6);
  expect(rowsOf("a\n\n\n\n\nb")).toBe(6);
  expect(rowsOf("x".repeat(9999))).toBe(14);
});

it("counts a Chinese sign twice", () => {
  expect(rowsOf("衣".repeat(22 * 6))).toBe(6);
});

it("makes pictures no longer than they are kept", () => {
  expect(fitInto(4096, 1000, 2048)).toEqual([2048, 500]);
  expect(fitInto(800, 600, 2048)).toEqual([800, 600]);
  expect(fitInto(9000, 1, 2048)).toEqual([2048, 1]);
});
