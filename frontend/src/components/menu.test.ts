import { describe, expect, it } from "vitest";

import { hasFiles, isPicture } from "@/components/drops";
import { type MenuItem, sectionsOf } from "@/components/menu";

function line(label: string, section?: string): MenuItem {
  return { label, section, run: () => undefined };
}

describe("a menu", () => {
  it("puts lines that follow each other under their heading", () => {
    const sections = sectionsOf([line("a", "X"), line("b", "X"), line("c"), line("d", "X")]);
    expect(sections.map(({ title, items }) => [title, items.map((item) => item.label).join("")])).toEqual([
      ["X", "ab"],
      ["", "c"],
      ["X", "d"],
    ]);
  });
});

describe("what is dropped", () => {
  it("is a picture by its type, or by its name where systems know no type", () => {
    expect(isPicture({ type: "image/png", name: "x" })).toBe(true);
    expect(isPicture({ type: "", name: "IMG_1.HEIC" })).toBe(true);
    expect(isPicture({ type: "text/plain", name: "x.png" })).toBe(false);
    expect(isPicture({ type: "", name: "notes.txt" })).toBe(false);
  });

  it("is nothing for us where a link or words are dragged", () => {
    const drag = (types: string[]): DragEvent => ({ dataTransfer: { types } }) as unknown as DragEvent;
    expect(hasFiles(drag(["Files"]))).toBe(true);
    expect(hasFiles(drag(["text/uri-list", "text/plain"]))).toBe(false);
  });
});
