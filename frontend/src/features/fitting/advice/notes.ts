/** Notes by how grave they are. */

import type { ToldNote } from "@/api/schema";

export const LEVELS = ["problem", "warning", "info"] as const;
export type Level = (typeof LEVELS)[number];

export const LOOKS = {
  problem: { icon: "error", mark: "text-bad", chip: "bg-bad-wash text-bad" },
  warning: { icon: "warning", mark: "text-warn", chip: "bg-warn-wash text-warn" },
  info: { icon: "info", mark: "text-soft", chip: "bg-card text-soft" },
} as const;

/** A level that we do not know is only information. */
export function levelOf(note: ToldNote): Level {
  return LEVELS.find((level) => level === note.level) ?? "info";
}

/** The gravest first; of the same gravity as they were told. */
export function byGravity(notes: readonly ToldNote[]): ToldNote[] {
  return notes.toSorted((a, b) => LEVELS.indexOf(levelOf(a)) - LEVELS.indexOf(levelOf(b)));
}

/** The gravest level among them; null where there is nothing to say. */
export function gravest(notes: readonly ToldNote[]): Level | null {
  const [first] = byGravity(notes);
  return first === undefined ? null : levelOf(first);
}
