import { expect, it } from "vitest";

import type { Provider } from "@/api/schema";
import { chooseFrom, costClassOf, type Model, priceOf, ratioFor, resolutionFor, whoCan, widthOver, type Wish } from "@/features/generation/offers";

const MODEL: Model = {
  name: "large",
  title: "Large",
  aspect_ratios: ["1:1", "3:4", "16:9"],
  resolutions: ["1K", "2K"],
  references: 3,
  seed: true,
  negative_prompt: false,
  batch: true,
  prices: { "1K": 0.04, "2K": 0.1 },
  batch_prices: { "1K": 0.02, "2K": 0.05 },
  cost_classes: { "1K": "low", "2K": "medium" },
};
const SMALL: Model = { ...MODEL, name: "small", title: "Small", resolutions: ["1K"], references: 0 };
const WISH: Wish = { provider: null, model: null, ratio: "1:1", resolution: "1K" };

function provider(name: string, change: Partial<Provider> = {}): Provider {
  return {
    name,
    title: name.toUpperCase(),
    status: "ok",
    detail: "",
    hint: null,
    is_default: false,
    sends_pictures_to: null,
    privacy: "",
    is_paid: false,
    settings: [],
    models: [MODEL, SMALL],
    ...change,
  };
}

it("asks whom the reader chose, else the server's own, else the first that serves", () => {
  const all = [provider("a"), provider("b", { is_default: true }), provider("c")];
  expect(chooseFrom(all, { ...WISH, provider: "c", model: "small" })).toMatchObject({ provider: { name: "c" }, model: { name: "small" } });
  expect(chooseFrom(all, WISH)?.provider.name).toBe("b");
  expect(chooseFrom(all, { ...WISH, provider: "gone", model: "gone" })).toMatchObject({ provider: { name: "b" }, model: { name: "large" } });
  expect(chooseFrom([provider("a")], WISH)?.provider.name).toBe("a");
});

it("asks nobody who does not serve, or has no model", () => {
  const all = [provider("down", { status: "down" }), provider("off", { status: "not_set_up" }), provider("none", { models: [] })];
  expect(chooseFrom(all, { ...WISH, provider: "down" })).toBeNull();
  expect(chooseFrom([...all, provider("busy", { status: "degraded" })], { ...WISH, provider: "down" })?.provider.name).toBe("busy");
});

it("comes as near to the shape as the model can", () => {
  expect(ratioFor(MODEL, "3:4")).toBe("3:4");
  expect(ratioFor(MODEL, "9:16")).toBe("3:4");
  expect(ratioFor(MODEL, "21:9")).toBe("16:9");
  expect(ratioFor(MODEL, "5:4")).toBe("1:1");
});

it("draws no larger than was asked, unless there is nothing so small", () => {
  expect(resolutionFor(MODEL, "4K")).toBe("2K");
  expect(resolutionFor(SMALL, "2K")).toBe("1K");
  expect(resolutionFor({ ...MODEL, resolutions: ["4K"] }, "1K")).toBe("4K");
});

it("reads ratios, whatever is written there", () => {
  expect(widthOver("3:4")).toBe(0.75);
  expect(widthOver("0:4")).toBe(1);
  expect(widthOver("wide")).toBe(1);
});

it("counts the price of single pictures and of batches", () => {
  expect(priceOf(MODEL, "2K", false, 3)).toBeCloseTo(0.3);
  expect(priceOf(MODEL, "2K", true, 10)).toBeCloseTo(0.5);
  expect(priceOf(MODEL, "8K")).toBe(0);
  expect(costClassOf(MODEL, "1K")).toBe("low");
  expect(costClassOf({ ...MODEL, cost_classes: {} }, "1K")).toBe("high");
  expect(costClassOf({ ...MODEL, cost_classes: {}, prices: {} }, "1K")).toBe("free");
});

it("names those that can, of services that serve", () => {
  const all = [provider("a"), provider("b", { status: "down" })];
  expect(whoCan(all, (model) => model.references > 0)).toEqual(["A: Large"]);
});
