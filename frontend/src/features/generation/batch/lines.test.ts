import { describe, expect, it } from "vitest";

import { countOf, LONGEST_PROMPT, lengthOf, promptsIn, readLines, withPrompts } from "@/features/generation/batch/lines";

describe("lines", () => {
  it("are numbered as prompts, blank ones are none", () => {
    const lines = readLines("a\n\n  b  \n \nc");
    expect(lines.map((line) => line.number)).toEqual([1, null, 2, null, 3]);
    expect(lines.map((line) => line.line)).toEqual([1, 2, 3, 4, 5]);
    expect(promptsIn(lines)).toEqual(["a", "b", "c"]);
    expect(countOf(readLines(""))).toEqual({ prompts: 0, variants: 0, tooMany: 0, tooLong: [] });
  });

  it("leave out what cannot be seen", () => {
    expect(promptsIn(readLines("a\u000bb\n\u0007\nc\r\n"))).toEqual(["a b", "c"]);
  });

  it("that are the same are variants of each other", () => {
    const lines = readLines("a\nb\n a \na");
    expect(lines.map((line) => line.time)).toEqual([1, 1, 2, 3]);
    expect(countOf(lines)).toMatchObject({ prompts: 4, variants: 2 });
    expect(promptsIn(lines)).toEqual(["a", "b", "a", "a"]);
  });

  it("beyond a hundred are too many, blank ones not counted", () => {
    const hundred = Array.from({ length: 100 }, (_, index) => `p${index}`).join("\n\n");
    expect(countOf(readLines(hundred)).tooMany).toBe(0);
    const more = readLines(`${hundred}\nx\ny`);
    expect(countOf(more).tooMany).toBe(2);
    expect(more.filter((line) => line.fault === "tooMany").map((line) => line.number)).toEqual([101, 102]);
  });

  it("are too long by the server's count of characters", () => {
    const longest = "x".repeat(LONGEST_PROMPT);
    expect(countOf(readLines(`${longest}\n${longest}y`)).tooLong.map((line) => line.line)).toEqual([2]);
    const people = "👗".repeat(LONGEST_PROMPT);
    expect(people.length).toBe(2 * LONGEST_PROMPT);
    expect(lengthOf(people)).toBe(LONGEST_PROMPT);
    expect(readLines(people)[0]?.fault).toBeNull();
    expect(readLines(`${people}👗`)[0]?.fault).toBe("tooLong");
  });
});

describe("prompts that are put in", () => {
  it("stand below what is there", () => {
    expect(withPrompts("", ["a", "b"])).toBe("a\nb");
    expect(withPrompts("x\n\n", ["a"])).toBe("x\na");
    expect(withPrompts(" \n", [])).toBe("");
  });
});
