/** Moments, sizes and prices, in the reader's language. */

import { currentLanguage } from "@/i18n";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A moment in full: "22 Nov 2026, 10:15". */
export function momentText(iso: string): string {
  return new Intl.DateTimeFormat(currentLanguage(), { dateStyle: "medium", timeStyle: "short" }).format(new Date(iso));
}

/** A day: "22 Nov 2026". */
export function dayText(iso: string): string {
  return new Intl.DateTimeFormat(currentLanguage(), { dateStyle: "medium" }).format(new Date(iso));
}

/** How long ago, while that is more telling than the moment: "3 hours ago"; the day, beyond a month. */
export function agoText(iso: string, now = Date.now()): string {
  const past = now - new Date(iso).getTime();
  if (past > 30 * DAY) return dayText(iso);
  const words = new Intl.RelativeTimeFormat(currentLanguage(), { numeric: "auto" });
  if (past >= DAY) return words.format(-Math.floor(past / DAY), "day");
  if (past >= HOUR) return words.format(-Math.floor(past / HOUR), "hour");
  return words.format(-Math.max(0, Math.floor(past / MINUTE)), "minute");
}

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

/** A size: "3.4 MB". */
export function sizeText(bytes: number): string {
  let unit = 0;
  let value = bytes;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return new Intl.NumberFormat(currentLanguage(), {
    style: "unit",
    unit: UNITS[unit] ?? "byte",
    unitDisplay: unit === 0 ? "long" : "short",
    maximumFractionDigits: value < 10 && unit > 0 ? 1 : 0,
  }).format(value);
}

/** US dollars: "$0.075". */
export function priceText(dollars: number): string {
  return new Intl.NumberFormat(currentLanguage(), {
    style: "currency",
    currency: "USD",
    minimumFractionDigits: 2,
    maximumFractionDigits: 3,
  }).format(dollars);
}
