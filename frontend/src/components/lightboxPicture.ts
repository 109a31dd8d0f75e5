/** The picture that the lightbox shows, and its place in the list: also of one that a link names and nobody looked at. */

import { computed, type ComputedRef, onScopeDispose, shallowRef, watch } from "vue";

import { api, content } from "@/api/client";
import { isAborted, Refusal } from "@/api/errors";
import type { LibraryImage } from "@/api/schema";
import { onNews } from "@/composables/libraryNews";
import type { Listing } from "@/composables/listing";
import { useToasts } from "@/stores/toasts";

export interface LightboxPicture {
  /** Undefined while it is fetched. */
  image: ComputedRef<LibraryImage | undefined>;
  /** -1: not (yet) known, or not in this list. */
  index: ComputedRef<number>;
  neighbour(by: number): LibraryImage | undefined;
}

interface Shown {
  readonly listing: Listing;
  readonly id: string;
  readonly inTrash: boolean;
}

/** `lost` is called when there is no such picture. */
export function useLightboxPicture(shown: Shown, lost: () => void): LightboxPicture {
  /** What is shown stays shown, even when it leaves the list meanwhile (a favourite that is none any more). */
  const kept = shallowRef<{ image: LibraryImage; index: number } | null>(null);
  const found = computed(() => shown.listing.find(shown.id));
  const mine = computed(() => (kept.value?.image.id === shown.id ? kept.value : null));
  const image = computed(() => found.value ?? mine.value?.image);
  const index = computed(() => shown.listing.indexOf(shown.id));

  watch(
    [found, index],
    ([picture, place]) => {
      if (picture !== undefined && place >= 0) kept.value = { image: picture, index: place };
    },
    { immediate: true },
  );
  watch(
    [() => shown.id, shown.listing.isKnown],
    ([id, known]) => {
      if (known && image.value === undefined) void look(id);
    },
    { immediate: true },
  );
  watch(
    index,
    (place) => {
      if (place >= 0) void shown.listing.ensure(Math.max(0, place - 3), place + 3);
    },
    { immediate: true },
  );
  const stop = onNews((news) => {
    if (news.type !== "changed" || kept.value === null) return;
    const now = news.images.find((one) => one.id === kept.value?.image.id);
    if (now !== undefined) kept.value = { ...kept.value, image: now };
  });
  onScopeDispose(stop);

  /** A link's picture: itself, and then where it stands, so that it has neighbours. */
  async function look(id: string): Promise<void> {
    try {
      const place = (await shown.listing.ids()).indexOf(id);
      if (place >= 0) await shown.listing.ensure(Math.max(0, place - 3), place + 3);
      if (shown.listing.find(id) !== undefined || shown.id !== id) return;
      const path = { params: { path: { image_id: id } } };
      const picture = await content(api.GET("/api/v1/library/images/{image_id}", path));
      if (shown.id === id) kept.value = { image: picture, index: -1 };
    } catch (error) {
      if (isAborted(error) || shown.id !== id) return;
      useToasts().fail(error);
      if (!(error instanceof Refusal) || error.status !== 0) lost();
    }
  }

  function neighbour(by: number): LibraryImage | undefined {
    const { listing } = shown;
    if (index.value >= 0) return listing.at(index.value + by);
    const place = mine.value?.index ?? -1;
    // It has left the list: what stood behind it is in its place now.
    return place < 0 ? undefined : listing.at(by > 0 ? place + by - 1 : place + by);
  }

  return { image, index, neighbour };
}
