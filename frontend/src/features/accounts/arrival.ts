/** What is said on the first page after signing in: that page is opened anew, so the word waits for it in this tab. */

const KEY = "vtonlab.arrival";

export interface Arrival {
  name: string;
  /** Pictures of the guest that came along. */
  pictures: number;
  isNew: boolean;
}

export function leaveWord(arrival: Arrival): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(arrival));
  } catch {
    // Without storage nothing is said; they see that they are signed in.
  }
}

/** The word that was left, once. */
export function takeWord(): Arrival | null {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    sessionStorage.removeItem(KEY);
    return isArrival(kept) ? kept : null;
  } catch {
    return null;
  }
}

function isArrival(kept: unknown): kept is Arrival {
  if (typeof kept !== "object" || kept === null) return false;
  const { name, pictures, isNew } = kept as Record<string, unknown>;
  return typeof name === "string" && typeof pictures === "number" && typeof isNew === "boolean";
}
