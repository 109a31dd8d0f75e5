import { describe, expect, it } from "vitest";

import { sizeWords } from "./sizes";

describe("sizes", () => {
  it("are told in the unit that fits", () => {
    expect(sizeWords(0, "en")).toBe("0 byte");
    expect(sizeWords(512, "en")).toBe("512 byte");
    expect(sizeWords(1536, "en")).toBe("1.5 kB");
    expect(sizeWords(10 * 1024 ** 3, "en")).toBe("10 GB");
    expect(sizeWords(3 * 1024 ** 4, "en")).toBe("3 TB");
  });
});
