/** The pages in the bars, in the order of the keys 1 to 5. */

import type { IconName } from "@/components/icons";
import type { ShortcutId } from "@/composables/shortcuts";

export interface Place {
  name: "home" | "tryon" | "images" | "tutorial" | "settings";
  icon: IconName;
  shortcut: ShortcutId;
}

export const PLACES: readonly Place[] = [
  { name: "home", icon: "home", shortcut: "page1" },
  { name: "tryon", icon: "room", shortcut: "page2" },
  { name: "images", icon: "library", shortcut: "page3" },
  { name: "tutorial", icon: "help", shortcut: "page4" },
  { name: "settings", icon: "settings", shortcut: "page5" },
];
