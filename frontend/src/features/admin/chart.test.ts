import { describe, expect, it } from "vitest";

import { ceilingOf, type Series, stack, totals } from "@/features/admin/chart";

const SERIES: Series[] = [
  { label: "done", tone: "good", values: [6, 0, 2] },
  { label: "failed", tone: "bad", values: [2, 0, 0] },
];

describe("a chart", () => {
  it.each([
    [0, 4],
    [3, 4],
    [5, 5],
    [6, 10],
    [11, 20],
    [100, 100],
    [101, 200],
    [4001, 5000],
  ])("of up to %d goes to %d", (value, ceiling) => {
    expect(ceilingOf(value)).toBe(ceiling);
  });

  it("of cents goes to cents", () => {
    expect(ceilingOf(0.03, 0.01)).toBeCloseTo(0.04);
    expect(ceilingOf(0.5, 0.01)).toBeCloseTo(0.5);
  });

  it("puts one upon the other, and leaves out what is nothing", () => {
    expect(stack(SERIES, 8)).toEqual([
      [
        { tone: "good", from: 0, size: 0.75 },
        { tone: "bad", from: 0.75, size: 0.25 },
      ],
      [],
      [{ tone: "good", from: 0, size: 0.25 }],
    ]);
    expect(totals(SERIES)).toEqual([8, 0, 2]);
  });

  it("of nothing is nothing", () => {
    expect(stack([], 4)).toEqual([]);
    expect(totals([])).toEqual([]);
  });
});
