import { describe, expect, it } from "vitest";

import { sectionOf, sectionsFor } from "@/features/settings/sections";

const names = (profile: Parameters<typeof sectionsFor>[0]) => sectionsFor(profile).map(({ id }) => id as string);

describe("the parts of the settings", () => {
  it("are all there for who signed in and may make tokens", () => {
    const permissions = ["account:manage", "tokens:manage"];
    expect(names({ kind: "person", permissions })).toContain("tokens");
    expect(names({ kind: "default", permissions })).toContain("sessions");
    expect(names({ kind: "person", permissions: ["account:manage"] })).not.toContain("tokens");
  });

  it("leave out what guests and strangers cannot have", () => {
    for (const profile of [null, { kind: "guest", permissions: [] }]) {
      expect(names(profile)).not.toContain("sessions");
      expect(names(profile)).not.toContain("tokens");
      expect(names(profile)).toContain("privacy");
    }
  });

  it("are found by the address", () => {
    const guest = sectionsFor(null);
    expect(sectionOf("#engines", undefined, guest)).toBe("engines");
    expect(sectionOf("", "privacy", guest)).toBe("privacy");
    expect(sectionOf("#tokens", undefined, guest)).toBeNull();
    expect(sectionOf("", ["privacy"], guest)).toBeNull();
    expect(sectionOf("#nothing", undefined, guest)).toBeNull();
  });
});
