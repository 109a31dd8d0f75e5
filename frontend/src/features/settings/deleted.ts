/** What was deleted, in words: the server tells it by feature, as numbers. */

import { sizeText } from "@/features/settings/formats";
import { i18n, say } from "@/i18n";

/** One line for each thing of which there was some, in an order that people understand. */
export function deletedWords(deleted: Readonly<Record<string, Readonly<Record<string, number>>>>): string[] {
  const lines: string[] = [];
  for (const feature of sorted(Object.keys(deleted))) {
    for (const [what, count] of Object.entries(deleted[feature] ?? {})) {
      if (count > 0) lines.push(line(what, count));
    }
  }
  return lines;
}

const FIRST = ["library", "fitting", "generation", "tasks", "remote"];

/** The account itself comes last. */
function sorted(features: string[]): string[] {
  const place = (name: string): number => (name === "accounts" ? FIRST.length + 1 : (FIRST.indexOf(name) + 1 || FIRST.length + 1) - 1);
  return [...features].sort((one, other) => place(one) - place(other));
}

function line(what: string, count: number): string {
  if (what === "bytes") return say("settings.deleted.bytes", { size: sizeText(count) });
  const key = `settings.deleted.${what}`;
  // A feature that we have no words for is told all the same.
  return i18n.global.te(key) ? i18n.global.t(key, { n: count }, count) : `${what}: ${count}`;
}
