/**
 * Previews: asked for one at a time, kept on a bounded shelf, made ready before they are wanted.
 *
 *     ask ─▶ on the shelf? ─▶ being made already? ─▶ the server ─▶ decoded ─▶ shelf
 *
 * What is asked for goes before everything. Of what was asked for before, one may come yet: who holds an arrow key sees
 * garments go by, not a still picture.
 */

import { ask as askServer } from "@/api/client";
import { isAborted, Refusal } from "@/api/errors";
import type { PreviewBody } from "@/api/schema";
import type { Kind } from "@/features/fitting/outfit";
import { Shelf } from "@/features/fitting/previewShelf";

/** Which picture: ids, and the longest side in pixels. */
export interface Order {
  person: string;
  garment: string;
  lower: string | null;
  kind: Kind | null;
  size: number;
}

/** A picture to look at, ready to be painted. */
export interface Preview {
  key: string;
  order: Order;
  url: string;
  blob: Blob;
  /** Decoded already; holding it keeps the browser from throwing the pixels away at once. */
  image: HTMLImageElement;
  /** 0 (a guess) to 1. */
  confidence: number;
  /** Codes. */
  notes: string[];
  /** Milliseconds that the engine worked, and from asking to decoded. */
  engineMs: number;
  totalMs: number;
  /** The server's own milliseconds by step. */
  steps: Record<string, number>;
}

const SHELF_ROOM = 64;
const REFUSALS_ROOM = 200;
/** Longest side of a preview by the side of the stage, px: few steps, since the server keeps what it knows by size. */
const SIDES = [512, 768, 1024, 1280];
const BUSY_STATUS = 503;
const BUSY_PAUSES = [300, 900];
/** Of these the answer is the same when asked again: the pictures are what they are. */
const LASTING = new Set(["no_person_found", "garment_not_understood", "pose_not_supported", "wrong_kind"]);

export function keyOf({ person, garment, lower, kind, size }: Order): string {
  return [person, garment, lower ?? "", kind ?? "", size].join("|");
}

function isSamePair(one: Order, other: Order): boolean {
  return one.person === other.person && one.garment === other.garment && one.lower === other.lower;
}

/** As many pixels as a stage of this many device pixels can show. */
export function sideFor(devicePixels: number): number {
  return SIDES.find((side) => side >= devicePixels) ?? SIDES[SIDES.length - 1] ?? devicePixels;
}

/** `Server-Timing` as milliseconds by step. */
export function readTimings(header: string | null): Record<string, number> {
  const steps: Record<string, number> = {};
  for (const part of (header ?? "").split(",")) {
    const [name = "", ...parameters] = part.trim().split(";");
    const told = parameters.map((one) => one.trim()).find((one) => one.startsWith("dur="));
    const duration = Number.parseFloat(told?.slice("dur=".length) ?? "");
    if (name && Number.isFinite(duration)) steps[name] = duration;
  }
  return steps;
}

type Fetch = (order: Order, signal: AbortSignal) => Promise<Preview>;
interface Running {
  key: string;
  order: Order;
  controller: AbortController;
  coming: Promise<Preview>;
}

/** Every preview of this page goes through one of these. */
export class Previews {
  readonly #shelf = new Shelf<Preview>(SHELF_ROOM, (preview) => URL.revokeObjectURL(preview.url));
  readonly #refused = new Shelf<Refusal>(REFUSALS_ROOM, () => undefined);
  #asked: Running | null = null;
  /** What was asked for before, and is let come. */
  #passing: Running | null = null;
  #warming: Running | null = null;
  #toWarm: Order[] = [];

  constructor(private readonly fetchOne: Fetch = fetchPreview) {}

  /** The preview, if it can be had at once. */
  atHand(order: Order): Preview | undefined {
    return this.#shelf.get(keyOf(order));
  }

  /**
   * The preview. Of those asked for before the oldest is let come, the others are given up. Throws `Refusal`, or
   * `AbortError` when given up.
   */
  async ask(order: Order): Promise<Preview> {
    const key = keyOf(order);
    const known = this.#shelf.get(key);
    if (known) {
      this.#giveUpAsked();
      return known;
    }
    const refused = this.#refused.get(key);
    if (refused) throw refused;
    if (this.#asked?.key === key) return this.#asked.coming;
    const returned = this.#passing?.key === key ? this.#passing : null;
    if (returned) this.#passing = null;
    this.#letPass(order);
    this.#toWarm = [];
    if (returned) {
      this.#asked = returned;
    } else if (this.#warming?.key === key) {
      this.#asked = this.#warming; // it is being made ready already: from now on it is waited for
      this.#warming = null;
    } else {
      this.#warming?.controller.abort();
      this.#warming = null;
      this.#asked = this.#start(order, key);
    }
    const mine = this.#asked;
    try {
      return await mine.coming;
    } finally {
      if (this.#asked === mine) this.#asked = null;
    }
  }

  /** Makes these ready, one after the other, the first first; what was to be made ready before is forgotten. */
  warm(orders: Order[]): void {
    this.#toWarm = orders;
    const current = this.#warming;
    if (current && !orders.some((order) => keyOf(order) === current.key)) {
      current.controller.abort();
      this.#warming = null;
    }
    void this.#warmNext();
  }

  /** Ends all work; what is on the shelf stays. */
  rest(): void {
    this.#giveUpAsked();
    this.warm([]);
  }

  /** Forgets what was made of a picture that has changed or gone. */
  forget(imageId: string): void {
    const isOf = (key: string): boolean => key.split("|").includes(imageId);
    this.#shelf.sweep((_, key) => isOf(key));
    this.#refused.sweep((_, key) => isOf(key));
  }

  /** Ends all work and lets go of every picture. */
  close(): void {
    this.rest();
    this.#shelf.clear();
    this.#refused.clear();
  }

  async #warmNext(): Promise<void> {
    while (!this.#warming && !this.#asked) {
      const order = this.#toWarm.find((one) => !this.#shelf.has(keyOf(one)) && !this.#refused.has(keyOf(one)));
      if (!order) return;
      const mine = this.#start(order, keyOf(order));
      this.#warming = mine;
      try {
        await mine.coming;
      } catch (error) {
        // Nobody asked for it: who does will hear why it cannot be had. A server that is busy is left in peace.
        const isForThisOne = error instanceof Refusal && LASTING.has(error.code);
        if (!isForThisOne && this.#warming === mine) this.#toWarm = [];
      } finally {
        if (this.#warming === mine) this.#warming = null;
      }
    }
  }

  #start(order: Order, key: string): Running {
    const controller = new AbortController();
    const coming = this.#fetch(order, key, controller.signal);
    coming.catch(() => undefined); // whoever waits for it hears of it
    return { key, order, controller, coming };
  }

  async #fetch(order: Order, key: string, signal: AbortSignal): Promise<Preview> {
    for (const pause of [...BUSY_PAUSES, null]) {
      try {
        const preview = await this.fetchOne(order, signal);
        this.#shelf.put(key, preview);
        return preview;
      } catch (error) {
        if (isAborted(error) || !(error instanceof Refusal)) throw error;
        if (LASTING.has(error.code)) this.#refused.put(key, error);
        if (error.status !== BUSY_STATUS || pause === null) throw error;
        await wait(pause, signal);
      }
    }
    throw new DOMException("given up", "AbortError");
  }

  #letPass(next: Order): void {
    const before = this.#asked;
    this.#asked = null;
    // The same pair in another size, or known better, is nothing to see in passing.
    if (this.#passing || (before && isSamePair(before.order, next))) before?.controller.abort();
    else if (before) {
      this.#passing = before;
      const leave = (): void => {
        if (this.#passing === before) this.#passing = null;
      };
      before.coming.then(leave, leave);
    }
  }

  #giveUpAsked(): void {
    this.#asked?.controller.abort();
    this.#passing?.controller.abort();
    this.#asked = this.#passing = null;
  }
}

async function fetchPreview(order: Order, signal: AbortSignal): Promise<Preview> {
  const began = performance.now();
  const body: PreviewBody = { human_image: order.person, garment_image: order.garment, size: order.size };
  if (order.lower) body.lower = order.lower;
  if (order.kind) body.garment_kind = order.kind;
  const answer = await askServer("/api/v1/tryon/preview", {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "image/jpeg" },
    body: JSON.stringify(body),
    signal,
  });
  const blob = await answer.blob();
  const url = URL.createObjectURL(blob);
  const image = new Image();
  try {
    image.src = url;
    await image.decode();
    signal.throwIfAborted();
  } catch (error) {
    URL.revokeObjectURL(url);
    throw error;
  }
  const steps = readTimings(answer.headers.get("Server-Timing"));
  return {
    key: keyOf(order),
    order,
    url,
    blob,
    image,
    confidence: Number.parseFloat(answer.headers.get("X-Confidence") ?? "1"),
    notes: (answer.headers.get("X-Notes") ?? "").split(",").filter(Boolean),
    engineMs: steps["engine"] ?? 0,
    totalMs: performance.now() - began,
    steps,
  };
}

function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const over = (): void => {
      clearTimeout(timer);
      reject(new DOMException("given up", "AbortError"));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", over);
      resolve();
    }, milliseconds);
    signal.addEventListener("abort", over, { once: true });
  });
}
