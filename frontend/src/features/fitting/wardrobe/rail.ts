/** Which garments hang on the rail. */

import type { Filters } from "@/composables/listing";
import type { Kind } from "@/features/fitting/outfit";

export interface RailFilters {
  kind: Kind | null;
  q: string;
  favorite: boolean;
}

export const EVERYTHING: RailFilters = { kind: null, q: "", favorite: false };

export function listingFilters({ kind, q, favorite }: RailFilters): Filters {
  const filters: Filters = { category: "clothes" };
  if (kind) filters.garment_kind = kind;
  if (q) filters.q = q;
  if (favorite) filters.favorite = true;
  return filters;
}
