import { describe, expect, it } from "vitest";

import { isAppleTouch, useInstall, watchInstall } from "./install";

describe("installing", () => {
  it("knows iPhones and iPads from Macs and others", () => {
    expect(isAppleTouch({ userAgent: "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0)", maxTouchPoints: 5 })).toBe(true);
    expect(isAppleTouch({ userAgent: "Mozilla/5.0 (Macintosh; Intel Mac OS X)", maxTouchPoints: 5 })).toBe(true);
    expect(isAppleTouch({ userAgent: "Mozilla/5.0 (Macintosh; Intel Mac OS X)", maxTouchPoints: 0 })).toBe(false);
    expect(isAppleTouch({ userAgent: "Mozilla/5.0 (Linux; Android 16)", maxTouchPoints: 5 })).toBe(false);
  });

  it("offers what the browser offers, once", async () => {
    watchInstall();
    const { way, install } = useInstall();
    expect(way.value).toBe("none");
    let asked = 0;
    const offer = Object.assign(new Event("beforeinstallprompt", { cancelable: true }), {
      prompt: () => Promise.resolve({ outcome: "accepted", count: ++asked }),
    });
    dispatchEvent(offer);
    expect(offer.defaultPrevented).toBe(true);
    expect(way.value).toBe("ask");
    await install();
    await install();
    expect(asked).toBe(1);
    expect(way.value).toBe("none");
    dispatchEvent(new Event("appinstalled"));
    expect(way.value).toBe("installed");
  });
});
