/**
 * Which pictures are chosen: by id, so that a range reaches over what was never drawn.
 *
 * `choose` is a click: alone it chooses one, with Ctrl it adds or takes away, with Shift it reaches from the last one
 * clicked. Ranges are of places in a listing, and are asked of it.
 */

import { shallowRef, type ShallowRef } from "vue";

import type { Listing } from "@/composables/listing";

export interface Selection {
  /** Replaced, never changed in place. */
  readonly ids: Readonly<ShallowRef<ReadonlySet<string>>>;
  has(id: string): boolean;
  toggle(id: string, index: number): void;
  /** From the last one touched to `index`. Throws `Refusal` where the listing cannot say what lies between. */
  reach(index: number): Promise<void>;
  /** What lies between two places, added to what was chosen when the drag began. */
  sweep(ids: Iterable<string>, base: ReadonlySet<string>): void;
  all(): Promise<void>;
  clear(): void;
  /** Chooses no longer what is gone. */
  forget(ids: Iterable<string>): void;
}

export function useSelection(listing: Pick<Listing, "range" | "ids" | "indexOf">): Selection {
  const ids = shallowRef<ReadonlySet<string>>(new Set());
  /** Where a range begins: the picture, since its place may change meanwhile. */
  let anchor: { id: string; index: number } | null = null;
  /** What was chosen before the last reach, so that reaching less far gives back. */
  let before: ReadonlySet<string> = ids.value;
  let asked = 0;

  function toggle(id: string, index: number): void {
    const next = new Set(ids.value);
    if (!next.delete(id)) next.add(id);
    ids.value = next;
    before = next;
    anchor = { id, index };
  }

  async function reach(index: number): Promise<void> {
    const now = anchor === null ? -1 : listing.indexOf(anchor.id);
    const from = now >= 0 ? now : (anchor?.index ?? index);
    const mine = ++asked;
    const between = await listing.range(Math.min(from, index), Math.max(from, index));
    if (mine !== asked) return; // a later click has said otherwise
    ids.value = new Set([...before, ...between]);
  }

  async function all(): Promise<void> {
    const mine = ++asked;
    const every = await listing.ids();
    if (mine !== asked) return;
    ids.value = new Set(every);
    before = ids.value;
  }

  function clear(): void {
    asked++;
    if (ids.value.size > 0) ids.value = new Set();
    before = ids.value;
    anchor = null;
  }

  function forget(gone: Iterable<string>): void {
    const next = new Set(ids.value);
    for (const id of gone) next.delete(id);
    if (next.size === ids.value.size) return;
    ids.value = next;
    before = next;
  }

  return {
    ids,
    has: (id) => ids.value.has(id),
    toggle,
    reach,
    sweep(swept, base) {
      asked++;
      ids.value = new Set([...base, ...swept]);
      before = ids.value;
    },
    all,
    clear,
    forget,
  };
}
