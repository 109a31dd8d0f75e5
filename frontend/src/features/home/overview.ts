/** What is in the library just now: how much of each, and the newest. */

import { computed, onScopeDispose, type Ref, ref, shallowRef, watch } from "vue";

import { api, content } from "@/api/client";
import { type Refusal, refusalFrom } from "@/api/errors";
import type { LibraryImage } from "@/api/schema";
import { onNews } from "@/composables/libraryNews";
import { useSession } from "@/stores/session";

/** One category: how many there are, and the newest of them. */
export interface Shelf {
  total: number;
  items: LibraryImage[];
}

export interface Overview {
  people: Shelf;
  clothes: Shelf;
  results: Shelf;
}

const NEWEST = 12;
const GATHER_MS = 150;

/** Looks at once, and again whenever something in the library is different. */
export function useOverview(): { overview: Ref<Overview | null>; error: Ref<Refusal | null>; look: () => Promise<void> } {
  const overview = shallowRef<Overview | null>(null);
  const error = shallowRef<Refusal | null>(null);
  const session = useSession();
  const timer = ref(0);
  let turn = 0;

  async function look(): Promise<void> {
    const mine = ++turn;
    try {
      const [people, clothes, results] = await Promise.all([shelf("char"), shelf("clothes"), shelf("vton_results")]);
      if (mine !== turn) return;
      overview.value = { people, clothes, results };
      error.value = null;
    } catch (fault) {
      if (mine === turn) error.value = refusalFrom(fault);
    }
  }

  const forget = onNews(() => {
    clearTimeout(timer.value);
    timer.value = window.setTimeout(() => void look(), GATHER_MS);
  });
  // Asked before the page has signed in at home, the server would show a stranger's library, an empty one.
  const whose = computed(() => {
    if (session.server === null || (session.isHome && session.profile === null)) return null;
    return session.profile?.user_id ?? "";
  });
  watch(whose, () => (whose.value === null ? undefined : void look()), { immediate: true });
  onScopeDispose(() => {
    clearTimeout(timer.value);
    forget();
    turn++;
  });

  return { overview, error, look };
}

async function shelf(category: "char" | "clothes" | "vton_results"): Promise<Shelf> {
  const query = { category, page_size: NEWEST, sort: "newest" } as const;
  const { total, items } = await content(api.GET("/api/v1/library/images", { params: { query } }));
  return { total, items };
}

/** Several shelves as one, newest first. */
export function latestOf(...shelves: readonly Shelf[]): Shelf {
  const items = shelves.flatMap((one) => one.items).sort((a, b) => b.saved_at.localeCompare(a.saved_at));
  return { total: shelves.reduce((sum, one) => sum + one.total, 0), items };
}
