/** Where a picture's bytes are. */

import type { LibraryImage } from "@/api/schema";

/** Of the thumbnail that is `size` pixels long, or of the whole file. What is in the trash is found by its id only. */
export function addressOf(image: LibraryImage, size: 320 | 640 | "full"): string {
  if (image.deleted_at !== null) {
    const version = image.content_hash.slice(0, 12);
    const base = `/api/v1/library/images/${encodeURIComponent(image.id)}`;
    return size === "full" ? `${base}/file?v=${version}` : `${base}/thumbnail?size=${size}&v=${version}`;
  }
  // A small picture is its own thumbnail: the file may be the only thing there is.
  return size === "full" ? image.url : (image.thumbnails[String(size)] ?? image.url);
}
