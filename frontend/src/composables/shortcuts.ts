/** Handlers for the keys of `shortcutList.ts`, the one registry: the `?` overlay and docs come from it, too. */

import { onScopeDispose, toValue, type MaybeRefOrGetter } from "vue";

import { isComposing, isOwnKey, isWriting, matches } from "@/composables/keys";
import { type Shortcut, SHORTCUTS, type ShortcutId } from "@/composables/shortcutList";

export { keyCaps, type Scope, SCOPES, type Shortcut, SHORTCUTS, type ShortcutId } from "@/composables/shortcutList";

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
  const isCombined = event.ctrlKey || event.metaKey;
  if ((isOwnKey(target, event.key) && !isCombined) || isOpen("menu") || isOpen("alertdialog")) return;
  const listener = whoTakes(event, isWriting(target), isOpen("dialog"));
  if (listener === undefined) return;
  event.preventDefault();
  if (listener.released) held = { listener, code: event.code };
}

/** The listener that has taken the key; it has been called. */
function whoTakes(event: KeyboardEvent, writing: boolean, isInDialog: boolean): Listener | undefined {
  return listeners.toReversed().find(({ shortcut, enabled, inDialog, handler }) => {
    if (writing && shortcut.inFields !== true) return false;
    if (isInDialog && !inDialog) return false;
    if (!toValue(enabled) || !shortcut.keys.some((keys) => matches(keys, event))) return false;
    // A key that is held does once what it does, and still is nobody else's.
    return (event.repeat && shortcut.repeats !== true) || handler(event) !== false;
  });
}

function isOpen(role: "menu" | "dialog" | "alertdialog"): boolean {
  return document.querySelector(`[role="${role}"][data-state="open"]`) !== null;
}

function keyUp(event: KeyboardEvent): void {
  if (held?.code !== event.code) return;
  event.preventDefault(); // a button with the focus is not pressed by the Space that we have taken
  letGo();
}

function letGo(): void {
  const { listener } = held ?? {};
  held = null;
  listener?.released?.();
}
