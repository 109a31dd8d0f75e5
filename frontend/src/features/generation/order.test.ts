import { expect, it } from "vitest";

import type { Provider } from "@/api/schema";
import type { Choice, Model } from "@/features/generation/offers";
import { bodiesOf, type Draft, isSeed, LARGEST_SEED, obstacleTo, type Reference, sayable } from "@/features/generation/order";

const MODEL = { name: "m", references: 2, seed: true, negative_prompt: true } as Model;
const CHOICE: Choice = { provider: { name: "p" } as Provider, model: MODEL };
const DRAFT: Draft = { prompt: " a coat ", negative: "", references: [], seed: null, variants: 1 };

function reference(value: string): Reference {
  return { key: value, value, name: value, address: "", file: null };
}

it("asks for what was written, and for nothing else", () => {
  expect(bodiesOf(DRAFT, CHOICE, "3:4", "2K")).toEqual([
    { prompt: "a coat", provider: "p", model: "m", aspect_ratio: "3:4", resolution: "2K" },
  ]);
});

it("leaves out what cannot be seen", () => {
  expect(sayable(" a\u000bcoat\n\u0000👗\t红 \ud800")).toBe("a coat\n 👗\t红");
  expect(obstacleTo({ ...DRAFT, prompt: "\u0007" }, CHOICE)).toBe("prompt");
});

it("gives each variant of a seed its own number", () => {
  const seeds = (seed: number): unknown[] => bodiesOf({ ...DRAFT, seed, variants: 3 }, CHOICE, "1:1", "1K").map((body) => body.seed);
  expect(seeds(7)).toEqual([7, 8, 9]);
  expect(seeds(LARGEST_SEED)).toEqual([LARGEST_SEED, 0, 1]);
});

it("sends along only what the model takes", () => {
  const draft = { ...DRAFT, negative: " text ", seed: 3, references: [reference("a"), reference("data:x")] };
  expect(bodiesOf(draft, CHOICE, "1:1", "1K")[0]).toMatchObject({ negative_prompt: "text", seed: 3, reference_images: ["a", "data:x"] });
  const plain = { ...CHOICE, model: { ...MODEL, seed: false, negative_prompt: false } };
  const [body] = bodiesOf(draft, plain, "1:1", "1K");
  expect(body).not.toHaveProperty("seed");
  expect(body).not.toHaveProperty("negative_prompt");
});

it("says what is in the way", () => {
  expect(obstacleTo(DRAFT, null)).toBe("provider");
  expect(obstacleTo({ ...DRAFT, prompt: " \n" }, CHOICE)).toBe("prompt");
  expect(obstacleTo({ ...DRAFT, prompt: "a".repeat(20_001) }, CHOICE)).toBe("tooLong");
  const three = [reference("a"), reference("b"), reference("c")];
  expect(obstacleTo({ ...DRAFT, references: three }, CHOICE)).toBe("tooManyReferences");
  expect(obstacleTo({ ...DRAFT, references: three }, { ...CHOICE, model: { ...MODEL, references: 0 } })).toBe("noReferences");
  expect(obstacleTo({ ...DRAFT, seed: NaN }, CHOICE)).toBe("seed");
  expect(obstacleTo({ ...DRAFT, seed: NaN }, { ...CHOICE, model: { ...MODEL, seed: false } })).toBeNull();
  expect(obstacleTo(DRAFT, CHOICE)).toBeNull();
});

it("knows a seed", () => {
  expect([null, 0, LARGEST_SEED].every(isSeed)).toBe(true);
  expect([-1, 0.5, NaN, LARGEST_SEED + 1].some(isSeed)).toBe(false);
});
