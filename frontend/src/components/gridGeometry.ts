/** Where the pictures of a grid stand, and how a list taller than any browser allows is scrolled. No DOM in here. */

export type CellSize = "S" | "M" | "L";

/** Between cells, in pixels. */
export const GAP = 8;
/** Height over width of a cell: people and clothes are taller than wide. */
const UPRIGHT = 1.25;
/** Width that a cell comes close to. */
const WIDTHS: Record<CellSize, number> = { S: 112, M: 176, L: 272 };
/** Below this width of the grid it is a phone's, and has this many columns. */
const NARROW = 520;
const NARROW_COLUMNS: Record<CellSize, number> = { S: 4, M: 3, L: 2 };

export interface Layout {
  columns: number;
  cellWidth: number;
  cellHeight: number;
  /** A cell and the gap below it. */
  rowHeight: number;
  rows: number;
  /** Of the whole list, in pixels. */
  height: number;
}

export interface Wish {
  width: number;
  total: number;
  size: CellSize;
  /** Instead of those that `size` asks for. */
  columns?: number | undefined;
  /** Rows of this height, without gaps: a list. */
  lineHeight?: number | undefined;
}

/** The layout of `total` pictures in a grid of `width` pixels. */
export function layOut({ width, total, size, columns, lineHeight }: Wish): Layout {
  const fitting = width < NARROW ? NARROW_COLUMNS[size] : Math.round((width + GAP) / (WIDTHS[size] + GAP));
  const across = Math.max(1, columns ?? (lineHeight === undefined ? fitting : 1));
  const cellWidth = Math.max(1, (width - GAP * (across - 1)) / across);
  // Whole pixels: rows of fractions blur while they move.
  const cellHeight = lineHeight ?? Math.round(cellWidth * UPRIGHT);
  const rowHeight = lineHeight ?? cellHeight + GAP;
  const rows = Math.ceil(total / across);
  return { columns: across, cellWidth, cellHeight, rowHeight, rows, height: rows * rowHeight };
}

/** First and last row (inclusive) that are drawn for a view of `height` pixels at `offset`; last < first: none. */
export function rowsIn(layout: Layout, offset: number, height: number, more = 0): [number, number] {
  const first = Math.max(0, Math.floor(offset / layout.rowHeight) - more);
  const last = Math.min(layout.rows - 1, Math.floor((offset + Math.max(0, height - 1)) / layout.rowHeight) + more);
  return [first, last];
}

/** Where the list must stand so that the row of `index` is in view; as it stands where it is already. */
export function offsetFor(layout: Layout, index: number, offset: number, height: number): number {
  const top = Math.floor(index / layout.columns) * layout.rowHeight;
  if (top < offset) return top;
  const bottom = top + layout.cellHeight;
  return bottom > offset + height ? bottom - height : offset;
}

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** Places of the pictures that `box` (in pixels of the whole list) touches, as runs [first, last] of neighbours. */
export function runsIn(layout: Layout, box: Box, total: number): [number, number][] {
  const step = layout.cellWidth + GAP;
  const firstColumn = Math.max(0, Math.ceil((box.left - layout.cellWidth) / step));
  const lastColumn = Math.min(layout.columns - 1, Math.floor(box.right / step));
  const firstRow = Math.max(0, Math.ceil((box.top - layout.cellHeight) / layout.rowHeight));
  const lastRow = Math.min(layout.rows - 1, Math.floor(box.bottom / layout.rowHeight));
  const runs: [number, number][] = [];
  if (firstColumn > lastColumn) return runs;
  for (let row = firstRow; row <= lastRow; row++) {
    const first = row * layout.columns + firstColumn;
    const last = Math.min(total - 1, row * layout.columns + lastColumn);
    const before = runs.at(-1);
    if (first > last) continue;
    if (before !== undefined && before[1] === first - 1) before[1] = last;
    else runs.push([first, last]);
  }
  return runs;
}

/** Where a key leads from `index`; null where it is none of the grid's. */
export function stepTo(key: string, index: number, layout: Layout, total: number, rowsInView: number): number | null {
  const page = Math.max(1, Math.floor(rowsInView)) * layout.columns;
  const steps: Record<string, number> = {
    ArrowLeft: index - 1,
    ArrowRight: index + 1,
    ArrowUp: index < layout.columns ? index : index - layout.columns,
    // From the last full row down to the end of a row that is not full.
    ArrowDown: Math.floor(index / layout.columns) < layout.rows - 1 ? index + layout.columns : index,
    PageUp: index - page < 0 ? index % layout.columns : index - page,
    PageDown: index + page,
    Home: 0,
    End: total - 1,
  };
  const next = steps[key];
  return next === undefined ? null : Math.min(Math.max(0, next), Math.max(0, total - 1));
}

/** Browsers cut elements that are taller: Firefox at 17.9 million pixels, Chromium and Safari at 33.5. */
export const TALLEST = 15_000_000;

/**
 * Scrolling through a list of any height in an element of at most `TALLEST` pixels.
 *
 * `offset` is where the list stands, `top` where the element is scrolled to. Small steps (wheel, touch, keys) move both
 * alike; a leap (the scroll bar) goes to the same share of both. Whatever is drawn at `y` of the list belongs at
 * `y - shift` of the element.
 */
export class LongScroll {
  offset = 0;
  top = 0;
  private list = 0;
  private view = 0;

  get height(): number {
    return Math.min(this.list, TALLEST);
  }

  get shift(): number {
    return this.offset - this.top;
  }

  private get farthest(): number {
    return Math.max(0, this.list - this.view);
  }

  private get farthestTop(): number {
    return Math.max(0, this.height - this.view);
  }

  /** The heights of the list and of what is seen of it. The list stays where it stands, as far as it reaches. */
  measure(list: number, view: number): void {
    this.list = list;
    this.view = view;
    this.goTo(this.offset);
  }

  /** The element was scrolled to `top`. */
  scrolled(top: number): void {
    const step = top - this.top;
    this.top = top;
    if (this.farthest === this.farthestTop) this.offset = top;
    else if (top <= 0) this.offset = 0;
    else if (top >= this.farthestTop) this.offset = this.farthest;
    else if (Math.abs(step) <= 2 * this.view) this.offset = this.within(this.offset + step);
    else this.offset = (top / this.farthestTop) * this.farthest;
  }

  /** Puts the list at `offset`; `top` is then where the element must be scrolled to. */
  goTo(offset: number): void {
    this.offset = this.within(offset);
    this.top = this.farthest === this.farthestTop ? this.offset : this.share();
  }

  private share(): number {
    return this.farthest === 0 ? 0 : Math.round((this.offset / this.farthest) * this.farthestTop);
  }

  private within(offset: number): number {
    return Math.min(Math.max(0, offset), this.farthest);
  }
}
