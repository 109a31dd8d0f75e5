import { describe, expect, it } from "vitest";

import { classOf, costOf, leftOf } from "@/features/generation/batch/prices";

describe("prices", () => {
  it("are of a class by what one picture costs", () => {
    expect([0, 0.02, 0.05, 0.0501, 0.15, 0.2].map(classOf)).toEqual(["free", "low", "low", "medium", "medium", "high"]);
  });

  it("of a batch are those of its pictures together", () => {
    const cost = costOf(100, 0.02, null);
    expect(cost.total).toBeCloseTo(2);
    expect(cost).toMatchObject({ each: 0.02, costClass: "low", isTooMuch: false });
    expect(costOf(0, 0.02, null).total).toBe(0);
  });

  it("are held against what is left of today", () => {
    expect(leftOf(null)).toBeNull();
    expect(leftOf({ spent: 3, limit: null })).toBeNull();
    expect(leftOf({ spent: 3, limit: 2 })).toBe(0);
    expect(costOf(30, 0.1, { spent: 7, limit: 10 }).isTooMuch).toBe(false); // 30 × 0.1 is a little above 3
    expect(costOf(31, 0.1, { spent: 7, limit: 10 }).isTooMuch).toBe(true);
    expect(costOf(5, 0, { spent: 12, limit: 10 }).isTooMuch).toBe(false);
  });
});
