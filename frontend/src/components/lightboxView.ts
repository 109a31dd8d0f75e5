/** How a picture stands in the lightbox: how far it is zoomed, how far moved, and what a swipe means. No DOM in here. */

export interface Area {
  width: number;
  height: number;
}

/** `scale` 1 fits the picture into the stage; `x` and `y` move its middle off the middle of the stage, in pixels. */
export interface View {
  scale: number;
  x: number;
  y: number;
}

export const AT_REST: View = { scale: 1, x: 0, y: 0 };
/** Of the picture as it fits; beyond its own pixels there is nothing more to see, but small ones may be looked at, too. */
const LEAST_MOST = 4;
/** Shown pixels per own pixel. */
const SHARPEST = 2;

/** `picture` as large as `stage` lets it be, but a small picture no larger than twice its size. */
export function fit(picture: Area, stage: Area): Area {
  if (picture.width <= 0 || picture.height <= 0) return { width: 0, height: 0 };
  const scale = Math.min(stage.width / picture.width, stage.height / picture.height, SHARPEST);
  return { width: picture.width * scale, height: picture.height * scale };
}

/** The furthest zoom of `picture` that is drawn `fitted`. */
export function most(picture: Area, fitted: Area): number {
  return fitted.width === 0 ? LEAST_MOST : Math.max(LEAST_MOST, (SHARPEST * picture.width) / fitted.width);
}

/** Zooms by `factor` so that what is at `point` (from the stage's middle) stays there. */
export function zoomAt(view: View, factor: number, point: { x: number; y: number }, furthest: number): View {
  const scale = Math.min(furthest, Math.max(1, view.scale * factor));
  const by = scale / view.scale;
  return { scale, x: point.x - (point.x - view.x) * by, y: point.y - (point.y - view.y) * by };
}

/** Keeps the picture over the stage: no edge of it is drawn into it further than it has to be. */
export function hold(view: View, fitted: Area, stage: Area): View {
  if (view.scale <= 1) return AT_REST;
  const room = (size: number, space: number): number => Math.max(0, (size * view.scale - space) / 2);
  const within = (value: number, limit: number): number => Math.min(limit, Math.max(-limit, value)) || 0;
  return {
    scale: view.scale,
    x: within(view.x, room(fitted.width, stage.width)),
    y: within(view.y, room(fitted.height, stage.height)),
  };
}

export type Swipe = "next" | "previous" | "close" | null;

/** Pixels that are far enough for a slow swipe, and pixels a millisecond that are fast enough for a short one. */
const FAR = 90;
const FAST = 0.45;
const SHORT = 24;

/** What a finger meant that moved by `x` and `y` within `ms`. */
export function meaningOfSwipe(x: number, y: number, ms: number): Swipe {
  const speed = (way: number): number => Math.abs(way) / Math.max(1, ms);
  const isMeant = (way: number): boolean => Math.abs(way) > FAR || (Math.abs(way) > SHORT && speed(way) > FAST);
  if (Math.abs(x) > 1.2 * Math.abs(y) && isMeant(x)) return x < 0 ? "next" : "previous";
  return y > 1.2 * Math.abs(x) && isMeant(y) ? "close" : null;
}
