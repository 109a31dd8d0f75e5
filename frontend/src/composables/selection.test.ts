import { describe, expect, it } from "vitest";

import type { Listing } from "@/composables/listing";
import { type Selection, useSelection } from "@/composables/selection";

const IDS = Array.from({ length: 1000 }, (_, index) => `id${index}`);

function listingOf(ids: string[]): Pick<Listing, "range" | "ids" | "indexOf"> {
  return {
    range: (first, last) => Promise.resolve(ids.slice(first, last + 1)),
    ids: () => Promise.resolve(ids),
    // Only the first hundred were ever looked at.
    indexOf: (id) => (ids.indexOf(id) < 100 ? ids.indexOf(id) : -1),
  };
}
const chosen = (selection: Selection): string[] => [...selection.ids.value].toSorted();

describe("choosing pictures", () => {
  it("adds and takes away one by one", () => {
    const selection = useSelection(listingOf(IDS));
    selection.toggle("id3", 3);
    selection.toggle("id5", 5);
    selection.toggle("id3", 3);
    expect(chosen(selection)).toEqual(["id5"]);
    expect(selection.has("id5")).toBe(true);
    expect(selection.has("id3")).toBe(false);
  });

  it("reaches over what was never looked at", async () => {
    const selection = useSelection(listingOf(IDS));
    selection.toggle("id90", 90);
    await selection.reach(900);
    expect(selection.ids.value.size).toBe(811);
    expect(selection.has("id500")).toBe(true);
  });

  it("reaches backwards, and less far gives back what was too much", async () => {
    const selection = useSelection(listingOf(IDS));
    selection.toggle("id1", 1);
    selection.toggle("id50", 50);
    await selection.reach(40);
    expect(selection.ids.value.size).toBe(12);
    await selection.reach(49);
    expect(chosen(selection)).toEqual(["id1", "id49", "id50"]);
  });

  it("begins a range where the picture is now, not where it was", async () => {
    const ids = IDS.slice();
    const selection = useSelection(listingOf(ids));
    selection.toggle("id10", 10);
    ids.unshift("new1", "new2"); // another window added pictures
    await selection.reach(13);
    expect(chosen(selection)).toEqual(["id10", "id11"]);
  });

  it("lets the last of two answers win", async () => {
    let answer: (ids: string[]) => void = () => undefined;
    const slow = { ...listingOf(IDS), range: () => new Promise<string[]>((resolve) => (answer = resolve)) };
    const selection = useSelection(slow);
    selection.toggle("id0", 0);
    const reaching = selection.reach(500);
    selection.clear();
    answer(IDS.slice(0, 501));
    await reaching;
    expect(selection.ids.value.size).toBe(0);
  });

  it("sweeps over a base, all, and forgets what is gone", async () => {
    const selection = useSelection(listingOf(IDS));
    selection.sweep(["id1", "id2"], new Set(["id9"]));
    expect(chosen(selection)).toEqual(["id1", "id2", "id9"]);
    selection.sweep(["id1"], new Set(["id9"]));
    expect(chosen(selection)).toEqual(["id1", "id9"]);
    await selection.all();
    expect(selection.ids.value.size).toBe(1000);
    selection.forget(["id0", "id999"]);
    expect(selection.ids.value.size).toBe(998);
    selection.clear();
    expect(selection.ids.value.size).toBe(0);
  });
});
