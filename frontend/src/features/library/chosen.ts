/** What is done with the chosen pictures of the library page, by bar and by keys. */

import { computed, type ComputedRef, type ShallowRef } from "vue";
import type { LocationQueryRaw } from "vue-router";

import type { LibraryImage } from "@/api/schema";
import { type Mover, usePictureActions } from "@/composables/actions";
import type { CategoryName, Listing } from "@/composables/listing";
import type { Selection } from "@/composables/selection";
import { useShortcut } from "@/composables/shortcuts";
import { CATEGORIES, type Place } from "@/features/library/place";
import { forgetForGood } from "@/features/library/trash";
import { useSession } from "@/stores/session";
import { useToasts } from "@/stores/toasts";

export interface Chosen {
  count: ComputedRef<number>;
  /** Whether there is a person or a garment among them. */
  canTryOn: ComputedRef<boolean>;
  /** Those of them that were looked at. */
  images(): LibraryImage[];
  fittingOf(images: readonly LibraryImage[]): LocationQueryRaw;
  trash(): Promise<void>;
  restore(): Promise<void>;
  forget(): Promise<void>;
  forgetThese(ids: readonly string[]): Promise<void>;
  favourite(liked: boolean): Promise<void>;
  download(): Promise<void>;
  move(category: CategoryName): Promise<void>;
}

export interface ChosenOptions {
  listing: Listing;
  selection: Selection;
  place: ComputedRef<Place>;
  grid: Readonly<ShallowRef<{ current: () => LibraryImage | undefined } | null>>;
}

export function useChosen({ listing, selection, place, grid }: ChosenOptions): Chosen {
  const session = useSession();
  const toasts = useToasts();
  const actions = usePictureActions();
  const count = computed(() => selection.ids.value.size);

  function images(): LibraryImage[] {
    return [...selection.ids.value].map((id) => listing.find(id)).filter((image) => image !== undefined);
  }

  /** The chosen ones, or else the one under the focus. */
  function those(): (LibraryImage | string)[] {
    if (count.value > 0) return [...selection.ids.value].map((id) => listing.find(id) ?? id);
    const current = grid.value?.current();
    return current === undefined ? [] : [current];
  }

  async function trash(): Promise<void> {
    const pictures = those();
    if (place.value.tab === "trash") {
      await forgetThese(pictures.map(idOf));
      return;
    }
    selection.clear();
    await actions.trash(pictures);
  }

  async function restore(): Promise<void> {
    const pictures = those();
    selection.clear();
    await actions.restore(pictures);
  }

  async function forgetThese(ids: readonly string[]): Promise<void> {
    selection.forget(await forgetForGood(ids));
  }

  async function favourite(liked: boolean): Promise<void> {
    await actions.favouriteAll([...selection.ids.value], liked);
    selection.clear();
  }

  async function move(category: CategoryName): Promise<void> {
    try {
      const movers = await moversOf([...selection.ids.value]);
      selection.clear();
      await actions.move(movers, category);
    } catch (error) {
      toasts.fail(error);
    }
  }

  /** Each with the category it is in. Favourites are of all: those that were never looked at are looked up. */
  async function moversOf(ids: readonly string[]): Promise<Mover[]> {
    const { tab } = place.value;
    if (tab === "favourites") {
      const order = await listing.ids();
      const unknown = ids.filter((id) => listing.find(id) === undefined).map((id) => order.indexOf(id));
      for (const index of unknown) if (listing.at(index) === undefined) await listing.ensure(index, index);
    }
    const fallback = tab === "favourites" || tab === "trash" ? "clothes" : CATEGORIES[tab];
    return ids.map((id) => listing.find(id) ?? { id, category: fallback });
  }

  const isFree = (): boolean => session.isSignedIn && place.value.picture === null;
  useShortcut("trash", () => (those().length > 0 ? void trash() : false), { enabled: isFree });
  useShortcut("download", () => (those().length > 0 ? void actions.download(those()) : false), { enabled: isFree });
  useShortcut("favourite", () => like(), { enabled: isFree });
  useShortcut("selectAll", () => void selection.all().catch(toasts.fail), { enabled: isFree });
  useShortcut("close", () => (count.value > 0 ? selection.clear() : false), { enabled: isFree });

  function like(): false | undefined {
    if (count.value > 0) {
      void favourite(images().some((image) => !image.is_favorite) || images().length === 0);
      return undefined;
    }
    const current = grid.value?.current();
    if (current === undefined || place.value.tab === "trash") return false;
    void actions.favourite(current);
    return undefined;
  }

  return {
    count,
    canTryOn: computed(() => Object.keys(fittingOf(images())).length > 0),
    images,
    fittingOf,
    trash,
    restore,
    forget: () => forgetThese([...selection.ids.value]),
    forgetThese,
    favourite,
    download: () => actions.download(those()),
    move,
  };
}

function idOf(picture: LibraryImage | string): string {
  return typeof picture === "string" ? picture : picture.id;
}

/** The fitting room's address with the first person, and the first garments that can be worn together. */
export function fittingOf(images: readonly LibraryImage[]): LocationQueryRaw {
  const person = images.find((image) => image.category === "char");
  const clothes = images.filter((image) => image.category === "clothes");
  const garment = clothes.find((image) => image.garment_kind !== "lower");
  const lower = garment?.garment_kind === "dress" ? undefined : clothes.find((image) => image.garment_kind === "lower");
  return {
    ...(person === undefined ? {} : { person: person.id }),
    ...(garment === undefined ? {} : { garment: garment.id }),
    ...(lower === undefined ? {} : { lower: lower.id }),
  };
}
