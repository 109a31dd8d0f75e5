import { expect, test } from "vitest";

import { readIds } from "@/features/fitting/address";

test("ids are read from the address, and nothing else", () => {
  expect(readIds({ person: "01a2", garment: "b-c_D", lower: "", other: "x" })).toEqual({ person: "01a2", garment: "b-c_D" });
  expect(readIds({ person: ["a", "b"], garment: "../x", lower: null })).toEqual({});
});
