/** What left the machine, page after page. */

import { type Ref, ref, shallowRef, type ShallowRef } from "vue";

import { api, content } from "@/api/client";
import { refusalFrom, type Refusal } from "@/api/errors";
import type { DepartureAnswer } from "@/api/schema";

const PAGE_SIZE = 50;

export interface Departed {
  items: ShallowRef<DepartureAnswer[]>;
  total: Ref<number | null>;
  isLoading: Ref<boolean>;
  hasMore: Ref<boolean>;
  error: ShallowRef<Refusal | null>;
  more: () => Promise<void>;
}

export function useDepartures(): Departed {
  const items = shallowRef<DepartureAnswer[]>([]);
  const total = ref<number | null>(null);
  const isLoading = ref(false);
  const hasMore = ref(true);
  const error = shallowRef<Refusal | null>(null);
  let cursor: string | null = null;

  /** Fetches what follows; one page at a time. */
  async function more(): Promise<void> {
    if (isLoading.value || !hasMore.value) return;
    isLoading.value = true;
    try {
      const query = { page_size: PAGE_SIZE, ...(cursor !== null && { cursor }) };
      const page = await content(api.GET("/api/v1/users/me/departures", { params: { query } }));
      items.value = [...items.value, ...page.items];
      total.value = page.total;
      cursor = page.next_cursor ?? null;
      hasMore.value = cursor !== null;
      error.value = null;
    } catch (reason) {
      error.value = refusalFrom(reason);
    } finally {
      isLoading.value = false;
    }
  }

  return { items, total, isLoading, hasMore, error, more };
}
