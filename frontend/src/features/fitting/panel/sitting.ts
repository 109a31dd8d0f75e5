/**
 * What of "Photograph it" belongs to this sitting, and comes back with the page: seeds, words about garments, and the
 * mask of the person before the mirror. It is nobody else's: who comes next in this tab begins anew.
 */

import type { ProfileOut } from "@/api/schema";
import { isStroke, type Mark, type Point } from "@/features/fitting/mask/strokes";

export interface Sitting {
  /** Who sits here; empty: nobody that the server knows yet. */
  user: string;
  isGuest: boolean;
  /** By engine. */
  seeds: Readonly<Record<string, number>>;
  /** What garments are, by their ids. */
  words: Readonly<Record<string, string>>;
  mask: KeptMask | null;
}

export interface KeptMask {
  /** Id of the photo that it was drawn on. */
  person: string;
  marks: readonly Mark[];
  /** PNG, as a data address. */
  address: string;
}

export type Visitor = Pick<ProfileOut, "user_id" | "kind"> | null;

/** The newest of them are kept. */
const MOST_WORDS = 50;
/** Browsers keep some five million letters a tab; what is longer holds until the page is closed. */
const LONGEST_MASK = 2_000_000;
const PNG = "data:image/png;base64,";

export function sittingOf(visitor: Visitor): Sitting {
  const isGuest = visitor === null || visitor.kind === "guest";
  return { user: visitor?.user_id ?? "", isGuest, seeds: {}, words: {}, mask: null };
}

/** What was kept, where it is the visitor's: a guest who gets an account takes it along. */
export function takeUp(kept: unknown, visitor: Visitor): Sitting {
  const here = sittingOf(visitor);
  const { user, isGuest, seeds, words, mask } = asRecord(kept);
  const isTheirs = user === here.user || user === "" || (isGuest === true && visitor !== null && !here.isGuest);
  if (!isTheirs) return here;
  return {
    ...here,
    seeds: only(seeds, (one): one is number => isNumber(one) && Number.isInteger(one)),
    words: only(words, (one): one is string => typeof one === "string"),
    mask: maskOf(mask),
  };
}

/** As it is written: as much as there is room for, and as fine as can be seen. */
export function toKeep(sitting: Sitting): Sitting {
  const words = Object.entries(sitting.words).filter(([, text]) => text.trim() !== "");
  const mask = sitting.mask && { ...sitting.mask, marks: sitting.mask.marks.map(rounded) };
  const isTooLong = JSON.stringify(mask).length > LONGEST_MASK;
  return { ...sitting, words: Object.fromEntries(words.slice(-MOST_WORDS)), mask: isTooLong ? null : mask };
}

/** `words` with those of this garment as the newest. */
export function withWords(words: Sitting["words"], garment: string, text: string): Record<string, string> {
  const others = Object.entries(words).filter(([id]) => id !== garment);
  return Object.fromEntries([...others, [garment, text]]);
}

/** `seeds` with this engine's; without, where none is chosen. */
export function withSeed(seeds: Sitting["seeds"], engine: string, seed: unknown): Record<string, number> {
  const others = Object.entries(seeds).filter(([name]) => name !== engine);
  return Object.fromEntries(typeof seed === "number" ? [...others, [engine, seed]] : others);
}

function rounded(mark: Mark): Mark {
  const tenth = (value: number): number => Math.round(10 * value) / 10;
  if (!isStroke(mark)) {
    const [left, top, right, bottom] = [mark.left, mark.top, mark.right, mark.bottom].map(tenth) as [number, number, number, number];
    return { tool: mark.tool, left, top, right, bottom };
  }
  return { tool: mark.tool, size: tenth(mark.size), points: mark.points.map(({ x, y }) => ({ x: tenth(x), y: tenth(y) })) };
}

function maskOf(kept: unknown): KeptMask | null {
  const { person, marks, address } = asRecord(kept);
  if (typeof person !== "string" || typeof address !== "string" || !address.startsWith(PNG)) return null;
  return Array.isArray(marks) && marks.every(isMark) ? { person, marks, address } : null;
}

function isMark(kept: unknown): kept is Mark {
  const { tool, size, points, left, top, right, bottom } = asRecord(kept);
  if (tool === "fill" || tool === "clear") return [left, top, right, bottom].every(isNumber);
  return (tool === "brush" || tool === "eraser") && isNumber(size) && Array.isArray(points) && points.every(isPoint);
}

function isPoint(kept: unknown): kept is Point {
  const { x, y } = asRecord(kept);
  return isNumber(x) && isNumber(y);
}

function only<T>(kept: unknown, isGood: (value: unknown) => value is T): Record<string, T> {
  return Object.fromEntries(Object.entries(asRecord(kept)).filter((entry): entry is [string, T] => isGood(entry[1])));
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
