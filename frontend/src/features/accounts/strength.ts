/** What can honestly be said of a password from looking at it: how long it is, and whether anybody would try it first. */

export const SHORTEST = 6;
/** What is recommended; links and changes of a password ask for it. */
export const RECOMMENDED = 10;
const LONG = 16;

/** `short`: not taken. `guessable`: long enough, and yet one of the first that are tried. */
export type Strength = "short" | "weak" | "guessable" | "good" | "strong";

/** Parts that most guesses begin with. */
const COMMON = ["password", "passwort", "qwerty", "qwertz", "asdfgh", "letmein", "welcome", "iloveyou", "admin", "woaini"];
const RUNS = ["0123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm"];

/** How `password` fares where `shortest` characters are asked for; `name` is of whom it is. */
export function judge(password: string, name = "", shortest = SHORTEST): Strength {
  const text = password.normalize("NFKC");
  const length = [...text].length;
  if (length < shortest) return "short";
  if (isGuessable(text.toLowerCase(), name.trim().toLowerCase())) return "guessable";
  if (length < RECOMMENDED) return "weak";
  return length >= LONG ? "strong" : "good";
}

function isGuessable(text: string, name: string): boolean {
  if (new Set(text).size <= 3) return true;
  if (/^(.{1,4})\1+$/u.test(text)) return true;
  let rest = text;
  for (const part of [name, ...COMMON]) if (part.length >= 3) rest = rest.replaceAll(part, "");
  for (const run of RUNS) rest = withoutRuns(rest, run);
  // What is left beside a word that everybody tries, and a few digits, is no secret.
  return [...rest.replace(/[\d\W_]{1,6}$/u, "")].length < 4 && rest.length < text.length;
}

/** `text` without pieces of `run`, forwards or backwards, of four characters or more. */
function withoutRuns(text: string, run: string): string {
  const backwards = [...run].reverse().join("");
  let rest = text;
  for (const row of [run, backwards]) {
    for (let size = row.length; size >= 4; size--) {
      for (let start = 0; start + size <= row.length; start++) rest = rest.replaceAll(row.slice(start, start + size), "");
    }
  }
  return rest;
}
