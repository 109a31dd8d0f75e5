/** What holds for this sitting: it survives a reload of this tab, and ends when whoever sat here leaves. */

const PREFIX = "vtonlab.sitting.";

/** What was kept under `name`, as it was written; null: nothing. */
export function readSitting(name: string): unknown {
  try {
    return JSON.parse(sessionStorage.getItem(PREFIX + name) ?? "null");
  } catch {
    return null; // nothing is kept, or by another hand
  }
}

export function keepSitting(name: string, value: unknown): void {
  try {
    sessionStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // A private window or a full disk: it holds until the page is closed.
  }
}

export function forgetSitting(): void {
  try {
    const names = Object.keys(sessionStorage).filter((name) => name.startsWith(PREFIX));
    names.forEach((name) => sessionStorage.removeItem(name));
  } catch {
    // What cannot be kept need not be forgotten.
  }
}
