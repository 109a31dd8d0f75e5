/** How long to wait before the next try to reach a server that did not answer. */

const FIRST = 500;
const LONGEST = 15_000;

/** Milliseconds before try number `tries` (from 0): doubling, up to 15 s, spread so that not all pages come at once. */
export function waitBefore(tries: number, chance: number = Math.random()): number {
  return Math.min(LONGEST, FIRST * 2 ** Math.min(tries, 10)) * (0.75 + chance / 2);
}
