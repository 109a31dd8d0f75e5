/** What a picture is called before people. */

import type { LibraryImage } from "@/api/schema";

export function nameOf(image: Pick<LibraryImage, "title" | "original_name" | "filename">): string {
  return image.title?.trim() || image.original_name.replace(/\.[a-z0-9]{2,5}$/i, "") || image.filename;
}
