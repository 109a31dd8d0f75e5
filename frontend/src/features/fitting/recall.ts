/** Pictures of the library by id, for whoever may ask so and for guests, who may only list. */

import { api, content } from "@/api/client";
import { Refusal } from "@/api/errors";
import type { LibraryImage, TryOnEntry } from "@/api/schema";
import type { Kind } from "@/features/fitting/outfit";

const PAGE_SIZE = 100;
const PAGES = 3;

/** The picture, or null where it is there no more. */
export async function recallImage(id: string, category: "char" | "clothes"): Promise<LibraryImage | null> {
  try {
    return await content(api.GET("/api/v1/library/images/{image_id}", { params: { path: { image_id: id } } }));
  } catch (error) {
    if (!(error instanceof Refusal) || error.status === 0) throw error;
    return error.status === 401 || error.status === 403 ? lookFor(id, category) : null;
  }
}

async function lookFor(id: string, category: "char" | "clothes"): Promise<LibraryImage | null> {
  let cursor: string | null = null;
  for (let page = 0; page < PAGES; page += 1) {
    const query: { category: "char" | "clothes"; page_size: number; cursor?: string } = { category, page_size: PAGE_SIZE };
    if (cursor) query.cursor = cursor;
    const found = await content(api.GET("/api/v1/library/images", { params: { query } }));
    const image = found.items.find((one) => one.id === id);
    if (image) return image;
    cursor = found.next_cursor;
    if (!cursor) return null;
  }
  return null;
}

/** Person, garment and lower garment of a fitting; null for what is there no more. */
export async function recallPictures(
  entry: TryOnEntry,
): Promise<[LibraryImage | null, LibraryImage | null, LibraryImage | null]> {
  return Promise.all([
    entry.human_image_id ? recallImage(entry.human_image_id, "char") : null,
    entry.garment_image_id ? recallImage(entry.garment_image_id, "clothes") : null,
    entry.lower_image_id ? recallImage(entry.lower_image_id, "clothes") : null,
  ]);
}

/** Tells the library what a garment is. */
export async function saveKind(id: string, kind: Kind): Promise<void> {
  const params = { path: { image_id: id } };
  await api.PATCH("/api/v1/library/images/{image_id}", { params, body: { garment_kind: kind } });
}
