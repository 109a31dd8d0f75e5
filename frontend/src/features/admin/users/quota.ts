/** How much an account may keep: as much as the server's setting says, anything, or so many gigabytes. */

export type QuotaMode = "usual" | "none" | "own";

export interface Quota {
  mode: QuotaMode;
  /** Gigabytes, as they are written; only of `own`. */
  text: string;
}

const GIGABYTE = 1e9;
const MOST_BYTES = 2 ** 53;
/** What the server takes for "as its setting says". */
const USUAL = -1;

export function readQuota(bytes: number | null): Quota {
  if (bytes === null) return { mode: "usual", text: "" };
  if (bytes === 0) return { mode: "none", text: "" };
  return { mode: "own", text: String(Math.round((bytes / GIGABYTE) * 1000) / 1000) };
}

/** What the server is told; null for an amount that is none. */
export function bytesOf({ mode, text }: Quota): number | null {
  if (mode === "usual") return USUAL;
  if (mode === "none") return 0;
  const bytes = Math.round(Number(text.trim().replace(",", ".")) * GIGABYTE);
  return text.trim() !== "" && bytes >= 1 && bytes <= MOST_BYTES ? bytes : null;
}
