/** What a picture is called. */

import type { LibraryImage } from "@/api/schema";

/** Its title, or else the name of the file that came in. */
export function nameOf(image: Pick<LibraryImage, "title" | "original_name" | "filename">): string {
  return image.title || image.original_name || image.filename;
}
