/** The pages in the bars, and who sees which. */

import type { Permission } from "@/api/schema";
import type { IconName } from "@/components/icons";
import type { ShortcutId } from "@/composables/shortcuts";

export interface Place {
  name: "home" | "tryon" | "images" | "generate" | "tutorial" | "settings";
  icon: IconName;
}

const HOME: Place = { name: "home", icon: "home" };
const ROOM: Place = { name: "tryon", icon: "room" };
const LIBRARY: Place = { name: "images", icon: "library" };
const STUDIO: Place = { name: "generate", icon: "studio" };
const HELP: Place = { name: "tutorial", icon: "help" };
const SETTINGS: Place = { name: "settings", icon: "settings" };

/** In the order of the keys 1 to 5; the settings are in the menu beside them. */
export const DESK_PLACES: readonly Place[] = [HOME, ROOM, LIBRARY, STUDIO, HELP];
/** Five fit where the thumb is; help is in the menu. */
export const PHONE_PLACES: readonly Place[] = [HOME, ROOM, LIBRARY, STUDIO, SETTINGS];

export const PAGE_KEYS: readonly { shortcut: ShortcutId; name: Place["name"] }[] = DESK_PLACES.map(({ name }, place) => ({
  shortcut: `page${place + 1}` as ShortcutId,
  name,
}));

/** Who has one of these has something to do on the page of administration. */
export const OFFICE: readonly Permission[] = ["users:manage", "roles:manage", "tasks:manage", "audit:read", "stats:read"];
