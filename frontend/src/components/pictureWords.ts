/** Dates, sizes and shops as people say them. */

const KILO = 1000;

/** `184 kB`, `2.4 MB`. */
export function sizeWords(bytes: number, language: string): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;
  const step = Math.min(units.length - 1, bytes < KILO ? 0 : Math.floor(Math.log(bytes) / Math.log(KILO)));
  const value = bytes / KILO ** step;
  const digits = value < 10 && step > 1 ? 1 : 0;
  const unit = units[step] ?? "byte";
  const options = { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: digits } as const;
  return new Intl.NumberFormat(language, options).format(value);
}

export function dateWords(moment: string, language: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium" }).format(new Date(moment));
}

export function momentWords(moment: string, language: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "short" }).format(new Date(moment));
}

/** `shop.example` of a page's address; null where it has none. */
export function shopOf(address: string | null): string | null {
  if (address === null || !/^https?:\/\//i.test(address)) return null;
  try {
    return new URL(address).hostname.replace(/^www\./, "");
  } catch {
    return null; // written by hand, and not an address
  }
}
