/** Thumbhashes as pixels: 25 bytes that show what a picture looks like before any of it has come. */

import { thumbHashToAverageRGBA, thumbHashToDataURL } from "thumbhash";

/** A picture of 32 × 32 as a data-URL has about 6 kB. */
const MOST_KEPT = 1_000;

const pictures = new Map<string, string>();
const colours = new Map<string, string>();
const clear = new Map<string, boolean>();

/**
 * The blurred picture, at most 32 × 32, as a data-URL; null where `hash` is none. For a background: a canvas of its own in
 * every cell would be a layer of its own, which the browser puts together anew in every frame of scrolling.
 */
export function blurOf(hash: string): string | null {
  return kept(pictures, hash, () => thumbHashToDataURL(bytesOf(hash)));
}

/** The average colour as CSS has it; costs next to nothing. Null where `hash` is none. */
export function colourOf(hash: string): string | null {
  return kept(colours, hash, () => {
    const { r, g, b, a } = thumbHashToAverageRGBA(bytesOf(hash));
    return `rgb(${Math.round(r * 255)} ${Math.round(g * 255)} ${Math.round(b * 255)} / ${a.toFixed(2)})`;
  });
}

/** Whether the picture is clear somewhere: bit 23 of the hash. */
export function hasHoles(hash: string): boolean {
  return kept(clear, hash, () => ((bytesOf(hash)[2] ?? 0) & 0x80) !== 0) ?? false;
}

function kept<T>(values: Map<string, T>, hash: string, make: () => T): T | null {
  const known = values.get(hash);
  if (known !== undefined) return known;
  if (hash.length < 8) return null;
  try {
    const made = make();
    if (values.size >= MOST_KEPT) values.delete(values.keys().next().value as string); // the oldest
    values.set(hash, made);
    return made;
  } catch (error) {
    // No base64, or cut short: a grey place is all there is to show.
    if (error instanceof DOMException || error instanceof RangeError) return null;
    throw error;
  }
}

function bytesOf(hash: string): Uint8Array {
  return Uint8Array.from(atob(hash), (letter) => letter.charCodeAt(0));
}
