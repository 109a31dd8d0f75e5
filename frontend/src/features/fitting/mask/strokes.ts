/**
 * What is drawn on a mask: marks in the order they were made, in pixels of the photo, so that they are the same on any
 * screen. Every function gives a new drawing: going back is going back.
 */

export interface Point {
  x: number;
  y: number;
}

/** A line of round dabs `size` wide; one point is a dab. */
export interface Stroke {
  tool: "brush" | "eraser";
  size: number;
  points: readonly Point[];
}

/** A whole area at once; of the whole photo with "eraser" it is clearing. */
export interface Area {
  tool: "fill" | "clear";
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export type Mark = Stroke | Area;

export interface Drawing {
  done: readonly Mark[];
  undone: readonly Mark[];
}

export const EMPTY: Drawing = { done: [], undone: [] };

/** Of the photo's shorter side: the thinnest and thickest brush, and what `[` and `]` multiply by. */
const THINNEST = 0.01;
const THICKEST = 0.5;
const STEP = 1.25;

export function isStroke(mark: Mark): mark is Stroke {
  return mark.tool === "brush" || mark.tool === "eraser";
}

/** What was undone before is gone: a new mark is a new future. */
export function add(drawing: Drawing, mark: Mark): Drawing {
  return { done: [...drawing.done, mark], undone: [] };
}

/** The line goes on. Points that lie within an eighth of its width add nothing to be seen. */
export function extend(drawing: Drawing, point: Point): Drawing {
  const last = drawing.done.at(-1);
  if (last === undefined || !isStroke(last)) return drawing;
  const from = last.points.at(-1);
  if (from !== undefined && Math.hypot(point.x - from.x, point.y - from.y) < last.size / 8) return drawing;
  return { ...drawing, done: [...drawing.done.slice(0, -1), { ...last, points: [...last.points, point] }] };
}

export function undo(drawing: Drawing): Drawing {
  const last = drawing.done.at(-1);
  if (last === undefined) return drawing;
  return { done: drawing.done.slice(0, -1), undone: [...drawing.undone, last] };
}

export function redo(drawing: Drawing): Drawing {
  const next = drawing.undone.at(-1);
  if (next === undefined) return drawing;
  return { done: [...drawing.done, next], undone: drawing.undone.slice(0, -1) };
}

/** The brush one step thicker (1) or thinner (-1), for a photo of this size. */
export function resized(size: number, steps: number, width: number, height: number): number {
  const side = Math.min(width, height);
  return Math.min(THICKEST * side, Math.max(THINNEST * side, size * STEP ** steps));
}

export function usualSize(width: number, height: number): number {
  return Math.min(width, height) * 0.08;
}

/** Whether the point is to be changed: the last mark that reaches it decides. */
export function covers(drawing: Drawing, point: Point): boolean {
  const mark = drawing.done.findLast((one) => reaches(one, point));
  return mark !== undefined && (mark.tool === "brush" || mark.tool === "fill");
}

function reaches(mark: Mark, point: Point): boolean {
  if (!isStroke(mark)) {
    return point.x >= mark.left && point.x <= mark.right && point.y >= mark.top && point.y <= mark.bottom;
  }
  return mark.points.some((to, index) => distance(point, mark.points[index - 1] ?? to, to) <= mark.size / 2);
}

function distance(point: Point, from: Point, to: Point): number {
  const along = { x: to.x - from.x, y: to.y - from.y };
  const length = along.x ** 2 + along.y ** 2;
  const share = length === 0 ? 0 : ((point.x - from.x) * along.x + (point.y - from.y) * along.y) / length;
  const held = Math.min(1, Math.max(0, share));
  return Math.hypot(point.x - from.x - held * along.x, point.y - from.y - held * along.y);
}

/** Whether anything is marked at all, looked at on a grid as fine as the thinnest brush. */
export function isBlank(drawing: Drawing, width: number, height: number): boolean {
  if (!drawing.done.some((mark) => mark.tool === "brush" || mark.tool === "fill")) return true;
  const step = Math.max(1, Math.min(width, height) * THINNEST);
  for (let y = step / 2; y < height; y += step) {
    for (let x = step / 2; x < width; x += step) if (covers(drawing, { x, y })) return false;
  }
  return true;
}

/** Draws the marks on a canvas whose own pixels are `scale` of the photo's; erased places are see-through. */
export function paint(context: CanvasRenderingContext2D, marks: readonly Mark[], scale: number, ink: string): void {
  context.lineCap = "round";
  context.lineJoin = "round";
  context.strokeStyle = context.fillStyle = ink;
  for (const mark of marks) {
    const isRemoving = mark.tool === "eraser" || mark.tool === "clear";
    context.globalCompositeOperation = isRemoving ? "destination-out" : "source-over";
    if (isStroke(mark)) paintStroke(context, mark, scale);
    else {
      const { left, top, right, bottom } = mark;
      context.fillRect(left * scale, top * scale, (right - left) * scale, (bottom - top) * scale);
    }
  }
  context.globalCompositeOperation = "source-over";
}

function paintStroke(context: CanvasRenderingContext2D, { size, points }: Stroke, scale: number): void {
  const [first, ...others] = points;
  if (first === undefined) return;
  context.lineWidth = size * scale;
  context.beginPath();
  context.moveTo(first.x * scale, first.y * scale);
  for (const { x, y } of others.length > 0 ? others : [first]) context.lineTo(x * scale, y * scale);
  context.stroke();
}
