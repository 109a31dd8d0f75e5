/** What the services that draw from words offer, and what of a wish can be had. */

import type { Provider, ToldModel } from "@/api/schema";
import { isServing } from "@/stores/engines";

/** Everything the studio knows; a model takes some of it. */
export const RATIOS = ["1:1", "4:5", "3:4", "2:3", "9:16", "5:4", "4:3", "3:2", "16:9", "21:9"] as const;
export type Ratio = (typeof RATIOS)[number];
export const RESOLUTIONS = ["1K", "2K", "4K"] as const;
export type Resolution = (typeof RESOLUTIONS)[number];

/** One of a provider's models, and what it takes. */
export type Model = ToldModel;
export type { Budget } from "@/api/schema";
export type CostClass = Model["cost_classes"][string];

/** What a person asked for last; any of it may not be had any more. */
export interface Wish {
  provider: string | null;
  model: string | null;
  ratio: Ratio;
  resolution: Resolution;
}

export interface Choice {
  provider: Provider;
  model: Model;
}

/** Whom to ask: as wished while that serves, else the server's own choice, else the first that serves. */
export function chooseFrom(providers: readonly Provider[], wish: Wish): Choice | null {
  const able = providers.filter((one) => isServing(one) && one.models.length > 0);
  const provider = able.find((one) => one.name === wish.provider) ?? able.find((one) => one.is_default) ?? able[0];
  if (provider === undefined) return null;
  const model = provider.models.find((one) => one.name === wish.model) ?? provider.models[0];
  return model === undefined ? null : { provider, model };
}

/** The shape as wished; of a model that has it not, the nearest one it has. */
export function ratioFor(model: Model, wished: Ratio): Ratio {
  const able = RATIOS.filter((one) => model.aspect_ratios.includes(one));
  if (able.length === 0 || able.includes(wished)) return wished;
  const away = (one: Ratio): number => Math.abs(Math.log(widthOver(one) / widthOver(wished)));
  return able.reduce((best, one) => (away(one) < away(best) ? one : best));
}

/** The resolution as wished, else the largest below it, else the smallest there is. */
export function resolutionFor(model: Model, wished: Resolution): Resolution {
  const able = RESOLUTIONS.filter((one) => model.resolutions.includes(one));
  const below = able.filter((one) => RESOLUTIONS.indexOf(one) <= RESOLUTIONS.indexOf(wished));
  return below.at(-1) ?? able[0] ?? wished;
}

/** Width over height: 0.75 of "3:4". What is no ratio counts as a square. */
export function widthOver(ratio: string): number {
  const [width = 1, height = 1] = ratio.split(":").map(Number);
  return width > 0 && height > 0 ? width / height : 1;
}

/** Dollars for `count` pictures. */
export function priceOf(model: Model, resolution: string, inBatch = false, count = 1): number {
  return ((inBatch ? model.batch_prices : model.prices)[resolution] ?? 0) * count;
}

export function costClassOf(model: Model, resolution: string): CostClass {
  return model.cost_classes[resolution] ?? (priceOf(model, resolution) > 0 ? "high" : "free");
}

/** Models that could do what the present one cannot, by the titles of the services. */
export function whoCan(providers: readonly Provider[], can: (model: Model) => boolean): string[] {
  return providers
    .filter(isServing)
    .flatMap((provider) => provider.models.filter(can).map((model) => `${provider.title}: ${model.title}`));
}
