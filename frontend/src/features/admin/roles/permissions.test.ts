import { describe, expect, it } from "vitest";

import type { Permission } from "@/api/schema";
import { GROUPS, isRoleName, isSame, sorted, toggled } from "@/features/admin/roles/permissions";

/** The type checker knows whether one is missing. */
const ALL: Record<Permission, true> = {
  "images:upload": true,
  "images:read": true,
  "images:manage": true,
  "tryon:create": true,
  "generate:create": true,
  "tasks:read": true,
  "tasks:control": true,
  "account:manage": true,
  "tokens:manage": true,
  "tasks:manage": true,
  "users:manage": true,
  "roles:manage": true,
  "audit:read": true,
  "stats:read": true,
};

describe("what roles may", () => {
  it("is all there: every permission of the server stands in one group", () => {
    const ours = GROUPS.flatMap(({ permissions }) => permissions as readonly string[]);
    expect([...ours].sort()).toEqual(Object.keys(ALL).sort());
  });

  it("is given and taken", () => {
    expect(toggled(["a", "b"], "a")).toEqual(["b"]);
    expect(toggled(["b"], "a")).toEqual(["b", "a"]);
    expect(isSame(["b", "a"], ["a", "b"])).toBe(true);
    expect(isSame(["a"], ["a", "b"])).toBe(false);
  });

  it("stands in order: the strongest first, the house's own last", () => {
    const roles = ["guest", "zoo", "admin", "interns", "viewer", "editor"].map((name) => ({
      name,
      is_built_in: !["zoo", "interns"].includes(name),
    }));
    expect(sorted(roles).map(({ name }) => name)).toEqual(["admin", "editor", "viewer", "guest", "interns", "zoo"]);
  });

  it.each([
    ["stylists", true],
    ["night_shift-2", true],
    ["a", false],
    ["Stylists", false],
    ["2nd", false],
    ["two words", false],
    ["x".repeat(33), false],
  ])("%s as a name: %s", (name, isOne) => {
    expect(isRoleName(name)).toBe(isOne);
  });
});
