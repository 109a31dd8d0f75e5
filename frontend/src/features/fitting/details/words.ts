/** How a fitting's facts are said. */

import type { EngineAnswer, TryOnEntry } from "@/api/schema";
import { fieldsOf } from "@/features/fitting/panel/form";
import { labelOf, valueWords } from "@/features/fitting/panel/words";
import { currentLanguage, say } from "@/i18n";

export interface Fact {
  label: string;
  value: string;
}

export function momentWords(moment: string): string {
  return new Intl.DateTimeFormat(currentLanguage(), { dateStyle: "medium", timeStyle: "short" }).format(new Date(moment));
}

/** Seconds with as many digits as mean something. */
export function durationWords(seconds: number): string {
  const value = new Intl.NumberFormat(currentLanguage(), { maximumFractionDigits: seconds < 10 ? 1 : 0 });
  return seconds < 0.05 ? say("history.moment") : say("history.seconds", { n: value.format(seconds) });
}

export function shareWords(share: number): string {
  return new Intl.NumberFormat(currentLanguage(), { style: "percent" }).format(share);
}

/** A negative seed asks for any: which one it was, nobody knows. */
export function seedOf(entry: TryOnEntry): number | null {
  const seed = entry.parameters["seed"];
  return typeof seed === "number" && seed >= 0 ? seed : null;
}

/** The options it was made with, as far as the engine has them; of one that is gone, as they were written down. */
export function optionsOf(entry: TryOnEntry, engine: EngineAnswer | undefined): Fact[] {
  const given = entry.parameters;
  if (engine === undefined) {
    return Object.entries(given).flatMap(([name, value]) => (isPlain(value) ? [{ label: name, value: String(value) }] : []));
  }
  const facts = fieldsOf(engine.parameters).flatMap((field): Fact[] => {
    const value = given[field.name];
    if (field.kind === "seed" || !isPlain(value)) return [];
    const words = typeof value === "boolean" ? say(value ? "history.yes" : "history.no") : valueWords(field, value);
    return [{ label: labelOf(field), value: words }];
  });
  const description = given["garment_description"];
  if (typeof description === "string") facts.unshift({ label: say("history.description"), value: description });
  return facts;
}

function isPlain(value: unknown): value is string | number | boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

/** The IPTC source types that our engines tell, each has a sentence. */
const SOURCES = ["composite", "compositeCapture", "compositeWithTrainedAlgorithmicMedia", "trainedAlgorithmicMedia"];

export function sourceWords(context: Readonly<Record<string, unknown>>): string {
  const source = context["source_type"];
  return typeof source === "string" && SOURCES.includes(source) ? say(`history.source.${source}`) : "";
}
