/** Prompts as they are written: one a line. */

import { sayable } from "@/features/generation/order";

export const MOST_PROMPTS = 100;
/** Characters of one prompt, as the server counts them. */
export const LONGEST_PROMPT = 20_000;

export type LineFault = "tooLong" | "tooMany";

export interface Line {
  /** In the field, from 1. */
  line: number;
  /** Among the prompts, from 1; null: the line is blank. */
  number: number | null;
  text: string;
  fault: LineFault | null;
  /** The same words again: which time, from 1. */
  time: number;
}

export function readLines(text: string): Line[] {
  const times = new Map<string, number>();
  let count = 0;
  return text.split("\n").map((words, index) => {
    const prompt = sayable(words);
    if (prompt === "") return { line: index + 1, number: null, text: words, fault: null, time: 1 };
    const time = (times.get(prompt) ?? 0) + 1;
    times.set(prompt, time);
    count++;
    const fault = count > MOST_PROMPTS ? "tooMany" : lengthOf(prompt) > LONGEST_PROMPT ? "tooLong" : null;
    return { line: index + 1, number: count, text: words, fault, time };
  });
}

/** Characters as the server counts them: what takes two units of JavaScript's is one. */
export function lengthOf(text: string): number {
  if (text.length <= LONGEST_PROMPT) return text.length; // cannot be too long, and most are short
  return [...text].length;
}

/** What is handed in. */
export function promptsIn(lines: readonly Line[]): string[] {
  return lines.filter((line) => line.number !== null).map((line) => sayable(line.text));
}

export interface Count {
  prompts: number;
  /** Prompts whose words stood there before: they become variants. */
  variants: number;
  /** Beyond what one batch takes. */
  tooMany: number;
  tooLong: Line[];
}

export function countOf(lines: readonly Line[]): Count {
  const prompts = lines.filter((line) => line.number !== null);
  return {
    prompts: prompts.length,
    variants: prompts.filter((line) => line.time > 1).length,
    tooMany: Math.max(0, prompts.length - MOST_PROMPTS),
    tooLong: prompts.filter((line) => line.fault === "tooLong"),
  };
}

/** `text` with `prompts` below it. */
export function withPrompts(text: string, prompts: readonly string[]): string {
  const own = text.replace(/\s+$/, "");
  return [...(own === "" ? [] : [own]), ...prompts].join("\n");
}
