import { beforeAll, describe, expect, it } from "vitest";

import { agoText, priceText, sizeText } from "@/features/settings/formats";
import { speak } from "@/i18n";

describe("how things are written", () => {
  beforeAll(() => speak("en"));

  it.each([
    [0, "0 bytes"],
    [999, "999 bytes"],
    [1000, "1 kB"],
    [3_440_000, "3.4 MB"],
    [912_345, "912 kB"],
    [25_600_000_000, "26 GB"],
  ])("%d bytes", (bytes, text) => {
    expect(sizeText(bytes)).toBe(text);
  });

  it("tells prices of less than a cent's tenth", () => {
    expect(priceText(0.075)).toBe("$0.075");
    expect(priceText(2)).toBe("$2.00");
  });

  it("tells how long ago, and the day when it is long ago", () => {
    const now = Date.parse("2026-11-22T12:00:00Z");
    expect(agoText("2026-11-22T11:59:50Z", now)).toBe("this minute");
    expect(agoText("2026-11-22T12:00:05Z", now)).toBe("this minute"); // clocks differ
    expect(agoText("2026-11-22T09:10:00Z", now)).toBe("2 hours ago");
    expect(agoText("2026-11-20T11:00:00Z", now)).toBe("2 days ago");
    expect(agoText("2026-08-01T11:00:00Z", now)).toBe("Aug 1, 2026");
  });
});
