import { describe, expect, it } from "vitest";

import { bytesOf, readQuota } from "@/features/admin/users/quota";

describe("how much an account may keep", () => {
  it.each([null, 0, 5_000_000_000, 250_000_000])("%s comes back as it was", (bytes) => {
    expect(bytesOf(readQuota(bytes))).toBe(bytes ?? -1);
  });

  it("is written with a point or a comma", () => {
    expect(bytesOf({ mode: "own", text: " 1,5 " })).toBe(1_500_000_000);
    expect(bytesOf({ mode: "own", text: "0.25" })).toBe(250_000_000);
  });

  it.each(["", "  ", "much", "-1", "0", "NaN", "Infinity", "1e30"])("is not %j", (text) => {
    expect(bytesOf({ mode: "own", text })).toBeNull();
  });
});
