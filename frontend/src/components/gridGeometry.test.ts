import { describe, expect, it } from "vitest";

import { layOut, LongScroll, offsetFor, rowsIn, runsIn, stepTo, TALLEST } from "@/components/gridGeometry";

const desk = layOut({ width: 1392, total: 100_000, size: "M" });

describe("the layout", () => {
  it("fills the width with upright cells", () => {
    expect(desk.columns).toBe(8);
    expect(desk.columns * desk.cellWidth + 7 * 8).toBeCloseTo(1392);
    expect(desk.cellHeight / desk.cellWidth).toBeCloseTo(1.25, 1);
    expect(desk.rows).toBe(12_500);
    expect(desk.height).toBe(12_500 * desk.rowHeight);
  });

  it("has columns for phones, as many as asked for, and lines", () => {
    expect((["S", "M", "L"] as const).map((size) => layOut({ width: 358, total: 9, size }).columns)).toEqual([4, 3, 2]);
    expect(layOut({ width: 358, total: 9, size: "M", columns: 5 }).columns).toBe(5);
    const list = layOut({ width: 358, total: 9, size: "M", lineHeight: 64 });
    expect([list.columns, list.rowHeight, list.height]).toEqual([1, 64, 576]);
  });

  it("draws the rows in view, and none of an empty list", () => {
    expect(rowsIn(desk, 0, 600)).toEqual([0, Math.floor(599 / desk.rowHeight)]);
    expect(rowsIn(desk, 100 * desk.rowHeight, desk.rowHeight, 2)).toEqual([98, 102]);
    expect(rowsIn(desk, desk.height - 600, 600, 5)[1]).toBe(12_499);
    const [first, last] = rowsIn(layOut({ width: 1392, total: 0, size: "M" }), 0, 600);
    expect(last).toBeLessThan(first);
  });

  it("scrolls no further than it has to", () => {
    expect(offsetFor(desk, 3, 0, 600)).toBe(0);
    expect(offsetFor(desk, 0, 5000, 600)).toBe(0);
    const below = offsetFor(desk, 80, 0, 600);
    expect(below).toBe(10 * desk.rowHeight + desk.cellHeight - 600);
    expect(offsetFor(desk, 80, below, 600)).toBe(below);
  });
});

describe("the keys", () => {
  const step = (key: string, index: number, total = 100): number | null =>
    stepTo(key, index, layOut({ width: 1392, total, size: "M" }), total, 3);

  it("walk along rows and columns and stop at the ends", () => {
    expect([step("ArrowRight", 7), step("ArrowLeft", 8), step("ArrowDown", 3), step("ArrowUp", 11)]).toEqual([8, 7, 11, 3]);
    expect([step("ArrowLeft", 0), step("ArrowUp", 3), step("ArrowRight", 99), step("ArrowDown", 98)]).toEqual([0, 3, 99, 98]);
    expect(step("ArrowDown", 95)).toBe(99); // into a last row that is not full
  });

  it("leap to the ends and by pages", () => {
    expect([step("Home", 50), step("End", 50), step("PageDown", 2), step("PageUp", 50)]).toEqual([0, 99, 26, 26]);
    expect([step("PageUp", 10), step("PageDown", 90)]).toEqual([2, 99]);
    expect(step("a", 3)).toBeNull();
  });
});

describe("a band", () => {
  const { cellWidth: wide, rowHeight: high, cellHeight } = desk;

  it("takes what it touches, by runs", () => {
    expect(runsIn(desk, { left: 10, right: wide + 20, top: 10, bottom: high + 10 }, 100_000)).toEqual([
      [0, 1],
      [8, 9],
    ]);
  });

  it("joins whole rows, and knows the end of the list", () => {
    const whole = { left: 0, right: 1392, top: 0, bottom: 10 * high };
    expect(runsIn(desk, whole, 100_000)).toEqual([[0, 87]]);
    expect(runsIn(layOut({ width: 1392, total: 10, size: "M" }), whole, 10)).toEqual([[0, 9]]);
  });

  it("takes nothing in a gap", () => {
    const gap = { left: wide + 1, right: wide + 7, top: 0, bottom: 5 };
    expect(runsIn(desk, gap, 100_000)).toEqual([]);
    expect(runsIn(desk, { left: 0, right: 5, top: cellHeight + 1, bottom: cellHeight + 7 }, 100_000)).toEqual([]);
  });
});

describe("a long scroll", () => {
  it("is an ordinary one where the list is no taller than browsers allow", () => {
    const scroll = new LongScroll();
    scroll.measure(1_000_000, 800);
    scroll.scrolled(123_456);
    expect([scroll.offset, scroll.shift, scroll.height]).toEqual([123_456, 0, 1_000_000]);
    scroll.goTo(5_000_000);
    expect([scroll.offset, scroll.top]).toEqual([999_200, 999_200]);
  });

  it("reaches every place of a list that is taller", () => {
    const scroll = new LongScroll();
    scroll.measure(360_000_000, 800);
    expect(scroll.height).toBe(TALLEST);
    scroll.scrolled(TALLEST - 800);
    expect(scroll.offset).toBe(360_000_000 - 800);
    scroll.scrolled(0);
    expect(scroll.offset).toBe(0);
    scroll.scrolled((TALLEST - 800) / 2); // the scroll bar is pulled to the middle
    expect(scroll.offset).toBeCloseTo((360_000_000 - 800) / 2, -1);
  });

  it("moves by what the wheel moves, and comes back to the right share at rest", () => {
    const scroll = new LongScroll();
    scroll.measure(360_000_000, 800);
    scroll.goTo(180_000_000);
    const { top } = scroll;
    scroll.scrolled(top + 120);
    expect(scroll.offset).toBe(180_000_120);
    scroll.goTo(scroll.offset);
    expect(scroll.offset).toBe(180_000_120);
    expect(Math.abs(scroll.top - (scroll.offset / 359_999_200) * (TALLEST - 800))).toBeLessThan(1);
  });

  it("never draws far outside of the element", () => {
    const scroll = new LongScroll();
    scroll.measure(360_000_000, 800);
    for (const share of [0, 0.2, 0.5, 0.99, 1]) {
      scroll.goTo(share * 360_000_000);
      const drawnAt = scroll.offset - scroll.shift;
      expect(drawnAt).toBeGreaterThanOrEqual(0);
      expect(drawnAt).toBeLessThanOrEqual(TALLEST);
    }
  });

  it("keeps its place when the list grows, and the end when it shrinks", () => {
    const scroll = new LongScroll();
    scroll.measure(100_000, 800);
    scroll.goTo(50_000);
    scroll.measure(200_000, 800);
    expect(scroll.offset).toBe(50_000);
    scroll.measure(10_000, 800);
    expect(scroll.offset).toBe(9_200);
  });
});
