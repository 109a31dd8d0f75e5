import { describe, expect, it } from "vitest";

import { decode, LARGEST, readPrompts } from "@/features/generation/batch/files";

function file(content: BlobPart, name: string, type = ""): File {
  return new File([content], name, { type });
}

describe("the words of a file", () => {
  it("are read in the writing that they are in", () => {
    const utf8 = new TextEncoder();
    expect(decode(utf8.encode("红色衬衫"))).toBe("红色衬衫");
    expect(decode(utf8.encode("\ufeffprompt"))).toBe("prompt"); // without its mark
    expect(decode(new Uint8Array([0xba, 0xec, 0xc9, 0xab]))).toBe("红色"); // GB 18030
    expect(decode(new Uint8Array([0xff, 0xfe, 0x61, 0x00, 0xa2, 0x7e]))).toBe("a红"); // UTF-16
    expect(decode(new Uint8Array([0xfe, 0xff, 0x00, 0x61]))).toBe("a");
    expect(decode(new Uint8Array([0x50, 0x4b, 3, 4, 0, 0]))).toBeNull(); // a zip, as spreadsheets are
    expect(decode(new Uint8Array([]))).toBe("");
  });
});

describe("prompts of a file", () => {
  it("stand one a line in a text", async () => {
    const text = file("a shirt, red; blue\r\n\r\n  a dress  \r\n", "prompts.txt", "text/plain");
    expect(await readPrompts(text)).toEqual({ prompts: ["a shirt, red; blue", "a dress"], joined: 0, fault: null });
  });

  it("stand in a column of a table, in one line each", async () => {
    const table = '\ufeffname;prompt\r\n1;"a shirt\r\n  in red"\r\n2;a dress\r\n';
    expect(await readPrompts(file(table, "list.CSV"))).toEqual({ prompts: ["a shirt in red", "a dress"], joined: 1, fault: null });
    expect((await readPrompts(file("prompt\tn\na, b\t1", "list.tsv"))).prompts).toEqual(["a, b"]);
    expect((await readPrompts(file("prompt\na", "list", "text/csv"))).prompts).toEqual(["a"]);
  });

  it("are missed with a reason", async () => {
    expect((await readPrompts(file("\n \n", "empty.txt"))).fault).toBe("nothingInIt");
    expect((await readPrompts(file(new Uint8Array([0x50, 0x4b, 0, 1]), "book.xlsx"))).fault).toBe("noText");
    const large = file("a", "large.txt");
    Object.defineProperty(large, "size", { value: LARGEST + 1 });
    expect((await readPrompts(large)).fault).toBe("tooLarge");
  });
});
