/** How the picture lies in its frame: enlarged about a point, moved, and never lost out of sight. */

/** `x`, `y`: how far the picture's middle is from the frame's, in CSS pixels. */
export interface View {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

/** The frame, and the picture as it lies in it at scale 1, in CSS pixels. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly pictureWidth: number;
  readonly pictureHeight: number;
}

export const WHOLE: View = { scale: 1, x: 0, y: 0 };
export const LARGEST_SCALE = 6;
/** What a double tap enlarges to. */
export const CLOSE_SCALE = 2.5;

/** A picture of this size as large as it fits into a frame. */
export function fitInto(width: number, height: number, picture: { width: number; height: number } | null): Frame {
  if (!picture || picture.width <= 0 || picture.height <= 0 || width <= 0 || height <= 0) {
    return { width, height, pictureWidth: width, pictureHeight: height };
  }
  const scale = Math.min(width / picture.width, height / picture.height);
  return { width, height, pictureWidth: picture.width * scale, pictureHeight: picture.height * scale };
}

/** Enlarged by `factor`; what is under the point (from the frame's middle) stays under it. */
export function zoomAt(view: View, factor: number, point: { x: number; y: number }, frame: Frame): View {
  const scale = Math.min(LARGEST_SCALE, Math.max(1, view.scale * factor));
  const ratio = scale / view.scale;
  return keepInSight({ scale, x: point.x - (point.x - view.x) * ratio, y: point.y - (point.y - view.y) * ratio }, frame);
}

export function panBy(view: View, x: number, y: number, frame: Frame): View {
  return keepInSight({ scale: view.scale, x: view.x + x, y: view.y + y }, frame);
}

/** Moved back as far as no edge of the picture is further in than it need be. */
export function keepInSight({ scale, x, y }: View, frame: Frame): View {
  if (scale <= 1) return WHOLE;
  const farX = Math.max(0, (frame.pictureWidth * scale - frame.width) / 2);
  const farY = Math.max(0, (frame.pictureHeight * scale - frame.height) / 2);
  return { scale, x: clamp(x, farX), y: clamp(y, farY) };
}

function clamp(value: number, far: number): number {
  return Math.min(far, Math.max(-far, value)) || 0;
}
