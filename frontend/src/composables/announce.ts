/** Words for screen readers that appear nowhere else, or that would be missed where they appear. */

import { readonly, ref } from "vue";

interface Announcement {
  id: number;
  text: string;
}

const polite = ref<Announcement>({ id: 0, text: "" });
const urgent = ref<Announcement>({ id: 0, text: "" });

/** Says `text` when the reader is done with the present sentence; what is urgent interrupts it. */
export function announce(text: string, isUrgent = false): void {
  const region = isUrgent ? urgent : polite;
  region.value = { id: region.value.id + 1, text };
}

export const announcements = { polite: readonly(polite), urgent: readonly(urgent) };
