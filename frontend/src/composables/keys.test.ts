import { afterEach, describe, expect, it } from "vitest";

import { isComposing, isOwnKey, isWriting, matches, type Press } from "@/composables/keys";

function press(key: string, more: Partial<Press> = {}): Press {
  return { key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, isComposing: false, ...more };
}

describe("a combination", () => {
  it("is met by its key, whatever the case of the letter", () => {
    expect(matches("F", press("f"))).toBe(true);
    expect(matches("F", press("F"))).toBe(true); // Caps Lock
    expect(matches("F", press("g"))).toBe(false);
  });

  it("takes Ctrl or ⌘ for Mod, and nothing else", () => {
    expect(matches("Mod+Enter", press("Enter", { ctrlKey: true }))).toBe(true);
    expect(matches("Mod+Enter", press("Enter", { metaKey: true }))).toBe(true);
    expect(matches("Mod+Enter", press("Enter"))).toBe(false);
    expect(matches("Mod+Enter", press("Enter", { altKey: true }))).toBe(false);
  });

  it("leaves what the browser does with Ctrl, Alt and Shift alone", () => {
    expect(matches("F", press("f", { ctrlKey: true }))).toBe(false);
    expect(matches("D", press("d", { metaKey: true }))).toBe(false);
    expect(matches("ArrowLeft", press("ArrowLeft", { altKey: true }))).toBe(false);
    expect(matches("ArrowLeft", press("ArrowLeft", { shiftKey: true }))).toBe(false);
    expect(matches("F", press("F", { shiftKey: true }))).toBe(false);
  });

  it("tells redo from undo", () => {
    expect(matches("Mod+Z", press("z", { ctrlKey: true }))).toBe(true);
    expect(matches("Mod+Z", press("Z", { ctrlKey: true, shiftKey: true }))).toBe(false);
    expect(matches("Mod+Shift+Z", press("Z", { ctrlKey: true, shiftKey: true }))).toBe(true);
  });

  it("goes by the sign that comes out, however a keyboard writes it", () => {
    expect(matches("?", press("?", { shiftKey: true }))).toBe(true); // English
    expect(matches("?", press("ß", { shiftKey: false }))).toBe(false);
    expect(matches("/", press("/", { shiftKey: true }))).toBe(true); // German
    expect(matches("[", press("[", { ctrlKey: true, altKey: true }))).toBe(true); // AltGr
    expect(matches("+", press("+", { shiftKey: true }))).toBe(true);
    expect(matches("+", press("+", { ctrlKey: true }))).toBe(false); // the browser's own zoom
  });

  it("knows the space bar, and letters by their place on other alphabets' keyboards", () => {
    expect(matches("Space", press(" "))).toBe(true);
    expect(matches("F", press("а", { code: "KeyF" }))).toBe(true);
    expect(matches("F", press("а", { code: "KeyD" }))).toBe(false);
    expect(matches("F", press("Dead", { code: "KeyF" }))).toBe(false);
  });
});

describe("composing with an input method", () => {
  it("is seen in all the ways in which browsers tell it", () => {
    expect(isComposing(press("f", { isComposing: true }))).toBe(true);
    expect(isComposing(press("f", { keyCode: 229 }))).toBe(true);
    expect(isComposing(press("Process"))).toBe(true);
    expect(isComposing(press("f", { keyCode: 70 }))).toBe(false);
  });
});

describe("who has a use for a key", () => {
  afterEach(() => document.body.replaceChildren());

  function put(html: string): Element {
    document.body.innerHTML = html;
    const element = document.querySelector("[data-it]");
    if (element === null) throw new Error("no element");
    return element;
  }

  it("is a field in which words are written", () => {
    for (const html of ["<input data-it>", '<input type="search" data-it>', "<textarea data-it></textarea>"]) {
      expect(isWriting(put(html)), html).toBe(true);
    }
    for (const html of ['<input type="checkbox" data-it>', '<input type="range" data-it>', "<button data-it></button>"]) {
      expect(isWriting(put(html)), html).toBe(false);
    }
    expect(isWriting(null)).toBe(false);
  });

  it("is what moves by arrows", () => {
    expect(isOwnKey(put('<span role="slider" data-it></span>'), "ArrowLeft")).toBe(true);
    expect(isOwnKey(put('<div role="tablist"><b role="tab" data-it></b></div>'), "ArrowRight")).toBe(true);
    expect(isOwnKey(put("<select data-it></select>"), "ArrowDown")).toBe(true);
    expect(isOwnKey(put("<button data-it></button>"), "ArrowLeft")).toBe(false);
    expect(isOwnKey(put("<h1 data-it></h1>"), "ArrowLeft")).toBe(false);
  });

  it("is a switch for Space, and no part of the page for a letter", () => {
    expect(isOwnKey(put('<button role="switch" data-it></button>'), " ")).toBe(true);
    expect(isOwnKey(put("<h1 data-it></h1>"), " ")).toBe(false);
    expect(isOwnKey(put('<button role="switch" data-it></button>'), "f")).toBe(false);
  });
});
