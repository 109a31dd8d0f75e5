import { describe, expect, it } from "vitest";

import { promptsOf, readTable, separatorOf } from "@/features/generation/batch/csv";

describe("the separator", () => {
  it("is the sign that is most often in the first row, outside of quotes", () => {
    expect(separatorOf("a,b,c\n1;2;3;4;5")).toBe(",");
    expect(separatorOf("a;b\n1,5;2,5")).toBe(";");
    expect(separatorOf("a\tb\tc")).toBe("\t");
    expect(separatorOf('"red, green, blue";size\n')).toBe(";");
    expect(separatorOf("one column only")).toBe(",");
    expect(separatorOf("")).toBe(",");
  });
});

describe("a table", () => {
  it("has rows that end as Windows, Unix or old Macs end them, the last one or not", () => {
    expect(readTable("a,b\r\nc,d\ne,f\rg,h")).toEqual([["a", "b"], ["c", "d"], ["e", "f"], ["g", "h"]]);
    expect(readTable("a,b\n")).toEqual([["a", "b"]]);
    expect(readTable("")).toEqual([]);
    expect(readTable("\n\n")).toEqual([]);
  });

  it("keeps separators, line breaks and doubled quotes within quotes", () => {
    expect(readTable('"red, or blue",2')).toEqual([["red, or blue", "2"]]);
    expect(readTable('"first\nsecond\r\nthird";1')).toEqual([["first\nsecond\r\nthird", "1"]]);
    expect(readTable('"she says ""wow""",1')).toEqual([['she says "wow"', "1"]]);
    expect(readTable('"",x')).toEqual([["", "x"]]);
    expect(readTable('""')).toEqual([[""]]);
    expect(readTable('""""')).toEqual([['"']]);
  });

  it("takes a quote within a field for what it is, and goes on after a closed one", () => {
    expect(readTable('a 5" pipe,b')).toEqual([['a 5" pipe', "b"]]);
    expect(readTable('"ab"c,d')).toEqual([["abc", "d"]]);
    expect(readTable('"a"" b,c\nd')).toEqual([['a" b,c\nd']]); // never closed: it holds the rest
  });

  it("keeps empty fields, and blanks within fields", () => {
    expect(readTable("a,,b,")).toEqual([["a", "", "b", ""]]);
    expect(readTable(",")).toEqual([["", ""]]);
    expect(readTable(" a , b ")).toEqual([[" a ", " b "]]);
  });
});

describe("the prompts of a table", () => {
  it("are in the column that is called so, in any case and place", () => {
    expect(promptsOf([["id", " Prompt "], ["1", "a shirt"], ["2", "a dress"]])).toEqual(["a shirt", "a dress"]);
    expect(promptsOf([["编号", "提示词"], ["1", "红色衬衫"]])).toEqual(["红色衬衫"]);
  });

  it("else in the first column, its first row too", () => {
    expect(promptsOf([["a shirt", "1"], ["a dress", "2"]])).toEqual(["a shirt", "a dress"]);
  });

  it("are left out where they are empty, and kept where they are the same", () => {
    expect(promptsOf([["prompt"], ["a"], ["  "], ["a"]])).toEqual(["a", "a"]);
    expect(promptsOf([["n", "prompt"], ["1"], ["2", "b"]])).toEqual(["b"]);
    expect(promptsOf([["prompt"]])).toEqual([]);
    expect(promptsOf([])).toEqual([]);
  });
});
