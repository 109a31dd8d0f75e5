/** Saying what a garment is, where it was taken for something else. */

import type { LibraryImage } from "@/api/schema";
import type { IconName } from "@/components/icons";
import type { MenuItem } from "@/components/menu";
import { tellNews } from "@/composables/libraryNews";
import { Refusal } from "@/api/errors";
import type { useFitting } from "@/features/fitting/fitting";
import { type Kind, SLOTS } from "@/features/fitting/outfit";
import { useToasts } from "@/stores/toasts";

export const KIND_ICONS: Record<Kind, IconName> = { upper: "shirt", lower: "trousers", dress: "dress" };

/** The kinds a garment can be said to be, the present one ticked. */
export function kindChoices(
  fitting: ReturnType<typeof useFitting>,
  image: LibraryImage,
  t: (key: string) => string,
): MenuItem[] {
  const now = fitting.kindFor(image);
  return SLOTS.map((kind) => ({
    label: t(`fitting.kind.one.${kind}`),
    icon: KIND_ICONS[kind],
    checked: now === kind,
    run: () => void correct(fitting, image, kind),
  }));
}

async function correct(fitting: ReturnType<typeof useFitting>, image: LibraryImage, kind: Kind): Promise<void> {
  try {
    await fitting.correctKind(image, kind);
    tellNews({ type: "stale" });
  } catch (error) {
    // Guests may not change their library; what they said holds as long as the page is open.
    const isGuest = error instanceof Refusal && (error.status === 401 || error.status === 403);
    if (!isGuest) useToasts().fail(error);
  }
}
