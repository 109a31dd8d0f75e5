/** Which hangers come next: those in the direction of flipping first. */

/** The place `step` further on the rack, which goes round; from nowhere (-1), the first or the last. */
export function stepFrom(here: number, step: number, total: number): number {
  if (total <= 0) return -1;
  const from = here >= 0 ? here : step > 0 ? -1 : 0;
  return (((from + step) % total) + total) % total;
}

/** Places worth having ready while `here` is looked at: `ahead` in the direction of the last flip, and one back. */
export function neighbours(here: number, total: number, direction: number, ahead = 3): number[] {
  const way = direction < 0 ? -1 : 1;
  const wanted: number[] = [];
  const steps = [1, ...(direction === 0 ? [-1, 2] : [...Array(Math.max(0, ahead - 1)).keys()].map((n) => n + 2)), -1];
  for (const step of steps) {
    const place = stepFrom(here, step * way, total);
    if (place >= 0 && place !== here && !wanted.includes(place)) wanted.push(place);
  }
  return wanted;
}
