import { expect, test } from "vitest";

import { fitInto, LARGEST_SCALE, panBy, WHOLE, zoomAt } from "@/features/fitting/stage/zoom";

const frame = fitInto(800, 600, { width: 300, height: 400 });

test("a picture is as large as it fits", () => {
  expect([frame.pictureWidth, frame.pictureHeight]).toEqual([450, 600]);
  expect(fitInto(800, 600, null).pictureWidth).toBe(800);
});

test("what is under the pointer stays under it", () => {
  const point = { x: 40, y: -100 };
  const view = zoomAt(WHOLE, 2, point, frame);
  expect((point.x - view.x) / view.scale).toBeCloseTo(point.x);
  expect((point.y - view.y) / view.scale).toBeCloseTo(point.y);
});

test("it becomes neither smaller than the frame nor larger than makes sense", () => {
  expect(zoomAt(WHOLE, 0.2, { x: 10, y: 10 }, frame)).toEqual(WHOLE);
  expect(zoomAt(WHOLE, 100, { x: 0, y: 0 }, frame).scale).toBe(LARGEST_SCALE);
});

test("no edge is drawn further in than it need be", () => {
  const close = zoomAt(WHOLE, 2, { x: 0, y: 0 }, frame);
  const moved = panBy(close, 5000, -5000, frame);
  expect(moved).toEqual({ scale: 2, x: (450 * 2 - 800) / 2, y: -(600 * 2 - 600) / 2 });
  expect(panBy(WHOLE, 50, 50, frame)).toEqual(WHOLE);
});
