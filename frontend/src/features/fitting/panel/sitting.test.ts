import { beforeEach, describe, expect, it } from "vitest";

import { forgetSitting, keepSitting, readSitting } from "@/composables/sitting";
import { type KeptMask, type Sitting, sittingOf, takeUp, toKeep, withSeed, withWords } from "@/features/fitting/panel/sitting";

const mei = { user_id: "mei", kind: "person" };
const lin = { user_id: "lin", kind: "person" };
const guest = { user_id: "g1", kind: "guest" };
const mask: KeptMask = {
  person: "photo",
  marks: [
    { tool: "fill", left: 1.26, top: 2, right: 3, bottom: 4 },
    { tool: "brush", size: 20.04, points: [{ x: 1.234, y: 5.678 }] },
  ],
  address: "data:image/png;base64,AAAA",
};

function full(visitor: typeof mei): Sitting {
  return { ...sittingOf(visitor), seeds: { fashn: 7 }, words: { shirt: "a linen shirt" }, mask };
}

/** Through what the browser keeps. */
function reloaded(sitting: Sitting): unknown {
  keepSitting("room", toKeep(sitting));
  return readSitting("room");
}

describe("what comes back with the page", () => {
  beforeEach(() => sessionStorage.clear());

  it("is what was there, drawn as finely as can be seen", () => {
    const back = takeUp(reloaded(full(mei)), mei);
    expect(back).toMatchObject({ user: "mei", isGuest: false, seeds: { fashn: 7 }, words: { shirt: "a linen shirt" } });
    expect(back.mask).toEqual({
      ...mask,
      marks: [
        { tool: "fill", left: 1.3, top: 2, right: 3, bottom: 4 },
        { tool: "brush", size: 20, points: [{ x: 1.2, y: 5.7 }] },
      ],
    });
  });

  it("is nobody else's", () => {
    for (const visitor of [lin, guest, null]) expect(takeUp(reloaded(full(mei)), visitor)).toEqual(sittingOf(visitor));
    expect(takeUp(reloaded(full(guest)), { ...guest, user_id: "g2" }).mask).toBeNull();
  });

  it("goes along when a stranger becomes a guest, and a guest gets an account", () => {
    expect(takeUp(reloaded({ ...full(mei), ...sittingOf(null), mask }), guest).mask?.person).toBe("photo");
    expect(takeUp(reloaded(full(guest)), mei)).toMatchObject({ user: "mei", isGuest: false, seeds: { fashn: 7 } });
  });

  it("ends with the sitting, and leaves alone what is not its own", () => {
    sessionStorage.setItem("vtonlab.arrival", "Hello");
    reloaded(full(mei));
    forgetSitting();
    expect(readSitting("room")).toBeNull();
    expect(sessionStorage.getItem("vtonlab.arrival")).toBe("Hello");
  });

  it("is no more than there is room for", () => {
    const points = Array.from({ length: 120_000 }, (_, x) => ({ x, y: x }));
    const marks = [{ tool: "brush" as const, size: 20, points }];
    expect(toKeep({ ...full(mei), mask: { ...mask, marks } })).toMatchObject({ seeds: { fashn: 7 }, mask: null });
    let words: Record<string, string> = { empty: " " };
    for (let one = 0; one < 60; one += 1) words = withWords(words, `garment-${one}`, "words");
    words = withWords(words, "garment-9", "the newest");
    const kept = Object.keys(toKeep({ ...full(mei), words }).words);
    expect([kept.length, kept[0], kept.at(-1)]).toEqual([50, "garment-11", "garment-9"]);
  });

  it("has one seed an engine, as long as one is chosen", () => {
    const seeds = withSeed(withSeed({}, "fashn", 7), "sandbox", 0);
    expect(withSeed(seeds, "fashn", 8)).toEqual({ sandbox: 0, fashn: 8 });
    expect(withSeed(seeds, "fashn", undefined)).toEqual({ sandbox: 0 });
  });

  it("is not what another hand has written", () => {
    const strange = [
      null,
      "text",
      { user: "mei", seeds: { fashn: "7", idm: 1.5 }, words: [1], mask: { ...mask, address: "https://elsewhere.example/a.png" } },
      { user: "mei", seeds: 4, words: null, mask: { ...mask, marks: [{ tool: "brush", size: 1, points: [{ x: "1", y: null }] }] } },
      { user: "mei", mask: { ...mask, marks: [{ tool: "axe", left: 1, top: 1, right: 1, bottom: 1 }] } },
    ];
    for (const kept of strange) expect(takeUp(kept, mei)).toEqual(sittingOf(mei));
    sessionStorage.setItem("vtonlab.sitting.room", "{");
    expect(readSitting("room")).toBeNull();
  });
});
