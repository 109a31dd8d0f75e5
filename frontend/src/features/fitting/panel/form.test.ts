import { describe, expect, it } from "vitest";

import { applyPreset, faultOf, fieldsOf, fitting, inOrder, isSame, isSettledBy, type OptionField, presetOf, valueOf, withValue } from "./form";

/** As pydantic writes it. */
const PARAMETERS = {
  $defs: { Tuck: { enum: ["auto", "in", "out"], title: "Tuck", type: "string", description: "Of the type." } },
  additionalProperties: false,
  properties: {
    auto_mask: { default: true, description: "Finds out itself.", title: "Auto Mask", type: "boolean" },
    denoise_steps: { default: 30, maximum: 50, minimum: 1, title: "Denoise Steps", type: "integer" },
    seed: {
      anyOf: [{ maximum: 4294967295, minimum: -1, type: "integer" }, { type: "null" }],
      default: null,
      description: "The same seed\ndraws the same picture.",
      title: "Seed",
    },
    tuck: { $ref: "#/$defs/Tuck", default: "auto", description: "Whether it goes\n  into the waistband." },
    fail: { anyOf: [{ $ref: "#/$defs/Tuck" }, { type: "null" }], default: null },
    seconds: { default: 0.0, exclusiveMinimum: -1, maximum: 3600, title: "Seconds", type: "number" },
    style: { default: "", maxLength: 5, type: "string" },
    least: { default: 3, exclusiveMinimum: 2, type: "integer" },
    list: { items: { type: "string" }, type: "array" },
    either: { anyOf: [{ type: "string" }, { type: "integer" }] },
  },
  type: "object",
};

const fields = fieldsOf(PARAMETERS);

function field(name: string): OptionField {
  const found = fields.find((one) => one.name === name);
  if (found === undefined) throw new Error(name);
  return found;
}

describe("a schema becomes fields", () => {
  it("in its order, without what no field can show", () => {
    expect(fields.map(({ name, kind }) => [name, kind])).toEqual([
      ["auto_mask", "switch"],
      ["denoise_steps", "number"],
      ["seed", "seed"],
      ["tuck", "choice"],
      ["fail", "choice"],
      ["seconds", "number"],
      ["style", "text"],
      ["least", "number"],
    ]);
  });

  it("with limits, defaults and the engine's own words", () => {
    expect(field("denoise_steps")).toMatchObject({ isWhole: true, least: 1, most: 50, fallback: 30, isOptional: false });
    expect(field("seconds")).toMatchObject({ isWhole: false, least: -1, most: 3600, fallback: 0 });
    expect(field("least")).toMatchObject({ least: 3, most: null });
    expect(field("tuck")).toMatchObject({
      values: ["auto", "in", "out"],
      fallback: "auto",
      title: "Tuck",
      help: "Whether it goes into the waistband.",
    });
    expect(field("seed")).toMatchObject({ most: 2147483647, isOptional: true, help: expect.stringContaining("seed draws") });
    expect(field("fail")).toMatchObject({ values: [null, "auto", "in", "out"], isOptional: true });
  });

  it("of which the best known come first", () => {
    const names = inOrder(fields).map(({ name }) => name);
    expect(names).toEqual(["auto_mask", "tuck", "denoise_steps", "seed", "fail", "seconds", "style", "least"]);
  });

  it("and an engine without a schema has none", () => {
    expect(fieldsOf({})).toEqual([]);
    expect(fieldsOf({ properties: { odd: { $ref: "#/$defs/Nowhere" } } })).toEqual([]);
  });
});

describe("values", () => {
  it("are kept as far as they differ from what the engine does by itself", () => {
    const steps = field("denoise_steps");
    const chosen = withValue({ seed: 7 }, steps, 40);
    expect(chosen).toEqual({ seed: 7, denoise_steps: 40 });
    expect(valueOf(steps, chosen)).toBe(40);
    expect(withValue(chosen, steps, 30)).toEqual({ seed: 7 });
    expect(valueOf(steps, {})).toBe(30);
    expect(withValue(chosen, field("seed"), null)).toEqual({ denoise_steps: 40 });
    expect(withValue({}, field("auto_mask"), false)).toEqual({ auto_mask: false });
    expect(valueOf(field("auto_mask"), { auto_mask: false })).toBe(false);
  });

  it.each([
    ["denoise_steps", 50, null],
    ["denoise_steps", 51, { code: "between", values: { least: 1, most: 50 } }],
    ["denoise_steps", 2.5, { code: "whole", values: {} }],
    ["denoise_steps", Number.NaN, { code: "whole", values: {} }],
    ["denoise_steps", null, { code: "needed", values: {} }],
    ["least", 2, { code: "atLeast", values: { least: 3 } }],
    ["seconds", 0.5, null],
    ["seed", null, null],
    ["seed", -1, { code: "between", values: { least: 0, most: 2147483647 } }],
    ["tuck", "over", { code: "unknown", values: {} }],
    ["style", "linens", { code: "tooLong", values: { most: 5 } }],
    ["auto_mask", "yes", { code: "unknown", values: {} }],
  ] as const)("%s at %s: %o", (name, value, fault) => {
    expect(faultOf(field(name), value)).toEqual(fault);
  });

  it("are compared one by one", () => {
    expect(isSame({ seed: 1, tuck: "in" }, { tuck: "in", seed: 1 })).toBe(true);
    expect(isSame({ seed: 1 }, { seed: 2 })).toBe(false);
    expect(isSame({ seed: 1 }, {})).toBe(false);
  });

  it("of another fitting are taken where they fit", () => {
    const parameters = { denoise_steps: 40, seed: -1, tuck: "sideways", auto_mask: true, garment_kind: "upper", fail: null };
    expect(fitting(fields, parameters)).toEqual({ denoise_steps: 40 });
  });
});

describe("presets", () => {
  const presets = { fast: { denoise_steps: 15 }, balanced: { denoise_steps: 30 }, best: { denoise_steps: 40, tuck: "in" } };

  it("are told from what is chosen", () => {
    expect(presetOf(presets, fields, {})).toBe("balanced");
    expect(presetOf(presets, fields, { denoise_steps: 15, seed: 3 })).toBe("fast");
    expect(presetOf(presets, fields, { denoise_steps: 40 })).toBeNull();
    expect(presetOf({}, fields, {})).toBeNull();
    expect(presetOf({ fast: { elsewhere: 1 } }, fields, {})).toBeNull();
  });

  it("change what presets speak of, and nothing else", () => {
    const best = applyPreset(presets, "best", fields, { seed: 3, denoise_steps: 15 });
    expect(best).toEqual({ seed: 3, denoise_steps: 40, tuck: "in" });
    expect(applyPreset(presets, "balanced", fields, best)).toEqual({ seed: 3 });
  });

  it("can be all that is to be said of an option", () => {
    const said = { fast: { tuck: "auto" }, balanced: { tuck: "in" }, best: { tuck: "out" } };
    expect(isSettledBy(said, field("tuck"))).toBe(true);
    expect(isSettledBy({ ...said, best: {} }, field("tuck"))).toBe(false);
    expect(isSettledBy(presets, field("denoise_steps"))).toBe(false);
  });
});
