/** Pictures of the library by id, and what the room tells the library of them. */

import { api, content } from "@/api/client";
import { Refusal } from "@/api/errors";
import type { LibraryImage, TryOnEntry } from "@/api/schema";
import type { Kind } from "@/features/fitting/outfit";

/** The picture, or null where it is there no more. */
export async function recallImage(id: string): Promise<LibraryImage | null> {
  try {
    return await content(api.GET("/api/v1/library/images/{image_id}", { params: { path: { image_id: id } } }));
  } catch (error) {
    if (!(error instanceof Refusal) || error.status === 0) throw error;
    return null;
  }
}

/** Person, garment and lower garment of a fitting; null for what is there no more. */
export async function recallPictures(
  entry: TryOnEntry,
): Promise<[LibraryImage | null, LibraryImage | null, LibraryImage | null]> {
  return Promise.all([
    entry.human_image_id ? recallImage(entry.human_image_id) : null,
    entry.garment_image_id ? recallImage(entry.garment_image_id) : null,
    entry.lower_image_id ? recallImage(entry.lower_image_id) : null,
  ]);
}

/** Tells the library what a garment is. */
export async function saveKind(id: string, kind: Kind): Promise<void> {
  const params = { path: { image_id: id } };
  await api.PATCH("/api/v1/library/images/{image_id}", { params, body: { garment_kind: kind } });
}
