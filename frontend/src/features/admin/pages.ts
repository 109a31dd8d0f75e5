/** A list that is fetched page after page, begun again for other filters, and kept in step with the server. */

import { type Ref, ref, shallowRef, type ShallowRef } from "vue";

import { refusalFrom, type Refusal } from "@/api/errors";
import { noteRefusal } from "@/features/admin/refused";

export const PAGE_SIZE = 50;
const LARGEST_PAGE = 100;

export interface Page<T> {
  items: T[];
  total: number;
  next_cursor?: string | null | undefined;
}

export interface Query {
  page_size: number;
  cursor?: string;
}

export interface Pages<T> {
  items: ShallowRef<T[]>;
  /** How many there are on the server; null until it has said so. */
  total: Ref<number | null>;
  isLoading: Ref<boolean>;
  hasMore: Ref<boolean>;
  error: ShallowRef<Refusal | null>;
  /** Fetches what follows; one page at a time. */
  more: () => Promise<void>;
  /** Begins again; what is shown stays until the new comes. */
  restart: () => Promise<void>;
  /** Looks again from the top down to the last item of which `isOpen` is true, or to the end of the first page. */
  refresh: () => Promise<void>;
  /** Shows `item` as it is now. */
  patch: (item: T) => void;
}

/** A listing, newest first: `keyOf` tells items apart, `ask` fetches a page. */
export function usePages<T>(
  ask: (query: Query) => Promise<Page<T>>,
  keyOf: (item: T) => string,
  isOpen: (item: T) => boolean = () => false,
): Pages<T> {
  const items = shallowRef<T[]>([]);
  const total = ref<number | null>(null);
  const isLoading = ref(false);
  const hasMore = ref(true);
  const error = shallowRef<Refusal | null>(null);
  let cursor: string | null = null;
  /** Answers to what was asked before the last `restart` come too late. */
  let generation = 0;

  async function more(): Promise<void> {
    if (isLoading.value || !hasMore.value) return;
    await fetchPage(cursor);
  }

  async function restart(): Promise<void> {
    generation++;
    cursor = null;
    hasMore.value = true;
    await fetchPage(null);
  }

  async function fetchPage(from: string | null): Promise<void> {
    const own = generation;
    isLoading.value = true;
    try {
      const page = await ask({ page_size: PAGE_SIZE, ...(from !== null && { cursor: from }) });
      if (own !== generation) return;
      const known = new Set(from === null ? [] : items.value.map(keyOf));
      items.value = [...(from === null ? [] : items.value), ...page.items.filter((one) => !known.has(keyOf(one)))];
      end(page);
      error.value = null;
    } catch (reason) {
      if (own === generation) error.value = noteRefusal(refusalFrom(reason));
    } finally {
      if (own === generation) isLoading.value = false;
    }
  }

  function end(page: Page<T>): void {
    total.value = page.total;
    cursor = page.next_cursor ?? null;
    hasMore.value = cursor !== null;
  }

  async function refresh(): Promise<void> {
    if (isLoading.value) return;
    const own = generation;
    try {
      const { head, page } = await fetchHead();
      if (own !== generation || isLoading.value) return;
      const rest = page.next_cursor ? restAfter(items.value, head, keyOf) : [];
      items.value = [...head, ...rest];
      total.value = page.total;
      error.value = null;
      if (rest.length === 0) end(page);
    } catch (reason) {
      if (own === generation) error.value = noteRefusal(refusalFrom(reason));
    }
  }

  /** All down to the last that is open, and the page that it ends with. */
  async function fetchHead(): Promise<{ head: T[]; page: Page<T> }> {
    const lastOpen = items.value.findLast(isOpen);
    const head: T[] = [];
    for (let from: string | null = null; ; ) {
      const page: Page<T> = await ask({ page_size: LARGEST_PAGE, ...(from !== null && { cursor: from }) });
      head.push(...page.items);
      from = page.next_cursor ?? null;
      const isEnough = lastOpen === undefined || head.some((one) => keyOf(one) === keyOf(lastOpen));
      if (from === null || isEnough) return { head, page };
    }
  }

  function patch(item: T): void {
    items.value = items.value.map((one) => (keyOf(one) === keyOf(item) ? item : one));
  }

  return { items, total, isLoading, hasMore, error, more, restart, refresh, patch };
}

/** Of `known`, what stands below everything that `head` has of it; nothing, where the two do not meet. */
export function restAfter<T>(known: readonly T[], head: readonly T[], keyOf: (item: T) => string): T[] {
  const fresh = new Set(head.map(keyOf));
  const last = known.findLastIndex((one) => fresh.has(keyOf(one)));
  return last === -1 ? [] : known.slice(last + 1);
}
