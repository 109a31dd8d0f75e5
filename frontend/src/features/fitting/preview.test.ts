import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Refusal } from "@/api/errors";
import { keyOf, type Order, type Preview, Previews, readTimings, sideFor } from "@/features/fitting/preview";

/** A server whose answers the test gives, one by one. */
class Answers {
  readonly asked: { order: Order; signal: AbortSignal; give: (preview: Preview) => void; refuse: (error: unknown) => void }[] = [];

  readonly fetch = (order: Order, signal: AbortSignal): Promise<Preview> =>
    new Promise((give, refuse) => {
      signal.addEventListener("abort", () => refuse(new DOMException("given up", "AbortError")));
      this.asked.push({ order, signal, give, refuse });
    });

  names(): string[] {
    return this.asked.map((one) => one.order.garment);
  }

  give(garment: string): Preview {
    const found = this.asked.findLast((one) => one.order.garment === garment);
    if (!found) throw new Error(`${garment} was not asked for`);
    const preview = { key: keyOf(found.order), order: found.order, url: `blob:${garment}` } as Preview;
    found.give(preview);
    return preview;
  }

  wasGivenUp(garment: string): boolean {
    return this.asked.findLast((one) => one.order.garment === garment)?.signal.aborted ?? false;
  }
}

const order = (garment: string): Order => ({ person: "me", garment, lower: null, kind: "upper", size: 768 });
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
let server: Answers;
let previews: Previews;

beforeEach(() => {
  server = new Answers();
  previews = new Previews(server.fetch);
});
afterEach(() => previews.close());

test("what was made once is at hand, and is not asked for again", async () => {
  const coming = previews.ask(order("a"));
  const made = server.give("a");
  expect(await coming).toBe(made);
  expect(previews.atHand(order("a"))).toBe(made);
  expect(await previews.ask(order("a"))).toBe(made);
  expect(server.names()).toEqual(["a"]);
});

test("of what was asked for before one is let come, to be seen in passing; the others are given up", async () => {
  const first = previews.ask(order("a"));
  const second = previews.ask(order("b"));
  const third = previews.ask(order("c"));
  await expect(second).rejects.toThrow("given up");
  expect(["a", "b", "c"].map((garment) => server.wasGivenUp(garment))).toEqual([false, true, false]);
  server.give("a");
  expect((await first).url).toBe("blob:a");
  server.give("c");
  expect((await third).url).toBe("blob:c");
});

test("who goes back to what is let come waits for that", async () => {
  const first = previews.ask(order("a"));
  const second = previews.ask(order("b"));
  const again = previews.ask(order("a"));
  expect(server.names()).toEqual(["a", "b"]);
  server.give("a");
  expect(await again).toBe(await first);
  previews.rest();
  await expect(second).rejects.toThrow("given up");
});

test("the same pair, known better, takes the place of what was asked for", async () => {
  const first = previews.ask({ ...order("a"), kind: null });
  void previews.ask(order("a")).catch(() => undefined);
  await expect(first).rejects.toThrow("given up");
});

test("with nothing to look at any more, nothing comes", async () => {
  const first = previews.ask(order("a"));
  const second = previews.ask(order("b"));
  previews.rest();
  await expect(first).rejects.toThrow("given up");
  await expect(second).rejects.toThrow("given up");
});

test("neighbours are made ready one after the other, the nearest first", async () => {
  previews.warm([order("b"), order("c")]);
  expect(server.names()).toEqual(["b"]);
  server.give("b");
  await settle();
  expect(server.names()).toEqual(["b", "c"]);
  expect(previews.atHand(order("b"))).toBeDefined();
});

test("what is being made ready already is waited for, not asked for twice", async () => {
  previews.warm([order("b"), order("c")]);
  const coming = previews.ask(order("b"));
  expect(server.wasGivenUp("b")).toBe(false);
  server.give("b");
  expect((await coming).url).toBe("blob:b");
  expect(server.names()).toEqual(["b"]);
});

test("what is asked for goes before what is made ready", async () => {
  previews.warm([order("b"), order("c")]);
  const coming = previews.ask(order("z"));
  expect(server.wasGivenUp("b")).toBe(true);
  server.give("z");
  await coming;
  await settle();
  expect(server.names()).toEqual(["b", "z"]); // nothing more is made ready until that is wanted anew
});

test("what is at hand is shown without giving up what is made ready", async () => {
  const coming = previews.ask(order("a"));
  server.give("a");
  await coming;
  previews.warm([order("b")]);
  await previews.ask(order("a"));
  previews.warm([order("b"), order("c")]);
  expect(server.wasGivenUp("b")).toBe(false);
  previews.warm([order("c")]);
  expect(server.wasGivenUp("b")).toBe(true);
});

test("a picture that cannot be made is not asked for again and again", async () => {
  const refusal = new Refusal("garment_not_understood", "No garment is to be seen.", "", 422);
  const coming = previews.ask(order("a"));
  server.asked[0]?.refuse(refusal);
  await expect(coming).rejects.toBe(refusal);
  await expect(previews.ask(order("a"))).rejects.toBe(refusal);
  expect(server.names()).toEqual(["a"]);
  previews.forget("a"); // the picture was changed
  void previews.ask(order("a")).catch(() => undefined);
  expect(server.names()).toEqual(["a", "a"]);
});

test("a busy server is asked again after a moment", async () => {
  vi.useFakeTimers();
  try {
    const coming = previews.ask(order("a"));
    server.asked[0]?.refuse(new Refusal("engine_busy", "Busy.", "", 503));
    await vi.advanceTimersByTimeAsync(400);
    expect(server.names()).toEqual(["a", "a"]);
    server.give("a");
    expect((await coming).url).toBe("blob:a");
  } finally {
    vi.useRealTimers();
  }
});

test("what leaves the shelf is let go of", async () => {
  const revoke = vi.spyOn(URL, "revokeObjectURL");
  const coming = previews.ask(order("a"));
  server.give("a");
  await coming;
  previews.close();
  expect(revoke).toHaveBeenCalledWith("blob:a");
  expect(previews.atHand(order("a"))).toBeUndefined();
});

test("the stage's own size is asked for, in few steps, with an end", () => {
  expect([sideFor(300), sideFor(513), sideFor(768), sideFor(1100), sideFor(4000)]).toEqual([512, 768, 768, 1280, 1280]);
});

test("the server's own times are read", () => {
  expect(readTimings("find;dur=1.5, engine;desc=x;dur=90, odd, broken;dur=x")).toEqual({ find: 1.5, engine: 90 });
  expect(readTimings(null)).toEqual({});
});
