/** The options that this browser remembers of each engine. A seed is not: it holds for a sitting (sitting.ts). */

import type { OptionValues } from "@/features/fitting/panel/form";

const KEY = "vtonlab.options";

/** Null where nothing is remembered. */
export function keptOptions(engine: string): Record<string, unknown> | null {
  const kept = read()[engine];
  return typeof kept === "object" && kept !== null ? (kept as Record<string, unknown>) : null;
}

export function keepOptions(engine: string, options: OptionValues): void {
  const values = Object.fromEntries(Object.entries(options).filter(([name]) => name !== "seed"));
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...read(), [engine]: values }));
  } catch {
    // A private window or a full disk: they hold until the page is closed.
  }
}

function read(): Record<string, unknown> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return typeof kept === "object" && kept !== null ? (kept as Record<string, unknown>) : {};
  } catch {
    return {}; // nothing is kept, or by another hand
  }
}
