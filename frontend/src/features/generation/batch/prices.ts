/** What a batch costs, and whether today's budget allows for it. US dollars. */

import type { Budget, CostClass } from "@/features/generation/offers";

/** As the server tells prices apart, for one picture. */
const LOW = 0.05;
const MEDIUM = 0.15;

export function classOf(price: number): CostClass {
  if (price <= 0) return "free";
  if (price <= LOW) return "low";
  return price <= MEDIUM ? "medium" : "high";
}

type Day = Pick<Budget, "spent" | "limit">;

/** What is left of today; null where no limit is set. */
export function leftOf(budget: Day | null): number | null {
  if (budget === null || budget.limit === null) return null;
  return Math.max(0, budget.limit - budget.spent);
}

export interface Cost {
  each: number;
  total: number;
  costClass: CostClass;
  /** Beyond what is left of today's budget. */
  isTooMuch: boolean;
}

/** Of `count` pictures at `each`. */
export function costOf(count: number, each: number, budget: Day | null): Cost {
  const total = count * each;
  const left = leftOf(budget);
  // Cents are added up in binary: what is equal may differ in its last place.
  return { each, total, costClass: classOf(each), isTooMuch: left !== null && total > left + 1e-9 };
}
