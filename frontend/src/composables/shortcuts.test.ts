import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { effectScope, type EffectScope, ref } from "vue";

import en from "@/locales/en/shortcuts.json";
import zh from "@/locales/zh-CN/shortcuts.json";

import { keyCaps, SCOPES, type Shortcut, SHORTCUTS, type ShortcutOptions, type ShortcutId, useShortcut } from "./shortcuts";

let scope: EffectScope;
beforeEach(() => (scope = effectScope()));
afterEach(() => {
  scope.stop();
  document.body.replaceChildren();
});

function listen(id: ShortcutId, options: ShortcutOptions = {}): ReturnType<typeof vi.fn> {
  const handler = vi.fn();
  scope.run(() => useShortcut(id, handler, options));
  return handler;
}

function press(key: string, more: KeyboardEventInit = {}, on: EventTarget = document.body): KeyboardEvent {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more });
  on.dispatchEvent(event);
  return event;
}

function put(html: string): HTMLElement {
  document.body.innerHTML = html;
  return document.querySelector<HTMLElement>("[data-it]") ?? document.body;
}

describe("the registry", () => {
  it("has words for each key and each part in both languages", () => {
    for (const words of [en, zh]) {
      for (const { id } of SHORTCUTS) expect(words[id], id).toBeTruthy();
      for (const part of SCOPES) expect(words.scope[part], part).toBeTruthy();
    }
  });

  it("names each id once, and gives a key once within a part", () => {
    const ids = SHORTCUTS.map((shortcut) => shortcut.id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const part of SCOPES) {
      const keys = (SHORTCUTS as readonly Shortcut[]).filter((one) => one.scope === part).flatMap((one) => one.keys);
      expect(new Set(keys).size, part).toBe(keys.length);
    }
  });

  it("says keys as they are printed", () => {
    expect(keyCaps("Mod+Shift+Z", false)).toEqual(["Ctrl", "Shift", "Z"]);
    expect(keyCaps("Mod+Enter", true)).toEqual(["⌘", "Enter"]);
    expect(keyCaps("+", false)).toEqual(["+"]);
    expect(keyCaps("ArrowLeft", false)).toEqual(["←"]);
  });
});

describe("a shortcut", () => {
  it("calls its handler and keeps the key from the browser", () => {
    const handler = listen("search");
    expect(press("/").defaultPrevented).toBe(true);
    expect(handler).toHaveBeenCalledOnce();
    expect(press("x").defaultPrevented).toBe(false);
  });

  it("ends with its component", () => {
    const handler = listen("search");
    scope.stop();
    expect(press("/").defaultPrevented).toBe(false);
    expect(handler).not.toHaveBeenCalled();
  });

  it("rests while words are written, unless it is made for that", () => {
    const [search, photograph] = [listen("search"), listen("photograph")];
    const field = put("<textarea data-it></textarea>");
    expect(press("/", {}, field).defaultPrevented).toBe(false);
    press("Enter", { ctrlKey: true }, field);
    expect(search).not.toHaveBeenCalled();
    expect(photograph).toHaveBeenCalledOnce();
  });

  it("rests while an input method composes", () => {
    const handler = listen("photograph");
    press("Enter", { ctrlKey: true, isComposing: true }, put("<input data-it>"));
    expect(handler).not.toHaveBeenCalled();
  });

  it("rests while it is off", () => {
    const enabled = ref(false);
    const handler = listen("favourite", { enabled });
    press("f");
    enabled.value = true;
    press("f");
    expect(handler).toHaveBeenCalledOnce();
  });

  it("of two, the newer comes first, and may leave the key to the older", () => {
    const older = listen("close");
    const newer = listen("close");
    press("Escape");
    expect(older).not.toHaveBeenCalled();
    newer.mockReturnValueOnce(false);
    press("Escape");
    expect([newer.mock.calls.length, older.mock.calls.length]).toEqual([2, 1]);
  });

  it("behind a dialog is deaf, and in one it hears", () => {
    const [page, dialog] = [listen("nextGarment"), listen("nextPicture", { inDialog: true })];
    put('<div role="dialog" data-state="open"></div>');
    press("ArrowRight");
    expect(page).not.toHaveBeenCalled();
    expect(dialog).toHaveBeenCalledOnce();
    put('<div role="alertdialog" data-state="open"></div>');
    press("ArrowRight");
    expect(dialog).toHaveBeenCalledOnce();
  });

  it("does not take letters from an open menu", () => {
    const handler = listen("favourite", { inDialog: true });
    put('<div role="menu" data-state="open"></div>');
    press("f");
    expect(handler).not.toHaveBeenCalled();
  });

  it("goes on while held only where that makes sense", () => {
    const [flip, compare] = [listen("nextGarment"), listen("compare")];
    press("ArrowRight");
    press("ArrowRight", { repeat: true });
    press("c");
    expect(press("c", { repeat: true }).defaultPrevented).toBe(true);
    expect([flip.mock.calls.length, compare.mock.calls.length]).toEqual([2, 1]);
  });
});

describe("a key that is held", () => {
  it("is let go once, by its own key or by leaving the window", () => {
    const released = vi.fn();
    const handler = listen("original", { released });
    press(" ", { code: "Space" });
    press(" ", { code: "Space", repeat: true });
    window.dispatchEvent(new KeyboardEvent("keyup", { key: "x", code: "KeyX" }));
    expect([handler.mock.calls.length, released.mock.calls.length]).toEqual([1, 0]);
    window.dispatchEvent(new KeyboardEvent("keyup", { key: " ", code: "Space" }));
    expect(released).toHaveBeenCalledOnce();
    press(" ", { code: "Space" });
    window.dispatchEvent(new Event("blur"));
    window.dispatchEvent(new Event("blur"));
    expect(released).toHaveBeenCalledTimes(2);
  });

  it("is let go when its component goes", () => {
    const released = vi.fn();
    listen("original", { released });
    press(" ", { code: "Space" });
    scope.stop();
    expect(released).toHaveBeenCalledOnce();
  });
});
