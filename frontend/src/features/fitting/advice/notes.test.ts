import { describe, expect, it } from "vitest";

import type { ToldNote } from "@/api/schema";

import { byGravity, gravest } from "./notes";

function note(code: string, level: string): ToldNote {
  return { code, level, text: code };
}

describe("notes", () => {
  it("stand by gravity, else as told", () => {
    const notes = [note("a", "info"), note("b", "warning"), note("c", "problem"), note("d", "warning"), note("e", "odd")];
    expect(byGravity(notes).map((one) => one.code)).toEqual(["c", "b", "d", "a", "e"]);
  });

  it("tell the gravest of them", () => {
    expect(gravest([])).toBeNull();
    expect(gravest([note("a", "odd")])).toBe("info");
    expect(gravest([note("a", "info"), note("b", "warning")])).toBe("warning");
    expect(gravest([note("a", "problem"), note("b", "warning")])).toBe("problem");
  });
});
