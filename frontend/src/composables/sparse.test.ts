import { describe, expect, it } from "vitest";

import type { LibraryImage } from "@/api/schema";
import { Sparse } from "@/composables/sparse";

function images(...ids: string[]): LibraryImage[] {
  return ids.map((id) => ({ id, title: null }) as LibraryImage);
}
const idAt = (list: Sparse, index: number): string | undefined => list.at(index)?.id;

describe("a sparse list", () => {
  it("knows what was put, and what not", () => {
    const list = new Sparse();
    list.put(100, images("a", "b", "c"));
    expect([idAt(list, 99), idAt(list, 100), idAt(list, 102), idAt(list, 103)]).toEqual([undefined, "a", "c", undefined]);
    expect(list.indexOf("b")).toBe(101);
    expect(list.indexOf("z")).toBe(-1);
    expect(list.has(100, 102)).toBe(true);
    expect(list.has(99, 102)).toBe(false);
    expect(list.ids(101, 102)).toEqual(["b", "c"]);
    expect(list.ids(101, 103)).toBeNull();
  });

  it("has a picture at one place, also when it has moved on the server", () => {
    const list = new Sparse();
    list.put(0, images("a", "b", "c"));
    list.put(0, images("new", "a", "b"));
    expect([0, 1, 2].map((index) => idAt(list, index))).toEqual(["new", "a", "b"]);
    expect(list.indexOf("c")).toBe(-1);
    list.put(5, images("a"));
    expect(idAt(list, 1)).toBeUndefined();
    expect(list.indexOf("a")).toBe(5);
    expect(list.size).toBe(3);
  });

  it("closes up where pictures are dropped, across gaps", () => {
    const list = new Sparse();
    list.put(0, images("a", "b", "c", "d"));
    list.put(10, images("k", "l"));
    expect(list.drop(["b", "d", "unknown"])).toBe(2);
    expect([0, 1, 2].map((index) => idAt(list, index))).toEqual(["a", "c", undefined]);
    expect([8, 9, 10].map((index) => idAt(list, index))).toEqual(["k", "l", undefined]);
    expect(list.indexOf("l")).toBe(9);
  });

  it("forgets what is behind the end and what is farthest", () => {
    const list = new Sparse();
    list.put(0, images("a", "b", "c", "d", "e"));
    list.trim(4, 3, 2);
    expect([0, 1, 2, 3, 4].map((index) => idAt(list, index))).toEqual([undefined, undefined, "c", "d", undefined]);
  });

  it("replaces only what it knows", () => {
    const list = new Sparse();
    list.put(3, images("a"));
    expect(list.replace({ id: "a", title: "A" } as LibraryImage)).toBe(true);
    expect(list.find("a")?.title).toBe("A");
    expect(list.replace({ id: "b" } as LibraryImage)).toBe(false);
  });
});
