/** The list of keys. Without imports, so that Node can read it for docs/reference/shortcuts.md (build/shortcuts.ts). */

export type Scope = "everywhere" | "fitting" | "studio" | "library" | "mask";

export interface Shortcut {
  id: string;
  /** Any of these; see `keys.ts` for how they are written. */
  keys: readonly string[];
  scope: Scope;
  /** It also works while words are being written. */
  inFields?: boolean;
  /** It goes on while the key is held. */
  repeats?: boolean;
}

/** In the order in which people are shown them. The words are `shortcuts.<id>` of the locales. */
export const SHORTCUTS = [
  { id: "photograph", keys: ["Mod+Enter"], scope: "fitting", inFields: true },
  { id: "previousGarment", keys: ["ArrowLeft"], scope: "fitting", repeats: true },
  { id: "nextGarment", keys: ["ArrowRight"], scope: "fitting", repeats: true },
  { id: "previousPerson", keys: ["ArrowUp"], scope: "fitting", repeats: true },
  { id: "nextPerson", keys: ["ArrowDown"], scope: "fitting", repeats: true },
  { id: "original", keys: ["Space"], scope: "fitting" },
  { id: "compare", keys: ["C"], scope: "fitting" },
  { id: "zoomIn", keys: ["+", "="], scope: "fitting", repeats: true },
  { id: "zoomOut", keys: ["-"], scope: "fitting", repeats: true },
  { id: "zoomReset", keys: ["0"], scope: "fitting" },
  { id: "draw", keys: ["Mod+Enter"], scope: "studio", inFields: true },
  { id: "previousPicture", keys: ["ArrowLeft"], scope: "library", repeats: true },
  { id: "nextPicture", keys: ["ArrowRight"], scope: "library", repeats: true },
  { id: "favourite", keys: ["F"], scope: "library" },
  { id: "download", keys: ["D"], scope: "library" },
  { id: "layout", keys: ["G"], scope: "library" },
  { id: "selectAll", keys: ["Mod+A"], scope: "library" },
  { id: "trash", keys: ["Delete"], scope: "library" },
  { id: "brush", keys: ["B"], scope: "mask" },
  { id: "eraser", keys: ["E"], scope: "mask" },
  { id: "brushSmaller", keys: ["["], scope: "mask", repeats: true },
  { id: "brushLarger", keys: ["]"], scope: "mask", repeats: true },
  { id: "redo", keys: ["Mod+Shift+Z", "Mod+Y"], scope: "mask", repeats: true },
  { id: "undo", keys: ["Mod+Z"], scope: "everywhere", repeats: true },
  { id: "search", keys: ["/"], scope: "everywhere" },
  { id: "close", keys: ["Escape"], scope: "everywhere" },
  { id: "page1", keys: ["1"], scope: "everywhere" },
  { id: "page2", keys: ["2"], scope: "everywhere" },
  { id: "page3", keys: ["3"], scope: "everywhere" },
  { id: "page4", keys: ["4"], scope: "everywhere" },
  { id: "page5", keys: ["5"], scope: "everywhere" },
  { id: "tasks", keys: ["T"], scope: "everywhere" },
  { id: "messages", keys: ["F8"], scope: "everywhere", inFields: true },
  { id: "help", keys: ["?"], scope: "everywhere" },
] as const satisfies readonly Shortcut[];

export type ShortcutId = (typeof SHORTCUTS)[number]["id"];

/** The keys of a combination as they are printed on keyboards. */
export function keyCaps(keys: string, isMac: boolean): string[] {
  const parts = keys === "+" ? ["+"] : keys.split("+");
  return parts.map((part) => (part === "Mod" ? (isMac ? "⌘" : "Ctrl") : (CAPS[part] ?? part.toUpperCase())));
}

const CAPS: Record<string, string> = {
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  Escape: "Esc",
  Delete: "Del",
  Enter: "Enter",
  Space: "Space",
  Shift: "Shift",
};

/** The parts of the pages, in the order in which people are shown them. */
export const SCOPES: readonly Scope[] = ["everywhere", "fitting", "studio", "library", "mask"];
