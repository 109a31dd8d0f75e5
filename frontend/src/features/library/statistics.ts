/** Numbers about the library, kept fresh: tabs count, colours are offered as they are there. */

import { computed, type ComputedRef, onScopeDispose, shallowRef, watch } from "vue";

import { api, content } from "@/api/client";
import { isAborted, Refusal } from "@/api/errors";
import type { LibraryStatistics } from "@/api/schema";
import { onNews } from "@/composables/libraryNews";
import { COLOURS, type Colour, CATEGORIES, TABS, type Tab } from "@/features/library/place";
import { useSession } from "@/stores/session";
import { useToasts } from "@/stores/toasts";

/** Many changes in a row are asked about once. */
const WAIT_MS = 300;

export interface Numbers {
  /** Days for which the trash keeps pictures; undefined until it is known. */
  keptDays: ComputedRef<number | undefined>;
  /** Of each tab; undefined for guests, whom nobody counts for. */
  counts: ComputedRef<Partial<Record<Tab, number>>>;
  colours: ComputedRef<{ name: Colour; images: number }[]>;
}

export function useStatistics(): Numbers {
  const session = useSession();
  const statistics = shallowRef<LibraryStatistics | null>(null);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asked = 0;

  async function ask(): Promise<void> {
    const mine = ++asked;
    if (!session.isSignedIn) {
      statistics.value = null;
      return;
    }
    try {
      const found = await content(api.GET("/api/v1/library/statistics"));
      if (mine === asked) statistics.value = found;
    } catch (error) {
      if (isAborted(error)) return;
      // Signed out elsewhere: the page as a whole says so.
      if (!(error instanceof Refusal && error.status === 401)) useToasts().fail(error);
    }
  }

  watch(() => session.profile?.user_id, ask, { immediate: true });
  const stop = onNews(() => {
    clearTimeout(timer);
    timer = setTimeout(() => void ask(), WAIT_MS);
  });
  onScopeDispose(() => {
    clearTimeout(timer);
    stop();
  });

  const counts = computed(() => {
    const found = statistics.value;
    return found === null ? {} : Object.fromEntries(TABS.map((tab) => [tab, countOf(found, tab)]));
  });
  const colours = computed(() =>
    COLOURS.map((name) => ({ name, images: statistics.value?.colours[name] ?? 0 })).filter(({ images }) => images > 0),
  );
  const keptDays = computed(() => statistics.value?.trash_days);
  return { keptDays, counts, colours };
}

function countOf(statistics: LibraryStatistics, tab: Tab): number {
  if (tab === "favourites") return statistics.favorites.images;
  if (tab === "trash") return statistics.trash.images;
  return statistics.categories[CATEGORIES[tab]]?.images ?? 0;
}
