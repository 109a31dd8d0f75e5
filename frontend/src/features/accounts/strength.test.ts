import { describe, expect, it } from "vitest";

import { judge, RECOMMENDED } from "@/features/accounts/strength";

describe("what is said of a password", () => {
  it.each([
    ["", "short"],
    ["five5", "short"],
    ["h7Gk2p", "weak"],
    ["aaaaaaaaaaaa", "guessable"],
    ["abcabcabcabc", "guessable"],
    ["1234567890", "guessable"],
    ["password123", "guessable"],
    ["Qwertyuiop1", "guessable"],
    ["9876543210abcdef", "guessable"],
    ["tin kettle moon", "good"],
    ["correct horse battery", "strong"],
    ["绿色的雨伞飞过屋顶去", "good"],
  ])("%j is %s", (password, strength) => {
    expect(judge(password)).toBe(strength);
  });

  it("knows the name of its owner", () => {
    expect(judge("xiaoming2024", "XiaoMing")).toBe("guessable");
    expect(judge("xiaoming2024", "somebody")).toBe("good");
  });

  it("counts characters as the server does", () => {
    expect(judge("👗👗👕👖🧥")).toBe("short");
    expect(judge("ｆｉｖｅ５")).toBe("short");
    expect(judge("h7Gk2pXw9", "", RECOMMENDED)).toBe("short");
  });
});
