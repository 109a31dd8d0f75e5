import { expect, it } from "vitest";

import { emptyFields, fieldNames, fieldsOf, fill } from "@/features/generation/fields";

const KNOWN = [
  { name: "colour", label: "Colour", hint: "red, blue …", default: "red" },
  { name: "place", label: "Place", hint: "", default: "" },
];

it("finds each field once, in its order, in any script", () => {
  expect(fieldNames("a {colour} shirt and {colour} shoes in {place}, {服装 款式}")).toEqual(["colour", "place", "服装 款式"]);
  expect(fieldNames("no field: {}, { }, {a\nb}, {{}}")).toEqual([]);
  expect(fieldNames("a {  hat } and {{shoe}}")).toEqual(["hat", "shoe"]);
});

it("takes words of the template, and names for words that it does not know", () => {
  const fields = fieldsOf("{colour} {hat}", KNOWN);
  expect(fields.map((field) => field.label)).toEqual(["Colour", "hat"]);
});

it("fills in what was written, else what is proposed, and leaves the rest", () => {
  const fields = fieldsOf("a {colour} shirt in {place}", KNOWN);
  expect(fill("a {colour} shirt in {place}", fields, {})).toBe("a red shirt in {place}");
  expect(fill("a {colour} shirt in {place}", fields, { colour: " blue ", place: "Rome" })).toBe("a blue shirt in Rome");
  expect(fill("a {colour} shirt", fields, { colour: "{place} $& $1" })).toBe("a {place} $& $1 shirt");
});

it("fills in fields that were written with spaces, too", () => {
  expect(fill("a { colour } shirt", fieldsOf("a { colour } shirt", KNOWN), { colour: "green" })).toBe("a green shirt");
});

it("says which fields are empty; one that was emptied by hand is", () => {
  const fields = fieldsOf("{colour} {place}", KNOWN);
  expect(emptyFields(fields, {}).map((field) => field.name)).toEqual(["place"]);
  expect(emptyFields(fields, { colour: " ", place: "x" }).map((field) => field.name)).toEqual(["colour"]);
});
