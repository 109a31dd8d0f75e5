import { describe, expect, it } from "vitest";

import { signInFrom, wayBack } from "@/features/accounts/wayBack";

const HOME = "https://fitting.example";

describe("the way back after signing in", () => {
  it.each(["/tryon", "/images?category=clothes&q=red", "/settings#tokens", "/"])("goes to %s", (address) => {
    expect(wayBack(address, HOME)).toBe(address);
  });

  it.each([
    "https://evil.example/",
    "//evil.example/tryon",
    "/\\evil.example",
    "/\t/evil.example",
    "javascript:alert(1)",
    "tryon",
    "",
    "/login?next=/tryon",
    "/api/logout",
    "//",
    null,
    undefined,
    ["/tryon"],
  ])("does not follow %j", (address) => {
    expect(wayBack(address, HOME)).toBe("/");
  });

  it("is asked for by the page one leaves", () => {
    expect(signInFrom("/images?q=red")).toEqual({ path: "/login", query: { next: "/images?q=red" } });
    expect(signInFrom("/", { as: "new" })).toEqual({ path: "/login", query: { as: "new" } });
  });
});
