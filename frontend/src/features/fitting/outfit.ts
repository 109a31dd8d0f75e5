/** What is worn: an upper and a lower garment, or a dress. Each is put on and taken off alone. */

import type { GarmentKind, LibraryImage } from "@/api/schema";

/** What a garment is, where that is known. */
export type Kind = Exclude<GarmentKind, "auto">;
export type Slot = Kind;

export const SLOTS: readonly Slot[] = ["upper", "lower", "dress"];

export interface Outfit {
  readonly upper: LibraryImage | null;
  readonly lower: LibraryImage | null;
  readonly dress: LibraryImage | null;
  /** What a garment that nobody knows yet took the place of: it comes back as soon as it is known where that one belongs. */
  readonly aside?: Outfit;
}

/** What an engine is asked to put on: one garment, or an upper one with a `lower` below it. */
export interface Worn {
  readonly garment: LibraryImage;
  readonly lower?: LibraryImage;
  /** Null: nobody knows yet; the engine looks for itself. */
  readonly kind: Kind | null;
}

export const NOTHING: Outfit = { upper: null, lower: null, dress: null };

/** The kind that the server told of a picture; null where it does not know yet. */
export function kindOf(image: LibraryImage): Kind | null {
  return SLOTS.find((kind) => kind === image.garment_kind) ?? null;
}

/**
 * The outfit with one more garment on: a dress takes off the others, and they take off the dress. A garment of which
 * nobody knows what it is hangs in the upper place, alone: beside another it would be taken for what it may not be.
 */
export function putOn({ aside, ...on }: Outfit, image: LibraryImage, kind: Kind | null): Outfit {
  const before = aside ?? on;
  if (kind === null) return { ...NOTHING, upper: image, aside: before };
  if (kind === "dress") return { ...NOTHING, dress: image };
  return { ...before, dress: null, [kind]: image };
}

export function takeOff({ upper, lower, dress }: Outfit, slot: Slot): Outfit {
  return { upper, lower, dress, [slot]: null };
}

/** The outfit once it is known what a garment is that hangs in `slot`. */
export function sortIn(outfit: Outfit, slot: Slot, image: LibraryImage, kind: Kind | null): Outfit {
  if (kind === null || (kind === slot && !outfit.aside)) return { ...outfit, [slot]: image };
  return putOn(outfit.aside ?? takeOff(outfit, slot), image, kind);
}

/** The outfit without what `isGone`. */
export function leaveOut({ aside, ...on }: Outfit, isGone: (image: LibraryImage | null) => boolean): Outfit {
  const left = SLOTS.filter((slot) => isGone(on[slot])).reduce(takeOff, on);
  return aside && left.upper ? { ...left, aside: leaveOut(aside, isGone) } : left;
}

/** What the outfit comes to; `kindFor` tells what a garment is. */
export function wornOf(outfit: Outfit, kindFor: (image: LibraryImage) => Kind | null = kindOf): Worn | null {
  const { upper, lower, dress } = outfit;
  if (dress) return { garment: dress, kind: "dress" };
  if (upper && lower) return { garment: upper, lower, kind: "upper" };
  if (upper) return { garment: upper, kind: kindFor(upper) };
  if (lower) return { garment: lower, kind: "lower" };
  return null;
}
