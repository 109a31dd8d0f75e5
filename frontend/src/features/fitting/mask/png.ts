/** A drawing as the picture that engines take: white where something is to change, black elsewhere. */

import { type Drawing, paint } from "@/features/fitting/mask/strokes";

/** Engines work on less; the file stays small. */
const LONGEST_SIDE = 1024;

export function scaleFor(width: number, height: number): number {
  return Math.min(1, LONGEST_SIDE / Math.max(width, height));
}

/** PNG of the photo's own aspect. */
export async function pngOf(drawing: Drawing, width: number, height: number): Promise<Blob> {
  const scale = scaleFor(width, height);
  const marks = canvasOf(width * scale, height * scale);
  paint(marks.context, drawing.done, scale, "#fff");
  const whole = canvasOf(marks.canvas.width, marks.canvas.height);
  whole.context.fillStyle = "#000";
  whole.context.fillRect(0, 0, whole.canvas.width, whole.canvas.height);
  whole.context.drawImage(marks.canvas, 0, 0);
  return new Promise((resolve, reject) =>
    whole.canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the browser makes no PNG"))), "image/png"),
  );
}

function canvasOf(width: number, height: number): { canvas: HTMLCanvasElement; context: CanvasRenderingContext2D } {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width));
  canvas.height = Math.max(1, Math.round(height));
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("the browser has no canvas");
  return { canvas, context };
}
