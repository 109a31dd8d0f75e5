import { expect, it } from "vitest";

import { recipeOf } from "@/features/generation/recipe";

it("reads how a picture was asked for", () => {
  const told = {
    prompt: "a coat",
    negative_prompt: "text",
    provider: "p",
    model: "m",
    aspect_ratio: "3:4",
    resolution: "2K",
    seed: 0,
    reference_images: ["abc", "upload", "upload"],
  };
  expect(recipeOf(told)).toEqual({
    prompt: "a coat",
    negative: "text",
    provider: "p",
    model: "m",
    ratio: "3:4",
    resolution: "2K",
    seed: 0,
    references: ["abc"],
    uploads: 2,
  });
});

it("makes do with less, and with what others wrote", () => {
  expect(recipeOf({ prompt: "a coat" })).toMatchObject({ seed: null, references: [], uploads: 0, ratio: "" });
  expect(recipeOf({ prompt: "a coat", reference_images: "no list", seed: "7" })).toMatchObject({ seed: null, references: [] });
  expect(recipeOf({ vton_id: "x" })).toBeNull();
});
