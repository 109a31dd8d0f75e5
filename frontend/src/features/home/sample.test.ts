import { describe, expect, it } from "vitest";

import type { LibraryImage } from "@/api/schema";

import { isSample } from "./sample";

const named = (original_name: string): LibraryImage => ({ original_name }) as LibraryImage;

describe("the drawn pair", () => {
  it("is known from one's own pictures, in every language", () => {
    expect(["Drawn shirt · VTON Lab.jpg", "手绘人物 · VTON Lab.jpg"].map((name) => isSample(named(name)))).toEqual([true, true]);
    expect(isSample(named("me.jpg"))).toBe(false);
  });
});
