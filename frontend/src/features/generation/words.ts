/** How the studio says what things cost, where words go, and what a model takes. */

import type { Provider } from "@/api/schema";
import { costClassOf, type Model, priceOf } from "@/features/generation/offers";
import { priceText } from "@/features/settings/formats";
import { say } from "@/i18n";
import { useSession } from "@/stores/session";

/** "low price, about $0.04"; of a batch the price only. */
export function costWords(model: Model, resolution: string, inBatch = false): string {
  const price = priceOf(model, resolution, inBatch);
  if (price === 0) return say("generation.cost.free");
  const about = say("generation.cost.about", { price: priceText(price) });
  return inBatch ? about : say(`generation.cost.${costClassOf(model, resolution)}`, { about });
}

/** Where words and pictures are worked on. */
export function placeWords(provider: Pick<Provider, "sends_pictures_to">): string {
  if (provider.sends_pictures_to !== null) return say("generation.place.there", { host: provider.sends_pictures_to });
  return say(useSession().isHome ? "generation.place.here" : "generation.place.server");
}

/** What it takes besides words. */
export function takesWords(model: Model): string {
  const takes = [
    model.references > 0 ? say("generation.takes.references", { n: model.references }) : "",
    model.seed ? say("generation.takes.seed") : "",
    model.negative_prompt ? say("generation.takes.negative") : "",
    model.batch ? say("generation.takes.batch") : "",
  ].filter(Boolean);
  return takes.length === 0 ? say("generation.takes.nothing") : takes.join(" · ");
}
