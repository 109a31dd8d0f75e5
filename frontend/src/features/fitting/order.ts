/** What is asked for: the request of a photograph, and whether a task or a fitting of before is of the same pictures. */

import type { EngineAnswer, GarmentKind, LibraryImage, TaskAnswer, TryOnBody } from "@/api/schema";
import { faultOf, type OptionField, type OptionValues, valueOf } from "@/features/fitting/panel/form";
import { isServing } from "@/stores/engines";

/** Who, in what. */
export interface Pair {
  person: LibraryImage;
  garment: LibraryImage;
  lower: LibraryImage | null;
  kind: Exclude<GarmentKind, "auto"> | null;
}

export interface Settings {
  options: OptionValues;
  description: string;
  /** PNG, as a data address. */
  mask: string | null;
}

/** The request. What the engine does not take is not sent: it would be refused. */
export function bodyOf(pair: Pair, engine: EngineAnswer, settings: Settings): TryOnBody {
  const can = engine.capabilities;
  const description = settings.description.trim();
  const body: TryOnBody = { engine: engine.name, human_image: pair.person.id };
  if (pair.lower !== null) {
    body.outfit = [
      { garment_image: pair.garment.id, garment_kind: "upper" },
      { garment_image: pair.lower.id, garment_kind: "lower" },
    ];
  } else {
    body.garment_image = pair.garment.id;
    if (pair.kind !== null) body.garment_kind = pair.kind;
  }
  if (Object.keys(settings.options).length > 0) body.options = settings.options;
  if (can?.description && description !== "") body.garment_description = description;
  if (settings.mask !== null && takesMask(engine, pair)) body.mask_image = settings.mask;
  return body;
}

/** A mask says one place: two garments that are put on one after the other have two. */
export function takesMask(engine: EngineAnswer, pair: Pair | null): boolean {
  const can = engine.capabilities;
  return can !== null && can.mask && (can.outfits || !pair?.lower);
}

/** Why a photograph cannot be asked for now; each has a sentence. */
export type Obstacle = "person" | "garment" | "engine" | "kind" | "mask" | "option";

export function obstacleTo(
  person: LibraryImage | null,
  pair: Pair | null,
  engine: EngineAnswer | null,
  fields: readonly OptionField[],
  settings: Settings,
): Obstacle | null {
  if (person === null) return "person";
  if (pair === null) return "garment";
  if (engine === null || !isServing(engine)) return "engine";
  if (!dresses(engine, pair)) return "kind";
  if (fields.some((field) => faultOf(field, valueOf(field, settings.options)) !== null)) return "option";
  const asksForMask = fields.some((one) => one.name === "auto_mask" && valueOf(one, settings.options) === false);
  return asksForMask && takesMask(engine, pair) && settings.mask === null ? "mask" : null;
}

function dresses(engine: EngineAnswer, pair: Pair): boolean {
  const kinds = engine.capabilities?.kinds ?? [];
  if (pair.lower !== null) return kinds.includes("upper") && kinds.includes("lower");
  return pair.kind === null || kinds.includes(pair.kind);
}

/** Whether `task` makes a picture of this pair. */
export function isOfPair(task: TaskAnswer, pair: Pair): boolean {
  const asked = task.parameters;
  if (task.kind !== "tryon" || asked["human_image"] !== pair.person.id) return false;
  const outfit = asked["outfit"];
  const worn = (Array.isArray(outfit) ? outfit : [asked]).map((one: Record<string, unknown>) => one["garment_image"]);
  const wanted = [pair.garment.id, ...(pair.lower === null ? [] : [pair.lower.id])];
  return worn.length === wanted.length && worn.every((id, index) => id === wanted[index]);
}

export function isUnderWay(task: TaskAnswer): boolean {
  return task.status === "queued" || task.status === "running";
}

/** The history entry that a task made; null where it made none. */
export function entryIdOf(task: TaskAnswer): string | null {
  const id = task.result?.["vton_id"];
  return typeof id === "string" ? id : null;
}

/** So that a request that is sent again, since no answer came, makes no second picture. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
