/** How many lines a field shows of what is written in it. */

const LETTERS_A_LINE = 44;
const LEAST = 4;
const MOST = 14;
/** A Chinese sign is as wide as two letters. */
const WIDE = /[\u2e80-\u9fff\uac00-\ud7af\uff00-\uff60]/g;

export function rowsOf(text: string): number {
  const lines = text.split("\n").map((line) => Math.max(1, Math.ceil(widthOf(line) / LETTERS_A_LINE)));
  return Math.min(MOST, Math.max(LEAST, lines.reduce((all, one) => all + one, 0)));
}

function widthOf(line: string): number {
  return line.length + (line.match(WIDE)?.length ?? 0);
}
