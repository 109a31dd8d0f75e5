/** What roles may, grouped as people think of it; and what is different of one since it was read. */

import type { Permission, RoleOut } from "@/api/schema";

export const GROUPS = [
  { id: "pictures", permissions: ["images:upload", "images:read", "images:manage"] },
  { id: "making", permissions: ["tryon:create", "generate:create", "tasks:read", "tasks:control"] },
  { id: "account", permissions: ["account:manage", "tokens:manage"] },
  { id: "house", permissions: ["tasks:manage", "users:manage", "roles:manage", "audit:read", "stats:read"] },
] as const satisfies readonly { id: string; permissions: readonly Permission[] }[];

export type GroupId = (typeof GROUPS)[number]["id"];

/** The role whose permissions nobody changes. */
export const ADMIN = "admin";
const ORDER = ["admin", "editor", "viewer", "guest"];

/** Those that come with the program first, the strongest foremost; then the house's own by name. */
export function sorted<T extends Pick<RoleOut, "name" | "is_built_in">>(roles: readonly T[]): T[] {
  const place = (role: T): number => (role.is_built_in ? ORDER.indexOf(role.name) : ORDER.length);
  return [...roles].sort((one, other) => place(one) - place(other) || one.name.localeCompare(other.name));
}

/** `permissions` with `one` if it was not among them, else without it. */
export function toggled(permissions: readonly string[], one: string): string[] {
  return permissions.includes(one) ? permissions.filter((other) => other !== one) : [...permissions, one];
}

export function isSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((one) => others.includes(one));
}

/** A role's name, as the server takes it. */
export function isRoleName(name: string): boolean {
  return /^[a-z][a-z0-9_-]{1,31}$/.test(name);
}
