/** Which key press means which shortcut; nothing here touches the page. */

/** A combination as the registry writes it: names of `KeyboardEvent.key`, after `Mod+` (Ctrl, on a Mac also ⌘) or `Shift+`. */
export interface Press {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
  isComposing: boolean;
  keyCode?: number;
  code?: string;
}

/** What an IME sends while it composes, where `isComposing` comes too late (Safari, older Chromium). */
const COMPOSING = 229;

export function isComposing(press: Press): boolean {
  return press.isComposing || press.keyCode === COMPOSING || press.key === "Process";
}

/** Whether `press` is the combination `keys`. */
export function matches(keys: string, press: Press): boolean {
  const parts = keys === "+" ? ["+"] : keys.split("+");
  const key = parts.at(-1) ?? "";
  const isSign = key.length === 1 && !isLetter(key);
  // AltGr, by which some keyboards write [ and ], comes as Ctrl and Alt.
  const isAltGr = isSign && press.altKey && press.ctrlKey;
  const hasMod = !isAltGr && (press.ctrlKey || press.metaKey);
  if ((press.altKey && !isAltGr) || hasMod !== parts.includes("Mod")) return false;
  // Signs such as ? and / need Shift on some keyboards and not on others; what counts is the sign that comes out.
  if (!isSign && press.shiftKey !== parts.includes("Shift")) return false;
  if (isLetter(key)) return letterOf(press) === key.toUpperCase();
  return press.key === (key === "Space" ? " " : key);
}

/** The Latin letter of a key; on a Cyrillic or Greek keyboard that of its place. */
function letterOf(press: Press): string {
  if (isLetter(press.key)) return press.key.toUpperCase();
  return press.key.length === 1 && press.key > "\u007f" ? (press.code?.replace("Key", "") ?? "") : "";
}

function isLetter(key: string): boolean {
  return /^[a-z]$/i.test(key);
}

const TYPES_WORDS = new Set(["text", "search", "email", "password", "url", "tel", "number", "date", "time", ""]);

/** Whether keys pressed in `element` are words being written. */
export function isWriting(element: Element | null): boolean {
  if (!(element instanceof HTMLElement)) return false;
  if (element.isContentEditable || element instanceof HTMLTextAreaElement) return true;
  return element instanceof HTMLInputElement && TYPES_WORDS.has(element.getAttribute("type") ?? "");
}

const OWN_ARROWS =
  '[role="slider"],[role="radio"],[role="tab"],[role="menuitem"],[role="option"],[role="grid"],[role="separator"],select,video';
const OWN_SPACE = 'button,a[href],summary,[role="button"],[role="tab"],[role="radio"],[role="option"]';
const ALWAYS_OWN_SPACE = 'select,input,[role="switch"],[role="checkbox"],[role="slider"]';

/** Whether `element` itself has a use for `key`, so that no shortcut may take it away. */
export function isOwnKey(element: Element | null, key: string): boolean {
  if (!(element instanceof Element)) return false;
  if (key.startsWith("Arrow") || key === "Home" || key === "End") {
    return element.closest(OWN_ARROWS) !== null || element.matches('input[type="range"]');
  }
  if (key !== " " && key !== "Enter") return false;
  if (element.closest(ALWAYS_OWN_SPACE) !== null) return true;
  // A button that was clicked keeps the focus, yet who then presses Space does not mean the button; who walked there by
  // keyboard does.
  return element.closest(OWN_SPACE)?.matches(":focus-visible") ?? false;
}
