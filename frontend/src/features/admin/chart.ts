/** The figures behind the charts. */

/** What a part of a chart tells; each has a colour of the tokens. */
export type Tone = "good" | "bad" | "soft" | "accent" | "warn";

export interface Series {
  label: string;
  tone: Tone;
  values: readonly number[];
}

/** A piece of a bar, from `from` up, both as shares of the whole height. */
export interface Piece {
  tone: Tone;
  from: number;
  size: number;
}

/** The least of 1, 2, 4, 5, 10, 20 … that is not below `value`; at least `least`. */
export function ceilingOf(value: number, least = 4): number {
  if (value <= least) return least;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 4, 5].find((one) => one * power >= value * (1 - 1e-9)) ?? 10;
  return step * power;
}

/** For each place of the series a bar of their values, one upon the other, against `ceiling`. */
export function stack(series: readonly Series[], ceiling: number): Piece[][] {
  const places = Math.max(0, ...series.map(({ values }) => values.length));
  return Array.from({ length: places }, (_, place) => {
    let from = 0;
    const pieces: Piece[] = [];
    for (const { tone, values } of series) {
      const size = (values[place] ?? 0) / ceiling;
      if (size > 0) pieces.push({ tone, from, size });
      from += size;
    }
    return pieces;
  });
}

/** What each place of the series comes to. */
export function totals(series: readonly Series[]): number[] {
  const places = Math.max(0, ...series.map(({ values }) => values.length));
  return Array.from({ length: places }, (_, place) => series.reduce((sum, { values }) => sum + (values[place] ?? 0), 0));
}

export const FILLS: Record<Tone, string> = {
  good: "fill-good",
  bad: "fill-bad",
  soft: "fill-soft",
  accent: "fill-accent",
  warn: "fill-warn",
};
