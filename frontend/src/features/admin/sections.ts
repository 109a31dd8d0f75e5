/** The parts of the administration, and the permission that each asks for. The address names one: `/admin#users`. */

import type { Permission } from "@/api/schema";
import type { IconName } from "@/components/icons";

export const SECTIONS = [
  { id: "overview", icon: "grid", permission: "stats:read" },
  { id: "users", icon: "user", permission: "users:manage" },
  { id: "roles", icon: "key", permission: "roles:manage" },
  { id: "tasks", icon: "clock", permission: "tasks:manage" },
  { id: "audit", icon: "list", permission: "audit:read" },
  { id: "engines", icon: "engine", permission: "stats:read" },
  { id: "storage", icon: "library", permission: "stats:read" },
] as const satisfies readonly { id: string; icon: IconName; permission: Permission }[];

export type Section = (typeof SECTIONS)[number];
export type SectionId = Section["id"];

/** Those that `permissions` open; none for most people. */
export function sectionsFor(permissions: readonly string[]): Section[] {
  return SECTIONS.filter(({ permission }) => permissions.includes(permission));
}

/** The section that an address asks for; null where it names none of `sections`. */
export function sectionOf(hash: string, sections: readonly { id: SectionId }[]): SectionId | null {
  return sections.find(({ id }) => `#${id}` === hash)?.id ?? null;
}
