/** A row of pictures, shown as `grid` or as `strip`, brings what the arrows have chosen into view. */

import { useTemplateRef, watch } from "vue";

interface Row {
  scrollTo: (place: number) => void;
}

/** `place`: of what was chosen last, in the row's listing; below 0 there is none. */
export function useFollowing(place: () => number): void {
  const rows = [useTemplateRef<Row>("grid"), useTemplateRef<Row>("strip")];
  watch(place, (now) => {
    if (now >= 0) for (const row of rows) row.value?.scrollTo(now);
  });
}
