import { describe, expect, it } from "vitest";

import { meaningOf } from "@/components/gridPress";

const plain = { ctrl: false, shift: false, onTick: false };

describe("a press on a picture", () => {
  it("opens it while nothing is chosen, and goes on choosing otherwise", () => {
    expect(meaningOf(plain, false)).toBe("open");
    expect(meaningOf(plain, true)).toBe("toggle");
  });

  it("chooses with Ctrl and on the tick, and reaches with Shift", () => {
    expect(meaningOf({ ...plain, ctrl: true }, false)).toBe("toggle");
    expect(meaningOf({ ...plain, onTick: true }, false)).toBe("toggle");
    expect(meaningOf({ ...plain, shift: true }, false)).toBe("reach");
    expect(meaningOf({ ctrl: true, shift: true, onTick: true }, true)).toBe("reach");
  });
});
