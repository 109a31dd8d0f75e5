/** A large answer, taken in piece by piece. */

const PART = 8_000_000;

/**
 * The body of `answer`; `tell` hears how many bytes have come. Pieces are put into blobs on the way, which browsers keep
 * on disk: not the whole has to fit into memory. Throws where the connection ends too early, or is aborted.
 */
export async function receive(answer: Response, tell: (bytes: number) => void): Promise<Blob> {
  if (answer.body === null) return answer.blob();
  const reader = answer.body.getReader();
  const parts: Blob[] = [];
  let pieces: Uint8Array<ArrayBuffer>[] = [];
  let held = 0;
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    pieces.push(value);
    held += value.byteLength;
    bytes += value.byteLength;
    if (held > PART) {
      parts.push(new Blob(pieces));
      pieces = [];
      held = 0;
    }
    tell(bytes);
  }
  return new Blob([...parts, ...pieces], { type: answer.headers.get("Content-Type") ?? "" });
}

/** Gives `blob` to the reader as a file called `name`. */
export function saveAs(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // not before the browser has begun with it
}
