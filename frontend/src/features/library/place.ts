/** Where one is in the library, as its address says: tab, search, order, filters, and the picture that is open. */

import type { LocationQuery, LocationQueryRaw } from "vue-router";

import type { CategoryName, Filters, GarmentKindName, SortName } from "@/composables/listing";

export const TABS = ["clothes", "me", "results", "generated", "favourites", "trash"] as const;
export type Tab = (typeof TABS)[number];

export const SORTS = ["newest", "oldest", "name", "largest"] as const satisfies readonly SortName[];
export const KINDS = ["upper", "lower", "dress"] as const satisfies readonly GarmentKindName[];
/** As the server names them; in the order of a paint box. */
export const COLOURS = [
  "black",
  "grey",
  "white",
  "beige",
  "brown",
  "red",
  "orange",
  "yellow",
  "green",
  "teal",
  "blue",
  "purple",
  "pink",
] as const;
export type Colour = (typeof COLOURS)[number];

export const CATEGORIES: Record<Exclude<Tab, "favourites" | "trash">, CategoryName> = {
  clothes: "clothes",
  me: "char",
  results: "vton_results",
  generated: "generated",
};

export interface Place {
  tab: Tab;
  search: string;
  sort: SortName;
  colour: Colour | null;
  kind: GarmentKindName | null;
  /** Id of the picture that is open. */
  picture: string | null;
}

/** The place of an address; what makes no sense in it is as if it were not there. */
export function readPlace(query: LocationQuery): Place {
  return {
    tab: oneOf(TABS, query["tab"]) ?? "clothes",
    search: words(query["q"]),
    sort: oneOf(SORTS, query["sort"]) ?? "newest",
    colour: oneOf(COLOURS, query["colour"]),
    kind: oneOf(KINDS, query["kind"]),
    picture: words(query["picture"]) || null,
  };
}

/** The address of a place; what is as usual is left out. */
export function writePlace(place: Place): LocationQueryRaw {
  return {
    ...(place.tab === "clothes" ? {} : { tab: place.tab }),
    ...(place.search === "" ? {} : { q: place.search }),
    ...(place.sort === "newest" ? {} : { sort: place.sort }),
    ...(place.colour === null ? {} : { colour: place.colour }),
    ...(place.kind === null ? {} : { kind: place.kind }),
    ...(place.picture === null ? {} : { picture: place.picture }),
  };
}

/** What the list of a place shows. The trash is one list in one order; only clothes are of a kind. */
export function filtersOf(place: Place): Filters {
  if (place.tab === "trash") return { trash: true };
  return {
    ...(place.tab === "favourites" ? { favorite: true } : { category: CATEGORIES[place.tab] }),
    ...(place.search.trim() === "" ? {} : { q: place.search.trim() }),
    ...(place.sort === "newest" ? {} : { sort: place.sort }),
    ...(place.colour === null ? {} : { colour: place.colour }),
    ...(place.kind === null || place.tab !== "clothes" ? {} : { garment_kind: place.kind }),
  };
}

/** Whether something is filtered, so that an empty list need not mean an empty tab. */
export function isNarrowed(place: Place): boolean {
  const { q, colour, garment_kind: kind } = filtersOf(place);
  return q !== undefined || colour !== undefined || kind !== undefined;
}

/** The tab in which pictures of `category` are. */
export function tabOf(category: string): Tab {
  const found = (Object.keys(CATEGORIES) as (keyof typeof CATEGORIES)[]).find((tab) => CATEGORIES[tab] === category);
  return found ?? "clothes";
}

function oneOf<T extends string>(allowed: readonly T[], value: unknown): T | null {
  return allowed.find((one) => one === value) ?? null;
}

function words(value: unknown): string {
  return typeof value === "string" ? value : "";
}
