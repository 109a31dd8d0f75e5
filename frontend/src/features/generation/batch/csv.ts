/** Tables as spreadsheet programs write them: fields apart by comma, semicolon or tab, in quotes where need be. */

const SEPARATORS = [",", ";", "\t"] as const;

/** The sign that is most often between the fields of the first row; a comma where there is none. */
export function separatorOf(text: string): string {
  const counts = new Map<string, number>(SEPARATORS.map((one) => [one, 0]));
  let isQuoted = false;
  for (const sign of text) {
    if (sign === '"') isQuoted = !isQuoted;
    else if (isQuoted) continue;
    else if (sign === "\n" || sign === "\r") break;
    else if (counts.has(sign)) counts.set(sign, (counts.get(sign) ?? 0) + 1);
  }
  return SEPARATORS.reduce((best, one) => ((counts.get(one) ?? 0) > (counts.get(best) ?? 0) ? one : best));
}

/**
 * The rows of `text`. In quotes stand separators, line breaks and, twice, quotes. Quotes inside an unquoted field are
 * signs like others; one that is never closed holds the rest. Rows without any sign are left out.
 */
export function readTable(text: string, separator = separatorOf(text)): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let field = "";
  let isQuoted = false;
  let wasQuoted = false;

  const endField = (): void => {
    row.push(field);
    field = "";
    wasQuoted = false;
  };
  const endRow = (): void => {
    const isEmpty = row.length === 0 && field === "" && !wasQuoted;
    endField();
    if (!isEmpty) rows.push(row);
    row = [];
  };

  for (let at = 0; at < text.length; at++) {
    const sign = text.charAt(at);
    if (isQuoted) {
      if (sign !== '"') field += sign;
      else if (text.charAt(at + 1) === '"') field += text.charAt(at++);
      else isQuoted = false;
    } else if (sign === '"' && field === "" && !wasQuoted) isQuoted = wasQuoted = true;
    else if (sign === separator) endField();
    else if (sign === "\n") endRow();
    else if (sign === "\r") {
      if (text.charAt(at + 1) === "\n") at++;
      endRow();
    } else field += sign;
  }
  endRow();
  return rows;
}

/** What people call the column of prompts. */
const NAMES = ["prompt", "prompts", "提示词", "提示"];

/** The prompts of a table: those of the column that is called so, else all of the first column. Empty ones are left out. */
export function promptsOf(rows: readonly (readonly string[])[]): string[] {
  const named = (rows[0] ?? []).findIndex((name) => NAMES.includes(name.trim().toLowerCase()));
  const own = named < 0 ? rows : rows.slice(1);
  return own.map((row) => row[Math.max(0, named)] ?? "").filter((prompt) => prompt.trim() !== "");
}
