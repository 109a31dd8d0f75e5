/** Fields in a prompt: `a {colour} shirt` asks for a colour. */

import type { ToldField } from "@/api/schema";

export type TemplateField = ToldField;

/** As the server finds them. */
const FIELD = /\{([^{}\n]{1,40})\}/g;

/** The names of the fields in `text`, each once, in their order. */
export function fieldNames(text: string): string[] {
  const names = [...text.matchAll(FIELD)].map((match) => (match[1] ?? "").trim());
  return [...new Set(names.filter(Boolean))];
}

/** The fields of `text` with the words of its template, where that has some. */
export function fieldsOf(text: string, known: readonly TemplateField[]): TemplateField[] {
  return fieldNames(text).map(
    (name) => known.find((field) => field.name === name) ?? { name, label: name, hint: "", default: "" },
  );
}

/** `text` with each field's value in its place; a field without one stays as it is. */
export function fill(text: string, fields: readonly TemplateField[], values: Readonly<Record<string, string>>): string {
  return text.replace(FIELD, (whole, written: string) => {
    const name = written.trim();
    const field = fields.find((one) => one.name === name);
    return valueOf(field, values[name]) || whole;
  });
}

/** The fields that still need a value. */
export function emptyFields(fields: readonly TemplateField[], values: Readonly<Record<string, string>>): TemplateField[] {
  return fields.filter((field) => valueOf(field, values[field.name]) === "");
}

/** What was written, else what the template proposes. */
function valueOf(field: TemplateField | undefined, written: string | undefined): string {
  return (written ?? field?.default ?? "").trim();
}
