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
}

/** What an IME sends while it composes, where `isComposing` comes too late (Safari, older Chromium). */
const COMPOSING = 229;

export function isComposing(press: Press): boolean {
  return press.isComposing || press.keyCode === COMPOSING || press.key === "Process";
}

/** Whether `press` is the combination `keys`. */
export function matches(keys: string, press: Press): boolean {
  const parts = keys.split("+");
  const key = parts.at(-1) === "" ? "+" : (parts.at(-1) ?? "");
  const wantsMod = parts.includes("Mod");
  if (press.altKey || wantsMod !== (press.ctrlKey || press.metaKey)) return false;
  if (isLetter(key)) {
    return press.key.toLowerCase() === key.toLowerCase() && press.shiftKey === parts.includes("Shift");
  }
  // Signs such as ? and / need Shift on some keyboards and not on others; what counts is the sign that comes out.
  if (key.length > 1 && press.shiftKey !== parts.includes("Shift")) return false;
  return press.key === (key === "Space" ? " " : key);
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

const OWN_ARROWS = '[role="slider"],[role="radio"],[role="tab"],[role="menuitem"],[role="option"],[role="grid"],select';
const OWN_SPACE = 'button,a[href],summary,select,input,[role="button"],[role="tab"],[role="radio"],[role="switch"],[role="option"]';

/** Whether `element` itself has a use for `key`, so that no shortcut may take it away. */
export function isOwnKey(element: Element | null, key: string): boolean {
  if (!(element instanceof Element)) return false;
  if (key.startsWith("Arrow") || key === "Home" || key === "End") {
    return element.closest(OWN_ARROWS) !== null || element.matches('input[type="range"]');
  }
  return (key === " " || key === "Enter") && element.closest(OWN_SPACE) !== null;
}

/** The keys of a combination as they are printed on keyboards. */
export function keyCaps(keys: string, isMac: boolean): string[] {
  const parts = keys.endsWith("+") ? ["+"] : keys.split("+");
  return parts.map((part) => CAPS[part] ?? (part === "Mod" ? (isMac ? "⌘" : "Ctrl") : part.toUpperCase())).map(String);
}

const CAPS: Record<string, string> = {
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  Escape: "Esc",
  Delete: "Del",
  Backspace: "⌫",
  Enter: "Enter",
  Space: "Space",
  Shift: "Shift",
  Home: "Home",
  End: "End",
};
