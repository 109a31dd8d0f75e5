import { describe, expect, it } from "vitest";

import { sectionOf, sectionsFor } from "@/features/admin/sections";

const names = (...permissions: string[]) => sectionsFor(permissions).map(({ id }) => id as string);

describe("the parts of the administration", () => {
  it("open by the permission that each asks for, and no other", () => {
    expect(names("users:manage")).toEqual(["users"]);
    expect(names("tasks:manage", "audit:read")).toEqual(["tasks", "audit"]);
    expect(names("stats:read")).toEqual(["overview", "engines", "storage"]);
    expect(names("images:read", "tasks:read", "generate:create")).toEqual([]);
  });

  it("are found by the address, those that one may see", () => {
    const mine = sectionsFor(["roles:manage"]);
    expect(sectionOf("#roles", mine)).toBe("roles");
    expect(sectionOf("#users", mine)).toBeNull();
    expect(sectionOf("", mine)).toBeNull();
  });
});
