import { beforeAll, describe, expect, it } from "vitest";

import type { AuditOut } from "@/api/schema";
import { actionText, choicesOf, detailsOf, rowsOf, startOf, targetText, whoText } from "@/features/admin/audit/entries";
import { speak } from "@/i18n";

const ID = "019ab3c4d5e6f708192a3b4c5d6e7f80";

function entry(more: Partial<AuditOut>): AuditOut {
  const usual = { number: 1, at: "2026-11-22T10:15:00Z", user_id: ID, username: "mei", action: "auth.sign_in", target: "" };
  return { ...usual, target_name: "", details: {}, address: "10.0.0.1", agent: "Firefox", ...more };
}

const told = (details: Record<string, unknown>) => detailsOf(entry({ details })).map(({ label, value }) => `${label}: ${value}`);

describe("the audit log in words", () => {
  beforeAll(() => speak("en"));

  it("names what was done, and takes the server's name where it has none", () => {
    expect(actionText("auth.sign_in")).toBe("Signed in");
    expect(actionText("moon.landing")).toBe("moon.landing");
  });

  it("says who, and to whom where that is somebody else", () => {
    expect(whoText(entry({}))).toBe("mei");
    expect(whoText(entry({ user_id: null, username: "" }))).toBe("Nobody known");
    expect(targetText(entry({ target: ID }))).toBe("");
    expect(targetText(entry({ target: "f".repeat(32), target_name: "li" }))).toBe("li");
    expect(targetText(entry({ target: "f".repeat(32) }))).toBe("…ffffffff");
    expect(targetText(entry({ action: "roles.edit", target: "editor" }))).toBe("Editor");
  });

  it("tells of a role what it gained and lost", () => {
    expect(told({ from: ["images:read", "tasks:read"], to: ["images:read", "audit:read"] })).toEqual([
      "May now: read the log of who did what",
      "May no longer: see how your tasks go",
    ]);
    expect(told({ from: ["images:read"], to: ["images:read"] })).toEqual([]);
  });

  it("tells of an account what was changed", () => {
    expect(told({ role: ["viewer", "editor"], is_active: false, quota_bytes: 5e9 })).toEqual([
      "Role: Viewer → Editor",
      "May be used: no",
      "Quota: 5 GB",
    ]);
    expect(told({ quota_bytes: null })).toEqual(["Quota: As the server's setting says"]);
    expect(told({ deleted: { library: { images: 2 }, accounts: { accounts: 1 } } })).toEqual(["Deleted: 2 pictures, 1 account"]);
    expect(told({ reason: "password" })).toEqual(["Reason: wrong password"]);
  });

  it("keeps what it has no words for", () => {
    expect(told({ craters: 3, depth: { m: 4 } })).toEqual(["craters: 3", 'depth: {"m":4}']);
  });

  it("is narrowed down by groups and by actions", () => {
    const choices = choicesOf(["users.edit", "auth.sign_in", "auth.sign_out"]);
    expect(choices.map(({ value }) => value)).toEqual(["auth.", "auth.sign_in", "auth.sign_out", "users.", "users.edit"]);
  });

  it("goes from the reader's midnight to the midnight after", () => {
    expect(startOf("2026-11-22")).toBe(new Date(2026, 10, 22).toISOString());
    expect(startOf("2026-11-30", 1)).toBe(new Date(2026, 11, 1).toISOString());
    expect(startOf("")).toBeNull();
    expect(startOf("yesterday")).toBeNull();
  });

  it("is taken along as rows under their heads", () => {
    const rows = rowsOf([entry({ action: "users.edit", target: "f".repeat(32), target_name: "li", details: { is_active: true } })]);
    expect(rows[0]).toHaveLength(7);
    expect(rows[1]).toEqual(["2026-11-22T10:15:00Z", "mei", "users.edit", "li", "May be used: yes", "10.0.0.1", "Firefox"]);
  });
});
