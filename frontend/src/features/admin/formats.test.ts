import { beforeAll, describe, expect, it } from "vitest";

import { csvCell, csvOf, countText, shortDayText, spanText } from "@/features/admin/formats";
import { speak } from "@/i18n";

describe("how figures are written", () => {
  beforeAll(() => speak("en"));

  it.each([
    [0, "0 sec"],
    [0.42, "0.4 sec"],
    [59, "59 sec"],
    [90, "1.5 min"],
    [7200, "2 hr"],
    [86_400 * 12, "12 days"],
  ])("%d seconds", (seconds, text) => {
    expect(spanText(seconds)).toBe(text);
  });

  it("counts, and days of the server wherever the reader is", () => {
    expect(countText(12_400)).toBe("12,400");
    expect(shortDayText("2026-11-22")).toBe("Nov 22");
  });
});

describe("a table for other programs", () => {
  it("has no formulas, and quotes what would break a row", () => {
    expect(csvCell("=1+1")).toBe("'=1+1");
    expect(csvCell("@import")).toBe("'@import");
    expect(csvCell('said "no", left')).toBe('"said ""no"", left"');
    expect(csvCell("two\nlines")).toBe('"two\nlines"');
    expect(csvCell("auth.sign_in")).toBe("auth.sign_in");
  });

  it("says that it is UTF-8", async () => {
    const bytes = new Uint8Array(await csvOf([["谁", "when"]]).arrayBuffer());
    expect([...bytes.slice(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
    expect(new TextDecoder().decode(bytes)).toBe("谁,when\r\n");
  });
});
