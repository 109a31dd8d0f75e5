/** Counts and spans of time, in the reader's language. */

import { currentLanguage } from "@/i18n";

/** A count: "12,400". */
export function countText(count: number): string {
  return new Intl.NumberFormat(currentLanguage()).format(count);
}

const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;

/** A span of time in its largest unit, to one digit after the point where it is small: "3 min", "1.5 h". */
export function spanText(seconds: number): string {
  const [unit, size] = UNITS.find(([, length]) => seconds >= length) ?? UNITS[3];
  const value = seconds / size;
  return new Intl.NumberFormat(currentLanguage(), {
    style: "unit",
    unit,
    unitDisplay: unit === "day" ? "long" : "short",
    maximumFractionDigits: value < 10 ? 1 : 0,
  }).format(value);
}

/** A day of the server's ("2026-11-22", in UTC), short: "22 Nov". */
export function shortDayText(day: string): string {
  return new Intl.DateTimeFormat(currentLanguage(), { day: "numeric", month: "short", timeZone: "UTC" }).format(new Date(day));
}

/** Text in one cell of a table that programs for tables open: none that would be taken for a formula. */
export function csvCell(value: string): string {
  const harmless = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/** A file of `rows`, which programs for tables open as UTF-8. */
export function csvOf(rows: readonly (readonly string[])[]): Blob {
  const text = rows.map((row) => row.map(csvCell).join(",") + "\r\n").join("");
  return new Blob(["\uFEFF", text], { type: "text/csv;charset=utf-8" });
}
