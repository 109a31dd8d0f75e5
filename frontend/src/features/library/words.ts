/** What the library says of places and days. */

import type { LibraryImage } from "@/api/schema";
import { nameOf } from "@/components/pictureName";
import { sizeWords } from "@/components/pictureWords";
import type { SortName } from "@/composables/listing";

const DAY_MS = 86_400_000;

/** What stands in the bubble beside the scroll bar: by what the list is sorted. */
export function placeWords(image: LibraryImage, sort: SortName, inTrash: boolean, language: string): string {
  if (!inTrash && sort === "name") return [...nameOf(image).trim()][0]?.toLocaleUpperCase(language) ?? "";
  if (!inTrash && sort === "largest") return sizeWords(image.file_size, language);
  const moment = (inTrash ? image.deleted_at : null) ?? image.saved_at;
  return new Intl.DateTimeFormat(language, { year: "numeric", month: "long" }).format(new Date(moment));
}

/** Whole days until the trash forgets what was put there at `deleted`; 0: today. */
export function daysLeft(deleted: string, keptDays: number, now: number): number {
  const left = Math.ceil((Date.parse(deleted) + keptDays * DAY_MS - now) / DAY_MS);
  // Clocks of server and browser differ: nothing stays longer than it is kept.
  return Math.min(keptDays, Math.max(0, left));
}
