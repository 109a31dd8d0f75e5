/** Names of what the administration shows. */

import { i18n, say } from "@/i18n";
import { useEngines } from "@/stores/engines";

/** Enough of an id to tell it from others. */
export function shortId(id: string): string {
  return id.length > 12 ? `…${id.slice(-8)}` : id;
}

/** A line of tasks: the engine's title, the kind's words, else as the server calls it. */
export function laneText(lane: string): string {
  const key = `tasks.kind.${lane}`;
  return useEngines().get(lane)?.title ?? (i18n.global.te(key) ? say(key) : lane);
}

const CATEGORIES = ["clothes", "char", "vton_results", "generated"];

/** A category of pictures; of one that we have no words for, its name. */
export function categoryText(category: string): string {
  return CATEGORIES.includes(category) ? say(`admin.category.${category}`) : category;
}
