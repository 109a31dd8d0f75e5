/** The known part of a long list: pictures by their place in it, with gaps where nobody has looked yet. */

import type { LibraryImage } from "@/api/schema";

export class Sparse {
  private byPlace = new Map<number, LibraryImage>();
  private places = new Map<string, number>();

  /** How many are known. */
  get size(): number {
    return this.byPlace.size;
  }

  at(index: number): LibraryImage | undefined {
    return this.byPlace.get(index);
  }

  find(id: string): LibraryImage | undefined {
    const index = this.places.get(id);
    return index === undefined ? undefined : this.byPlace.get(index);
  }

  /** Place of the picture; -1 where it is not known. */
  indexOf(id: string): number {
    return this.places.get(id) ?? -1;
  }

  /** Whether every place from `first` to `last` (both inclusive) is known. */
  has(first: number, last: number): boolean {
    for (let index = first; index <= last; index++) if (!this.byPlace.has(index)) return false;
    return true;
  }

  /** Ids from `first` to `last` (both inclusive) in their order; null where one of them is not known. */
  ids(first: number, last: number): string[] | null {
    const found: string[] = [];
    for (let index = first; index <= last; index++) {
      const image = this.byPlace.get(index);
      if (image === undefined) return null;
      found.push(image.id);
    }
    return found;
  }

  /** Sets `images` from `first` on. A picture stands at one place: where it was known elsewhere, a gap remains. */
  put(first: number, images: readonly LibraryImage[]): void {
    images.forEach((image, offset) => {
      const index = first + offset;
      const before = this.byPlace.get(index);
      if (before !== undefined && before.id !== image.id) this.places.delete(before.id);
      const elsewhere = this.places.get(image.id);
      if (elsewhere !== undefined && elsewhere !== index) this.byPlace.delete(elsewhere);
      this.byPlace.set(index, image);
      this.places.set(image.id, index);
    });
  }

  /** Puts `image` in the place of what was known of it; false where it is not known. */
  replace(image: LibraryImage): boolean {
    const index = this.places.get(image.id);
    if (index === undefined) return false;
    this.byPlace.set(index, image);
    return true;
  }

  /** Takes pictures out; those behind them move up. Returns how many of them were known. */
  drop(ids: Iterable<string>): number {
    const gone: number[] = [];
    for (const id of ids) {
      const index = this.places.get(id);
      if (index !== undefined) gone.push(index);
    }
    if (gone.length === 0) return 0;
    gone.sort((a, b) => a - b);
    const rest = [...this.byPlace].sort(([a], [b]) => a - b);
    this.clear();
    let passed = 0;
    for (const [index, image] of rest) {
      while (passed < gone.length && (gone[passed] as number) < index) passed++;
      if (gone[passed] === index) continue;
      this.put(index - passed, [image]);
    }
    return gone.length;
  }

  /** Forgets what lies at or behind `total`, and where more than `most` are known, what is farthest from `middle`. */
  trim(total: number, middle: number, most: number): void {
    for (const [index, image] of this.byPlace) if (index >= total) this.forget(index, image.id);
    if (this.byPlace.size <= most) return;
    const far = [...this.byPlace].sort(([a], [b]) => Math.abs(b - middle) - Math.abs(a - middle));
    for (const [index, image] of far.slice(0, this.byPlace.size - most)) this.forget(index, image.id);
  }

  clear(): void {
    this.byPlace.clear();
    this.places.clear();
  }

  private forget(index: number, id: string): void {
    this.byPlace.delete(index);
    this.places.delete(id);
  }
}
