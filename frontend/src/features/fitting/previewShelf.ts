/** A bounded store that lets go of what was used longest ago, and says so. */

export class Shelf<T> {
  readonly #things = new Map<string, T>();

  /** `onDrop` is told of everything that leaves, once. */
  constructor(
    readonly room: number,
    private readonly onDrop: (thing: T) => void,
  ) {}

  get size(): number {
    return this.#things.size;
  }

  has(key: string): boolean {
    return this.#things.has(key);
  }

  /** What is kept under `key`; it counts as used just now. */
  get(key: string): T | undefined {
    const thing = this.#things.get(key);
    if (thing === undefined) return undefined;
    this.#things.delete(key);
    this.#things.set(key, thing);
    return thing;
  }

  put(key: string, thing: T): void {
    const former = this.#things.get(key);
    this.#things.delete(key);
    this.#things.set(key, thing);
    if (former !== undefined && former !== thing) this.onDrop(former);
    for (const [oldest, dropped] of this.#things) {
      if (this.#things.size <= this.room) break;
      this.#things.delete(oldest);
      this.onDrop(dropped);
    }
  }

  /** Lets go of everything of which `isStale`. */
  sweep(isStale: (thing: T, key: string) => boolean): void {
    for (const [key, thing] of [...this.#things]) {
      if (!isStale(thing, key)) continue;
      this.#things.delete(key);
      this.onDrop(thing);
    }
  }

  clear(): void {
    this.sweep(() => true);
  }
}
