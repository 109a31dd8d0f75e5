import { describe, expect, it } from "vitest";

import type { EngineAnswer, LibraryImage, TaskAnswer, ToldCapabilities } from "@/api/schema";
import { fieldsOf } from "@/features/fitting/panel/form";

import { bodyOf, entryIdOf, isOfPair, isUnderWay, newKey, obstacleTo, type Pair, type Settings, takesMask } from "./order";

const CAN: ToldCapabilities = {
  advice: false,
  analyses: false,
  aspect_ratios: [],
  batch: false,
  description: true,
  generate: false,
  kinds: ["upper", "lower"],
  mask: true,
  outfits: false,
  presets: {},
  references: 0,
  seed: true,
  steps: true,
  try_on: true,
  waits: false,
};

function engine(told: Partial<EngineAnswer> = {}, can: Partial<ToldCapabilities> = {}): EngineAnswer {
  return {
    name: "strong",
    title: "Strong",
    status: "ok",
    detail: "",
    hint: null,
    capabilities: { ...CAN, ...can },
    parameters: {},
    settings: [],
    licence: "",
    code_licence: "",
    weights_licence: "",
    commercial_use: true,
    sends_pictures_to: null,
    privacy: "",
    is_paid: false,
    cost: "",
    is_default: false,
    checked_at: null,
    ...told,
  };
}

const image = (id: string): LibraryImage => ({ id }) as LibraryImage;
const ONE: Pair = { person: image("me"), garment: image("shirt"), lower: null, kind: "upper" };
const TWO: Pair = { person: image("me"), garment: image("shirt"), lower: image("skirt"), kind: "upper" };
const PLAIN: Settings = { options: {}, description: "", mask: null };
const FULL: Settings = { options: { seed: 7 }, description: " a striped shirt ", mask: "data:image/png;base64,AA" };
const FIELDS = fieldsOf({
  properties: { auto_mask: { type: "boolean", default: true }, denoise_steps: { type: "integer", minimum: 1, default: 30 } },
});

describe("the request", () => {
  it("says who, in what, and nothing that was not chosen", () => {
    expect(bodyOf(ONE, engine(), PLAIN)).toEqual({
      engine: "strong",
      human_image: "me",
      garment_image: "shirt",
      garment_kind: "upper",
    });
    expect(bodyOf({ ...ONE, kind: null }, engine(), PLAIN)).not.toHaveProperty("garment_kind");
  });

  it("names an outfit from above", () => {
    expect(bodyOf(TWO, engine(), PLAIN)).toEqual({
      engine: "strong",
      human_image: "me",
      outfit: [
        { garment_image: "shirt", garment_kind: "upper" },
        { garment_image: "skirt", garment_kind: "lower" },
      ],
    });
  });

  it("carries what the engine takes", () => {
    expect(bodyOf(ONE, engine(), FULL)).toMatchObject({
      options: { seed: 7 },
      garment_description: "a striped shirt",
      mask_image: "data:image/png;base64,AA",
    });
    const bare = bodyOf(ONE, engine({}, { description: false, mask: false }), FULL);
    expect(bare).not.toHaveProperty("garment_description");
    expect(bare).not.toHaveProperty("mask_image");
  });

  it("has no mask where two garments go on one after the other", () => {
    expect(bodyOf(TWO, engine(), FULL)).not.toHaveProperty("mask_image");
    expect(bodyOf(TWO, engine({}, { outfits: true }), FULL)).toHaveProperty("mask_image");
    expect(takesMask(engine(), ONE)).toBe(true);
    expect(takesMask(engine({ capabilities: null }), ONE)).toBe(false);
  });

  it("has another key each time", () => {
    expect(newKey()).toMatch(/^[0-9a-f]{32}$/);
    expect(newKey()).not.toBe(newKey());
  });
});

describe("what is in the way", () => {
  const me = ONE.person;
  it.each([
    ["nobody", obstacleTo(null, null, engine(), [], PLAIN), "person"],
    ["nothing to wear", obstacleTo(me, null, engine(), [], PLAIN), "garment"],
    ["an engine that is down", obstacleTo(me, ONE, engine({ status: "down" }), [], PLAIN), "engine"],
    ["one that is not set up", obstacleTo(me, ONE, engine({ status: "not_set_up" }), [], PLAIN), "engine"],
    ["none at all", obstacleTo(me, ONE, null, [], PLAIN), "engine"],
    ["a dress for who fits none", obstacleTo(me, { ...ONE, kind: "dress" }, engine(), [], PLAIN), "kind"],
    ["two for who fits uppers only", obstacleTo(me, TWO, engine({}, { kinds: ["upper"] }), [], PLAIN), "kind"],
    ["a wrong number", obstacleTo(me, ONE, engine(), FIELDS, { ...PLAIN, options: { denoise_steps: 0 } }), "option"],
    ["no mask, and nobody to find it", obstacleTo(me, ONE, engine(), FIELDS, { ...PLAIN, options: { auto_mask: false } }), "mask"],
    ["nothing, with a mask", obstacleTo(me, ONE, engine(), FIELDS, { ...FULL, options: { auto_mask: false } }), null],
    ["nothing, when it is busy", obstacleTo(me, ONE, engine({ status: "degraded" }), FIELDS, PLAIN), null],
    ["nothing, when nobody knows the kind", obstacleTo(me, { ...ONE, kind: null }, engine(), FIELDS, PLAIN), null],
  ])("%s", (_, found, wanted) => expect(found).toBe(wanted));
});

describe("a task", () => {
  const task = (parameters: Record<string, unknown>, told: Partial<TaskAnswer> = {}): TaskAnswer => ({
    id: "t",
    kind: "tryon",
    status: "running",
    progress: 0,
    stage: "",
    parameters,
    attempts: 1,
    created_at: "2026-11-22T10:00:00Z",
    ...told,
  });
  const shirt = { human_image: "me", garment_image: "shirt" };
  const both = { ...shirt, outfit: [{ garment_image: "shirt" }, { garment_image: "skirt" }] };

  it("is of a pair when person and all garments are the same", () => {
    expect(isOfPair(task(shirt), ONE)).toBe(true);
    expect(isOfPair(task(both), TWO)).toBe(true);
    expect(isOfPair(task(shirt), TWO)).toBe(false);
    expect(isOfPair(task(both), ONE)).toBe(false);
    expect(isOfPair(task({ ...shirt, human_image: "you" }), ONE)).toBe(false);
    expect(isOfPair(task(shirt, { kind: "generate" }), ONE)).toBe(false);
  });

  it("is under way until it has ended, and then names what it made", () => {
    expect(isUnderWay(task(shirt, { status: "queued" }))).toBe(true);
    expect(isUnderWay(task(shirt, { status: "cancelled" }))).toBe(false);
    expect(entryIdOf(task(shirt, { status: "succeeded", result: { vton_id: "e" } }))).toBe("e");
    expect(entryIdOf(task(shirt))).toBeNull();
  });
});
