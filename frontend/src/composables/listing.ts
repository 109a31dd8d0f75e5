/**
 * A list of pictures of any length, of which only what is looked at is fetched.
 *
 * Pages of the server are put into a sparse list. What is changed here or in other windows is merged into it without
 * emptying it, so that nothing on the screen blinks or jumps.
 */

import { computed, type ComputedRef, onScopeDispose, type Ref, ref, shallowRef, watch } from "vue";

import { ask } from "@/api/client";
import { isAborted, type Refusal, refusalFrom } from "@/api/errors";
import type { ImagePage, LibraryImage } from "@/api/schema";
import { isChanging, type LibraryNews, onNews } from "@/composables/libraryNews";
import { Sparse } from "@/composables/sparse";
import { useSession } from "@/stores/session";

export type CategoryName = "clothes" | "char" | "vton_results" | "generated";
export type SortName = "newest" | "oldest" | "name" | "largest";
export type GarmentKindName = "upper" | "lower" | "dress";

/** Which pictures, and in which order. The trash knows no other filter and has its own order. */
export interface Filters {
  category?: CategoryName | undefined;
  favorite?: boolean | undefined;
  trash?: boolean | undefined;
  q?: string | undefined;
  colour?: string | undefined;
  garment_kind?: GarmentKindName | undefined;
  sort?: SortName | undefined;
}

export interface Listing {
  readonly filters: Readonly<Ref<Filters>>;
  /** How many there are; 0 until the first answer (`isKnown`). */
  readonly total: Readonly<Ref<number>>;
  readonly isKnown: Readonly<Ref<boolean>>;
  readonly isLoading: ComputedRef<boolean>;
  readonly error: Readonly<Ref<Refusal | null>>;
  /** Goes up whenever something in the list is different. */
  readonly version: Readonly<Ref<number>>;
  /** Goes up when another list has taken the place of the one before: begin at its top. */
  readonly generation: Readonly<Ref<number>>;
  /** The picture at `index`, once it is known. Reactive. */
  at(index: number): LibraryImage | undefined;
  find(id: string): LibraryImage | undefined;
  indexOf(id: string): number;
  /** Fetches what is not known from `first` to `last` (both inclusive). Resolves when it is, or could not be. */
  ensure(first: number, last: number): Promise<void>;
  /** All ids in their order. Throws `Refusal`. */
  ids(): Promise<string[]>;
  /** Ids from `first` to `last` (both inclusive), whether or not they were looked at. Throws `Refusal`. */
  range(first: number, last: number): Promise<string[]>;
  /** Forgets everything and begins again. */
  reload(): Promise<void>;
  /** Looks again at what is in view; what is shown stays until the answer is there. */
  refresh(): Promise<void>;
  /** Shows `image` as it is now; where the filters no longer let it through, it leaves. */
  patch(image: LibraryImage): void;
  /** Takes pictures out; those behind them move up. */
  drop(ids: readonly string[]): void;
}

const PAGE = 100;
const MOST_KNOWN = 6_000;
const MOST_AT_ONCE = 4;
/** What was shown before stays for so long while the answer to other filters is on its way: most come sooner. */
const KEEP_MS = 200;

/** A listing of what `filters` let through; it lives as long as the component or scope that asks. */
export function useListing(filters: Ref<Filters>): Listing {
  const known = new Sparse();
  const version = shallowRef(0);
  const generation = shallowRef(0);
  const total = ref(0);
  const isKnown = ref(false);
  const error = shallowRef<Refusal | null>(null);
  const asked = new Map<number, { abort: AbortController; done: Promise<void> }>();
  const busy = ref(0);
  /** Pages whose content may have changed on the server since. */
  let old = new Set<number>();
  /** Pages that were answered short of what the total promised: asking again would only do the same. */
  const short = new Set<number>();
  let allIds: Promise<string[]> | null = null;
  let viewed: [number, number] = [0, 0];
  /** The first answer to other filters is on its way. */
  let isReplacing = false;

  const session = useSession();
  /** Whose library: asked before the page has signed in at home, the server would show a stranger's, an empty one. */
  const whose = computed(() => {
    if (session.server === null || (session.isHome && session.profile === null)) return null;
    return session.profile?.user_id ?? "";
  });

  async function ensure(first: number, last: number): Promise<void> {
    viewed = [Math.max(0, first), Math.max(0, last)];
    if (isReplacing || isChanging() || whose.value === null) return;
    await askFor(viewed);
  }

  async function askFor([first, last]: [number, number]): Promise<void> {
    // Of an empty list, too, the first page is asked for: it may be empty no more.
    const end = isKnown.value ? Math.max(0, total.value - 1) : Infinity;
    const waiting: Promise<void>[] = [];
    for (let page = Math.floor(first / PAGE); page * PAGE <= Math.min(last, end); page++) {
      if (waiting.length >= MOST_AT_ONCE || (!isKnown.value && waiting.length > 0)) break;
      const pageEnd = Math.min((page + 1) * PAGE - 1, end);
      if (isKnown.value && !old.has(page) && (short.has(page) || known.has(page * PAGE, pageEnd))) continue;
      waiting.push(asked.get(page)?.done ?? askPage(page));
    }
    await Promise.all(waiting);
  }

  function askPage(page: number): Promise<void> {
    for (const [passed, { abort }] of asked) {
      if (asked.size < MOST_AT_ONCE) break;
      abort.abort(); // the oldest: the view has long passed it
      asked.delete(passed);
    }
    const abort = new AbortController();
    busy.value++;
    const done = fetchPage(filters.value, page, abort.signal)
      .then((answer) => {
        if (!abort.signal.aborted) take(page, answer);
      })
      .catch((fault: unknown) => {
        if (isAborted(fault) || abort.signal.aborted) return;
        if (isReplacing) begin();
        error.value = refusalFrom(fault);
      })
      .finally(() => {
        busy.value--;
        if (asked.get(page)?.abort === abort) asked.delete(page);
      });
    asked.set(page, { abort, done });
    return done;
  }

  function take(page: number, answer: ImagePage): void {
    error.value = null;
    if (isReplacing) begin();
    old.delete(page);
    if (answer.items.length < Math.min(PAGE, answer.total - page * PAGE)) short.add(page);
    if (isKnown.value && answer.total !== total.value) {
      // Somebody else changed the list: what was known of other places may be of yesterday.
      allIds = null;
      markOld(page);
    }
    total.value = answer.total;
    isKnown.value = true;
    known.put(page * PAGE, answer.items);
    known.trim(answer.total, (viewed[0] + viewed[1]) / 2, MOST_KNOWN);
    version.value++;
  }

  function markOld(except = -1): void {
    old = new Set(Array.from({ length: Math.ceil(total.value / PAGE) }, (_, page) => page));
    old.delete(except);
  }

  function stop(): void {
    for (const { abort } of asked.values()) abort.abort();
    asked.clear();
  }

  /** Another list takes the place of what was known. */
  function begin(): void {
    isReplacing = false;
    known.clear();
    old.clear();
    short.clear();
    allIds = null;
    total.value = 0;
    isKnown.value = false;
    generation.value++;
    version.value++;
  }

  async function reload(): Promise<void> {
    stop();
    error.value = null;
    isReplacing = true;
    viewed = [0, PAGE - 1];
    const patience = setTimeout(() => isReplacing && begin(), isKnown.value ? KEEP_MS : 0);
    await askPage(0);
    clearTimeout(patience);
  }

  async function refresh(): Promise<void> {
    if (isReplacing) return;
    stop();
    allIds = null;
    short.clear();
    markOld();
    await ensure(...viewed);
  }

  function ids(): Promise<string[]> {
    allIds ??= fetchIds(filters.value).catch((fault: unknown) => {
      allIds = null;
      throw fault;
    });
    return allIds;
  }

  async function range(first: number, last: number): Promise<string[]> {
    return known.ids(first, last) ?? (await ids()).slice(first, last + 1);
  }

  function patch(image: LibraryImage): void {
    if (known.find(image.id) !== undefined && !letsThrough(filters.value, image)) drop([image.id]);
    else if (known.replace(image)) version.value++;
  }

  function drop(gone: readonly string[]): void {
    allIds = null;
    const count = known.drop(gone);
    if (count === 0) return;
    stop(); // answers on their way still count what is gone
    total.value -= count;
    version.value++;
  }

  function hear(news: LibraryNews): void {
    if (news.type === "changed") news.images.forEach(patch);
    else if (news.type === "gone") drop(news.ids);
    else if (news.type === "trashed" && filters.value.trash !== true) drop(news.ids);
    else if (news.type === "restored" && filters.value.trash === true) drop(news.ids);
    else if (news.type === "stale") void refresh();
  }

  const forget = onNews(hear);
  watch([filters, whose], () => (whose.value === null ? undefined : void reload()), { deep: true, immediate: true });
  onScopeDispose(() => {
    forget();
    stop();
  });

  return {
    filters,
    total,
    isKnown,
    isLoading: computed(() => busy.value > 0),
    error,
    version,
    generation,
    at: (index) => (version.value, known.at(index)),
    find: (id) => (version.value, known.find(id)),
    indexOf: (id) => (version.value, known.indexOf(id)),
    ensure,
    ids,
    range,
    reload,
    refresh,
    patch,
    drop,
  };
}

/** Whether `image` belongs into a list of `filters`, as far as can be told without the server (words cannot). */
export function letsThrough(filters: Filters, image: LibraryImage): boolean {
  if ((filters.trash ?? false) !== (image.deleted_at !== null)) return false;
  if (filters.category !== undefined && image.category !== filters.category) return false;
  if (filters.favorite === true && !image.is_favorite) return false;
  if (filters.garment_kind !== undefined && image.garment_kind !== filters.garment_kind) return false;
  return filters.colour === undefined || filters.colour === image.colour;
}

async function fetchPage(filters: Filters, page: number, signal: AbortSignal): Promise<ImagePage> {
  const query = queryOf(filters);
  query.set("page", String(page + 1));
  query.set("page_size", String(PAGE));
  const address = filters.trash === true ? "/api/v1/library/trash" : "/api/v1/library/images";
  return (await (await ask(`${address}?${query}`, { signal })).json()) as ImagePage;
}

async function fetchIds(filters: Filters): Promise<string[]> {
  const query = queryOf(filters);
  if (filters.trash === true) query.set("trash", "true");
  return ((await (await ask(`/api/v1/library/ids?${query}`)).json()) as { ids: string[] }).ids;
}

function queryOf(filters: Filters): URLSearchParams {
  const query = new URLSearchParams();
  if (filters.trash === true) return query;
  if (filters.category !== undefined) query.set("category", filters.category);
  if (filters.favorite === true) query.set("favorite", "true");
  if (filters.q) query.set("q", filters.q);
  if (filters.colour) query.set("colour", filters.colour);
  if (filters.garment_kind !== undefined) query.set("garment_kind", filters.garment_kind);
  if (filters.sort !== undefined) query.set("sort", filters.sort);
  return query;
}
