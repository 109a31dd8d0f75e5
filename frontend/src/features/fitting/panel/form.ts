/**
 * From an engine's JSON Schema to the fields of its panel: what is drawn is what the engine has, nothing else.
 *
 * Values are kept as far as they differ from what the engine does by itself, so an engine that changes its mind about a
 * default is followed, and what is sent is short.
 */

export type OptionValue = string | number | boolean | null;
export type OptionValues = Record<string, OptionValue>;

interface FieldBase {
  name: string;
  /** As the engine calls it; where the page has words of its own for `name`, those are shown. */
  title: string;
  help: string;
  /** What the engine does where nothing is said. */
  fallback: OptionValue;
  /** Whether "nothing" is a value, too. */
  isOptional: boolean;
}

export interface SwitchField extends FieldBase {
  kind: "switch";
}
export interface ChoiceField extends FieldBase {
  kind: "choice";
  values: OptionValue[];
}
export interface NumberField extends FieldBase {
  kind: "number";
  isWhole: boolean;
  least: number | null;
  most: number | null;
}
export interface SeedField extends FieldBase {
  kind: "seed";
  most: number;
}
export interface TextField extends FieldBase {
  kind: "text";
  letters: number | null;
}
export type OptionField = SwitchField | ChoiceField | NumberField | SeedField | TextField;

/** The largest number that both a die and every engine that has been seen can throw. */
export const LARGEST_SEED = 2_147_483_647;

/** Options that most people understand come first, in this order; the rest as the engine has them. */
const FIRST = ["auto_mask", "auto_crop", "tuck", "mode", "denoise_steps", "size", "seed", "composite"];

type Schema = Record<string, unknown>;

/** The fields of `parameters`, in the schema's order. What no field can show (lists, objects) is left to the engine. */
export function fieldsOf(parameters: Schema): OptionField[] {
  const properties = asSchema(parameters["properties"]);
  return Object.entries(properties).flatMap(([name, told]) => {
    const field = fieldOf(name, asSchema(told), parameters);
    return field === null ? [] : [field];
  });
}

function fieldOf(name: string, told: Schema, root: Schema): OptionField | null {
  const { schema, isOptional } = unfold(told, root);
  const base: FieldBase = {
    name,
    title: textOf(told["title"]) || textOf(schema["title"]) || name,
    help: (textOf(told["description"]) || textOf(schema["description"])).replaceAll(/\s+/g, " "),
    fallback: asValue(told["default"]) ?? asValue(schema["default"]) ?? null,
    isOptional,
  };
  const values = Array.isArray(schema["enum"]) ? schema["enum"] : "const" in schema ? [schema["const"]] : null;
  if (values !== null) {
    const known = values.map(asValue).filter((value): value is OptionValue => value !== undefined);
    return { ...base, kind: "choice", values: isOptional ? [null, ...known.filter((one) => one !== null)] : known };
  }
  const [least, most] = limitsOf(schema);
  switch (schema["type"]) {
    case "boolean":
      return { ...base, kind: "switch" };
    case "integer":
    case "number":
      if (name === "seed") return { ...base, kind: "seed", most: Math.min(most ?? LARGEST_SEED, LARGEST_SEED) };
      return { ...base, kind: "number", isWhole: schema["type"] === "integer", least, most };
    case "string":
      return { ...base, kind: "text", letters: asNumber(schema["maxLength"]) };
    default:
      return null;
  }
}

/** `$ref`, `allOf` of one, and `anyOf` with null are ways of writing one thing. */
function unfold(told: Schema, root: Schema): { schema: Schema; isOptional: boolean } {
  let schema = told;
  let isOptional = false;
  for (let depth = 0; depth < 8; depth++) {
    const either = [schema["anyOf"], schema["oneOf"], schema["allOf"]].find(Array.isArray);
    if (typeof schema["$ref"] === "string") schema = resolve(schema["$ref"], root);
    else if (either !== undefined) {
      const parts = either.map(asSchema);
      isOptional ||= parts.some((part) => part["type"] === "null");
      const others = parts.filter((part) => part["type"] !== "null");
      if (others.length !== 1) return { schema: {}, isOptional };
      schema = others[0] ?? {};
    } else break;
  }
  if (Array.isArray(schema["type"])) {
    const types = schema["type"].filter((type) => type !== "null");
    isOptional ||= types.length < schema["type"].length;
    schema = { ...schema, type: types.length === 1 ? types[0] : undefined };
  }
  return { schema, isOptional };
}

function resolve(reference: string, root: Schema): Schema {
  let found: unknown = root;
  for (const step of reference.replace(/^#\//, "").split("/")) found = asSchema(found)[step];
  return asSchema(found);
}

function limitsOf(schema: Schema): [number | null, number | null] {
  const step = schema["type"] === "integer" ? 1 : 0;
  const above = asNumber(schema["exclusiveMinimum"]);
  const below = asNumber(schema["exclusiveMaximum"]);
  return [
    asNumber(schema["minimum"]) ?? (above === null ? null : above + step),
    asNumber(schema["maximum"]) ?? (below === null ? null : below - step),
  ];
}

export function inOrder(fields: readonly OptionField[]): OptionField[] {
  const rank = (field: OptionField): number => (FIRST.includes(field.name) ? FIRST.indexOf(field.name) : FIRST.length);
  return fields.toSorted((a, b) => rank(a) - rank(b));
}

/** What is wrong with a value: the name of a sentence of ours, and its numbers. Null: nothing. */
export interface Fault {
  code: "whole" | "number" | "between" | "atLeast" | "atMost" | "tooLong" | "needed" | "unknown";
  values: Record<string, number>;
}

export function faultOf(field: OptionField, value: OptionValue): Fault | null {
  if (value === null) return field.isOptional || field.fallback === null ? null : fault("needed");
  switch (field.kind) {
    case "switch":
      return typeof value === "boolean" ? null : fault("unknown");
    case "choice":
      return field.values.includes(value) ? null : fault("unknown");
    case "text":
      if (typeof value !== "string") return fault("unknown");
      return field.letters !== null && value.length > field.letters ? fault("tooLong", { most: field.letters }) : null;
    case "seed":
      return faultOfNumber(value, true, 0, field.most);
    case "number":
      return faultOfNumber(value, field.isWhole, field.least, field.most);
  }
}

function faultOfNumber(value: OptionValue, isWhole: boolean, least: number | null, most: number | null): Fault | null {
  if (typeof value !== "number" || !Number.isFinite(value)) return fault(isWhole ? "whole" : "number");
  if (isWhole && !Number.isInteger(value)) return fault("whole");
  const isUnder = least !== null && value < least;
  const isOver = most !== null && value > most;
  if (!isUnder && !isOver) return null;
  if (least !== null && most !== null) return fault("between", { least, most });
  return least !== null ? fault("atLeast", { least }) : fault("atMost", { most: most ?? 0 });
}

function fault(code: Fault["code"], values: Record<string, number> = {}): Fault {
  return { code, values };
}

/** What `field` stands at: what was chosen, or what the engine does by itself. */
export function valueOf(field: OptionField, chosen: OptionValues): OptionValue {
  return chosen[field.name] ?? field.fallback;
}

/** `chosen` with `field` at `value`; what the engine does by itself is not kept. */
export function withValue(chosen: OptionValues, field: OptionField, value: OptionValue): OptionValues {
  const others = Object.fromEntries(Object.entries(chosen).filter(([name]) => name !== field.name));
  return value === field.fallback || value === null ? others : { ...others, [field.name]: value };
}

export function isSame(some: OptionValues, others: OptionValues): boolean {
  const names = Object.keys(some);
  return names.length === Object.keys(others).length && names.every((name) => Object.is(some[name], others[name]));
}

/** What of `given` these fields can take: of another engine's settings, of an old fitting's, of a preset. */
export function fitting(fields: readonly OptionField[], given: Readonly<Record<string, unknown>>): OptionValues {
  let taken: OptionValues = {};
  for (const field of fields) {
    const value = asValue(given[field.name]);
    if (value === undefined || value === null || faultOf(field, value) !== null) continue;
    taken = withValue(taken, field, value);
  }
  return taken;
}

export const PRESETS = ["fast", "balanced", "best"] as const;
export type Preset = (typeof PRESETS)[number];
export type Presets = Partial<Record<Preset, Readonly<Record<string, unknown>>>>;

/** The preset that `chosen` is, as far as presets speak; null for settings of one's own. */
export function presetOf(presets: Presets, fields: readonly OptionField[], chosen: OptionValues): Preset | null {
  const byName = new Map(fields.map((field) => [field.name, field]));
  return (
    PRESETS.find((preset) => {
      const told = Object.entries(presets[preset] ?? {}).filter(([name]) => byName.has(name));
      return told.length > 0 && told.every(([name, value]) => standsAt(byName.get(name), chosen) === value);
    }) ?? null
  );
}

/** Whether the presets are all that can be said of an option: another control of it would say the same twice. */
export function isSettledBy(presets: Presets, field: OptionField): boolean {
  const told = PRESETS.map((preset) => presets[preset]?.[field.name]);
  return field.kind === "choice" && field.values.every((value) => told.includes(value));
}

function standsAt(field: OptionField | undefined, chosen: OptionValues): OptionValue {
  return field === undefined ? null : valueOf(field, chosen);
}

/** `chosen` as `preset` has it: what no preset speaks of stays. */
export function applyPreset(
  presets: Presets,
  preset: Preset,
  fields: readonly OptionField[],
  chosen: OptionValues,
): OptionValues {
  const spokenOf = new Set(Object.values(presets).flatMap((told) => Object.keys(told)));
  const others = Object.fromEntries(Object.entries(chosen).filter(([name]) => !spokenOf.has(name)));
  return { ...others, ...fitting(fields, presets[preset] ?? {}) };
}

function asSchema(value: unknown): Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Schema) : {};
}

function asValue(value: unknown): OptionValue | undefined {
  if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  return undefined;
}

function asNumber(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
