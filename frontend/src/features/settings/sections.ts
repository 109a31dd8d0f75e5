/** The parts of the settings, and who has which. The address names one: `/settings#tokens`. */

import type { IconName } from "@/components/icons";
import type { ProfileOut } from "@/api/schema";

export const SECTIONS = [
  { id: "profile", icon: "user" },
  { id: "sessions", icon: "device" },
  { id: "tokens", icon: "key" },
  { id: "appearance", icon: "language" },
  { id: "engines", icon: "engine" },
  { id: "privacy", icon: "lock" },
  { id: "extension", icon: "shop" },
  { id: "cloud", icon: "cloud" },
  { id: "app", icon: "download" },
  { id: "shortcuts", icon: "keyboard" },
  { id: "about", icon: "info" },
] as const satisfies readonly { id: string; icon: IconName }[];

export type SectionId = (typeof SECTIONS)[number]["id"];

/** Those that mean something to `profile`; guests and strangers have no sessions and no tokens. */
export function sectionsFor(profile: Pick<ProfileOut, "kind" | "permissions"> | null): (typeof SECTIONS)[number][] {
  const isGuest = profile === null || profile.kind === "guest";
  return SECTIONS.filter(({ id }) => {
    if (id === "sessions") return !isGuest;
    if (id === "tokens") return !isGuest && profile.permissions.includes("tokens:manage");
    return true;
  });
}

/** The section that an address asks for, by `#privacy` or `?section=privacy`; null where it names none of these. */
export function sectionOf(
  hash: string,
  query: unknown,
  sections: readonly { id: SectionId }[],
): SectionId | null {
  const asked = hash.replace(/^#/, "") || query;
  return sections.find(({ id }) => id === asked)?.id ?? null;
}
