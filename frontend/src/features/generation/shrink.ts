/** A file made ready to go along with a request: no larger than what the server keeps of it. */

/** px: the server makes larger reference pictures so long. */
export const LONGEST = 2048;
/** A file up to this size goes as it is. */
const SMALL_BYTES = 3_000_000;
const QUALITY = 0.92;

export interface Ready {
  /** A data-URL. */
  value: string;
  /** Where it can be looked at; empty where this browser cannot show it, as most cannot with HEIC. */
  address: string;
}

export async function forSending(file: File): Promise<Ready> {
  const picture = await createImageBitmap(file).catch(() => null);
  if (picture === null) return { value: await dataUrlOf(file), address: "" };
  const [width, height] = fitInto(picture.width, picture.height, LONGEST);
  const isFine = width === picture.width && file.size <= SMALL_BYTES;
  const ready = isFine ? file : await redraw(picture, width, height);
  picture.close();
  return { value: await dataUrlOf(ready), address: URL.createObjectURL(ready) };
}

/** Width and height so that neither is over `longest`; what is small enough stays as it is. */
export function fitInto(width: number, height: number, longest: number): [number, number] {
  const share = Math.min(1, longest / Math.max(width, height));
  return [Math.max(1, Math.round(width * share)), Math.max(1, Math.round(height * share))];
}

async function redraw(picture: ImageBitmap, width: number, height: number): Promise<Blob> {
  const canvas = new OffscreenCanvas(width, height);
  const pen = canvas.getContext("2d");
  if (pen !== null) {
    pen.fillStyle = "white"; // what is clear becomes paper
    pen.fillRect(0, 0, width, height);
    pen.drawImage(picture, 0, 0, width, height);
  }
  return canvas.convertToBlob({ type: "image/jpeg", quality: QUALITY });
}

function dataUrlOf(file: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error ?? new Error("the file cannot be read"));
    reader.readAsDataURL(file);
  });
}
