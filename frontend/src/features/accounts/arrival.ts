/** A sentence for the page that is opened next, anew: after signing in or out it waits for that page in this tab. */

const KEY = "vtonlab.arrival";

export function leaveWord(sentence: string): void {
  try {
    sessionStorage.setItem(KEY, sentence);
  } catch {
    // Without storage nothing is said; they see who they are.
  }
}

/** The sentence that was left, once. */
export function takeWord(): string | null {
  try {
    const kept = sessionStorage.getItem(KEY);
    sessionStorage.removeItem(KEY);
    return kept;
  } catch {
    return null;
  }
}
