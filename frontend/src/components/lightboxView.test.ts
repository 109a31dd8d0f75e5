import { describe, expect, it } from "vitest";

import { AT_REST, fit, hold, meaningOfSwipe, most, zoomAt } from "@/components/lightboxView";

const stage = { width: 1000, height: 800 };

describe("the lightbox", () => {
  it("fits a picture, and blows none up beyond twice its size", () => {
    expect(fit({ width: 2000, height: 1000 }, stage)).toEqual({ width: 1000, height: 500 });
    expect(fit({ width: 100, height: 100 }, stage)).toEqual({ width: 200, height: 200 });
    expect(fit({ width: 0, height: 100 }, stage)).toEqual({ width: 0, height: 0 });
  });

  it("zooms towards the point under the pointer", () => {
    const view = zoomAt(AT_REST, 2, { x: 100, y: 50 }, 4);
    // What was 100 right of the middle still is: (100 - x) / scale.
    expect([(100 - view.x) / view.scale, (50 - view.y) / view.scale]).toEqual([100, 50]);
    expect(zoomAt(view, 99, { x: 0, y: 0 }, 4).scale).toBe(4);
    expect(zoomAt(view, 0.01, { x: 0, y: 0 }, 4).scale).toBe(1);
    expect(most({ width: 6000, height: 4000 }, { width: 1000, height: 667 })).toBe(12);
  });

  it("keeps the picture over the stage", () => {
    const fitted = { width: 1000, height: 500 };
    expect(hold({ scale: 2, x: 9999, y: 9999 }, fitted, stage)).toEqual({ scale: 2, x: 500, y: 100 });
    expect(hold({ scale: 1, x: 50, y: 50 }, fitted, stage)).toEqual(AT_REST);
    expect(hold({ scale: 1.2, x: 10, y: 40 }, fitted, stage)).toEqual({ scale: 1.2, x: 10, y: 0 });
  });

  it("tells a swipe from a tremble", () => {
    expect(meaningOfSwipe(-120, 5, 600)).toBe("next");
    expect(meaningOfSwipe(120, 5, 600)).toBe("previous");
    expect(meaningOfSwipe(-40, 3, 60)).toBe("next");
    expect(meaningOfSwipe(-40, 3, 900)).toBeNull();
    expect(meaningOfSwipe(4, 140, 300)).toBe("close");
    expect(meaningOfSwipe(-100, -100, 300)).toBeNull();
    expect(meaningOfSwipe(0, -200, 300)).toBeNull();
  });
});
