/** Prompts out of a file: a text with one a line, or a table. */

import { promptsOf, readTable } from "@/features/generation/batch/csv";

/** What is wrong with a file, as it is called in the words of the page. */
export type FileFault = "tooLarge" | "noText" | "nothingInIt";

export const ACCEPTED = ".txt,.text,.csv,.tsv,.md,text/plain,text/csv,text/tab-separated-values";
/** Bytes; a hundred prompts of the greatest length are less. */
export const LARGEST = 10_000_000;

const TABLE_NAME = /\.(csv|tsv|tab)$/i;

export interface FoundPrompts {
  prompts: string[];
  /** Prompts that had line breaks in them: each stands in one line now. */
  joined: number;
  fault: FileFault | null;
}

export async function readPrompts(file: File): Promise<FoundPrompts> {
  if (file.size > LARGEST) return { prompts: [], joined: 0, fault: "tooLarge" };
  const text = decode(new Uint8Array(await file.arrayBuffer()));
  if (text === null) return { prompts: [], joined: 0, fault: "noText" };
  const isTable = TABLE_NAME.test(file.name) || /csv|tab-separated/.test(file.type);
  const found = isTable ? promptsOf(readTable(text)) : text.split(/\r\n|\r|\n/).filter((line) => line.trim() !== "");
  const prompts = found.map(inOneLine);
  const joined = found.filter((prompt) => /[\r\n]/.test(prompt.trim())).length;
  return { prompts, joined, fault: prompts.length === 0 ? "nothingInIt" : null };
}

function inOneLine(prompt: string): string {
  return prompt.trim().replace(/\s*[\r\n]+\s*/g, " ");
}

/**
 * The words of a file; null where it holds none (a spreadsheet program's own file, a picture). UTF-8, or what its first
 * bytes say; what is neither was written by an older program, in Chinese most often, and GB 18030 reads plain English too.
 */
export function decode(bytes: Uint8Array<ArrayBuffer>): string | null {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  if (bytes.includes(0)) return null;
  for (const name of ["utf-8", "gb18030"]) {
    try {
      return new TextDecoder(name, { fatal: true }).decode(bytes); // a byte order mark is left out
    } catch {
      // The next one may be it.
    }
  }
  return null;
}
