/** The one registry of keys: handlers, the `?` overlay and docs/reference/shortcuts.md all come from it. */

import { onScopeDispose, toValue, type MaybeRefOrGetter } from "vue";

import { isComposing, isOwnKey, isWriting, matches } from "@/composables/keys";

export type Scope = "everywhere" | "fitting" | "library" | "mask";

export interface Shortcut {
  id: string;
  /** Any of these; see `keys.ts` for how they are written. */
  keys: readonly string[];
  scope: Scope;
  /** It also works while words are being written. */
  inFields?: boolean;
}

/** In the order in which people are shown them. The words are `shortcuts.<id>` of the locales. */
export const SHORTCUTS = [
  { id: "photograph", keys: ["Mod+Enter"], scope: "fitting", inFields: true },
  { id: "previousGarment", keys: ["ArrowLeft"], scope: "fitting" },
  { id: "nextGarment", keys: ["ArrowRight"], scope: "fitting" },
  { id: "previousPerson", keys: ["ArrowUp"], scope: "fitting" },
  { id: "nextPerson", keys: ["ArrowDown"], scope: "fitting" },
  { id: "original", keys: ["Space"], scope: "fitting" },
  { id: "compare", keys: ["C"], scope: "fitting" },
  { id: "zoomIn", keys: ["+", "="], scope: "fitting" },
  { id: "zoomOut", keys: ["-"], scope: "fitting" },
  { id: "zoomReset", keys: ["0"], scope: "fitting" },
  { id: "previousPicture", keys: ["ArrowLeft"], scope: "library" },
  { id: "nextPicture", keys: ["ArrowRight"], scope: "library" },
  { id: "favourite", keys: ["F"], scope: "library" },
  { id: "download", keys: ["D"], scope: "library" },
  { id: "layout", keys: ["G"], scope: "library" },
  { id: "selectAll", keys: ["Mod+A"], scope: "library" },
  { id: "trash", keys: ["Delete"], scope: "library" },
  { id: "brush", keys: ["B"], scope: "mask" },
  { id: "eraser", keys: ["E"], scope: "mask" },
  { id: "brushSmaller", keys: ["["], scope: "mask" },
  { id: "brushLarger", keys: ["]"], scope: "mask" },
  { id: "redo", keys: ["Mod+Shift+Z", "Mod+Y"], scope: "mask" },
  { id: "undo", keys: ["Mod+Z"], scope: "everywhere" },
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

/** Returns `false` to leave the key to others. */
type Handler = (event: KeyboardEvent) => unknown;

interface Listener {
  shortcut: Shortcut;
  handler: Handler;
  released: (() => void) | undefined;
  enabled: MaybeRefOrGetter<boolean>;
  inDialog: boolean;
}

const listeners: Listener[] = [];
let held: { listener: Listener; code: string } | null = null;

export interface ShortcutOptions {
  /** Off while it makes no sense. */
  enabled?: MaybeRefOrGetter<boolean>;
  /** The handler belongs to a dialog. While one is open, the others are deaf. */
  inDialog?: boolean;
  /** For keys that are held: when it is let go, or the page loses the keyboard. */
  released?: () => void;
}

/** Listens as long as the component lives. Of several listeners to a key, the newest comes first. */
export function useShortcut(id: ShortcutId, handler: Handler, options: ShortcutOptions = {}): void {
  const shortcut = SHORTCUTS.find((one) => one.id === id);
  if (shortcut === undefined) return;
  const { enabled = true, inDialog = false, released } = options;
  const listener: Listener = { shortcut, handler, released, enabled, inDialog };
  if (listeners.length === 0) listen();
  listeners.push(listener);
  onScopeDispose(() => {
    if (held?.listener === listener) letGo();
    listeners.splice(listeners.indexOf(listener), 1);
    if (listeners.length === 0) stopListening();
  });
}

function listen(): void {
  window.addEventListener("keydown", pressed);
  window.addEventListener("keyup", keyUp);
  window.addEventListener("blur", letGo);
}

function stopListening(): void {
  window.removeEventListener("keydown", pressed);
  window.removeEventListener("keyup", keyUp);
  window.removeEventListener("blur", letGo);
}

function pressed(event: KeyboardEvent): void {
  if (event.defaultPrevented || isComposing(event)) return;
  if (held !== null && held.code === event.code) {
    event.preventDefault(); // the key is still down and repeats itself
    return;
  }
  const target = event.target instanceof Element ? event.target : null;
  const writing = isWriting(target);
  if (isOwnKey(target, event.key) && !event.ctrlKey && !event.metaKey) return;
  const dialogs = document.querySelectorAll('[role="dialog"][data-state="open"],[role="alertdialog"][data-state="open"]');
  const isAsked = document.querySelector('[role="alertdialog"][data-state="open"]') !== null;
  for (const listener of listeners.toReversed()) {
    const { shortcut, enabled, inDialog, handler } = listener;
    if (writing && shortcut.inFields !== true) continue;
    if (isAsked || (dialogs.length > 0 && !inDialog)) continue;
    if (!toValue(enabled) || !shortcut.keys.some((keys) => matches(keys, event))) continue;
    if (handler(event) === false) continue;
    event.preventDefault();
    if (listener.released) held = { listener, code: event.code };
    return;
  }
}

function keyUp(event: KeyboardEvent): void {
  if (held?.code === event.code) letGo();
}

function letGo(): void {
  const { listener } = held ?? {};
  held = null;
  listener?.released?.();
}
