import { createPinia, setActivePinia } from "pinia";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { LibraryImage, TryOnEntry } from "@/api/schema";
import { type Row, useFitting } from "@/features/fitting/fitting";
import { i18n } from "@/i18n";

interface Asked {
  human_image: string;
  garment_image: string;
  lower?: string;
  garment_kind?: string;
}

/** Every preview that was asked for; the server answers each at once, or as `refusals` say. */
let asked: Asked[];
let refusals: Record<string, { status: number; code: string }>;
let shelves: string[];

function image(id: string, kind: string | null = null): LibraryImage {
  return { id, garment_kind: kind, title: id, original_name: id, filename: id } as unknown as LibraryImage;
}
const me = image("me");
const shirt = image("shirt", "upper");
const jeans = image("jeans", "lower");
const gown = image("gown", "dress");

function rowOf(images: (LibraryImage | undefined)[], ensure: Row["ensure"] = () => undefined): Row {
  const indexOf = (id: string): number => images.findIndex((one) => one?.id === id);
  return { total: () => images.length, at: (place) => images[place], indexOf, ensure };
}

async function answer(request: Request): Promise<Response> {
  if (request.method === "PATCH") return new Response("{}", { headers: { "Content-Type": "application/json" } });
  const body = (await request.json()) as Asked;
  asked.push(body);
  const refused = refusals[body.garment_image];
  if (refused) {
    const problem = { code: refused.code, detail: "No.", hint: "Another one." };
    return new Response(JSON.stringify(problem), { status: refused.status });
  }
  const headers = { "X-Confidence": "0.9", "X-Notes": "cut_off", "Server-Timing": "engine;dur=80" };
  return new Response("picture", { headers });
}

beforeEach(() => {
  asked = [];
  refusals = {};
  shelves = [];
  setActivePinia(createPinia());
  i18n.global.locale.value = "en";
  vi.stubGlobal("fetch", vi.fn(answer));
  HTMLImageElement.prototype.decode = () => Promise.resolve();
  vi.spyOn(URL, "createObjectURL").mockImplementation(() => {
    shelves.push("one");
    return `blob:${shelves.length}`;
  });
});
afterEach(() => {
  useFitting().rest();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

async function settled(): Promise<void> {
  await vi.waitFor(() => expect(useFitting().isPreviewing).toBe(false));
}

test("a person and a garment are enough for a picture", async () => {
  const fitting = useFitting();
  fitting.choosePerson(me);
  expect(asked).toEqual([]);
  fitting.chooseGarment(shirt);
  await settled();
  expect(asked[0]).toMatchObject({ human_image: "me", garment_image: "shirt", garment_kind: "upper" });
  expect(fitting.preview).toMatchObject({ confidence: 0.9, notes: ["cut_off"], engineMs: 80 });
});

test("an outfit is asked for as one, and each piece can be taken off", async () => {
  const fitting = useFitting();
  fitting.choosePerson(me);
  fitting.chooseGarment(shirt);
  fitting.chooseGarment(jeans);
  await settled();
  expect(asked.at(-1)).toMatchObject({ garment_image: "shirt", lower: "jeans", garment_kind: "upper" });
  fitting.takeOff("upper");
  await settled();
  expect(asked.at(-1)).toMatchObject({ garment_image: "jeans", garment_kind: "lower" });
  fitting.takeOff("lower");
  expect(fitting.preview).toBeNull();
  expect(fitting.worn).toBeNull();
});

test("flipping walks along the rail, fetches what is not known yet, and goes round", async () => {
  const fitting = useFitting();
  const known: (LibraryImage | undefined)[] = [shirt, undefined, gown];
  fitting.hang(rowOf(known, (first) => Promise.resolve((known[first] = jeans))));
  fitting.choosePerson(me);
  const seen: (string | undefined)[] = [];
  for (let time = 0; time < 4; time += 1) {
    await fitting.flip(1);
    seen.push([fitting.dress, fitting.lower, fitting.upper].find((one) => one)?.id);
  }
  expect(seen).toEqual(["shirt", "jeans", "gown", "shirt"]);
  await fitting.flip(-1);
  expect(fitting.dress?.id).toBe("gown");
  expect(fitting.lastPlace).toBe(2);
});

test("only the last wish is fulfilled", async () => {
  const fitting = useFitting();
  fitting.choosePerson(me);
  fitting.chooseGarment(shirt);
  fitting.chooseGarment(gown);
  await settled();
  expect(fitting.preview?.order.garment).toBe("gown");
  expect(fitting.previewError).toBeNull();
});

test("what cannot be fitted says so, and the next garment is shown", async () => {
  const fitting = useFitting();
  refusals["shirt"] = { status: 422, code: "garment_not_understood" };
  fitting.choosePerson(me);
  fitting.chooseGarment(shirt);
  await settled();
  expect(fitting.previewError).toMatchObject({ code: "garment_not_understood", hint: "Another one." });
  expect(fitting.preview).toBeNull();
  fitting.chooseGarment(gown);
  await settled();
  expect(fitting.previewError).toBeNull();
  expect(fitting.preview?.order.garment).toBe("gown");
});

test("looking in passing changes nothing of what is worn", async () => {
  const fitting = useFitting();
  fitting.choosePerson(me);
  fitting.chooseGarment(shirt);
  await settled();
  fitting.peek(gown);
  await settled();
  expect(fitting.preview?.order.garment).toBe("gown");
  expect(fitting.worn?.garment.id).toBe("shirt");
  fitting.peek(null);
  await settled();
  expect(fitting.preview?.order.garment).toBe("shirt");
});

test("what the library learns about a garment puts it where it belongs", async () => {
  const fitting = useFitting();
  fitting.choosePerson(me);
  fitting.chooseGarment(image("thing"));
  await settled();
  expect(asked.at(-1)).not.toHaveProperty("garment_kind");
  fitting.learn(image("thing", "dress"));
  await settled();
  expect(fitting.dress?.id).toBe("thing");
  expect(asked.at(-1)).toMatchObject({ garment_image: "thing", garment_kind: "dress" });
  await fitting.correctKind(image("thing", "dress"), "lower");
  expect(fitting.lower?.id).toBe("thing");
});

test("a picture that is gone is worn no more", async () => {
  const fitting = useFitting();
  fitting.choosePerson(me);
  fitting.chooseGarment(shirt);
  fitting.chooseGarment(jeans);
  await settled();
  fitting.drop(["jeans"]);
  await settled();
  expect(fitting.worn).toEqual({ garment: shirt, kind: "upper" });
  fitting.drop(["me"]);
  expect(fitting.person).toBeNull();
  expect(fitting.preview).toBeNull();
});

test("a result stays until something else is put on", async () => {
  const fitting = useFitting();
  fitting.choosePerson(me);
  fitting.chooseGarment(shirt);
  await settled();
  const entry = { human_image_id: "me", garment_image_id: "shirt", lower_image_id: null } as TryOnEntry;
  expect(fitting.isOf(entry)).toBe(true);
  fitting.showResult(entry);
  expect([fitting.shown, fitting.result]).toEqual(["result", entry]);
  fitting.chooseGarment(gown);
  expect([fitting.shown, fitting.result]).toEqual(["preview", null]);
  expect(fitting.isOf(entry)).toBe(false);
});

test("a flip tells how long it took once it is painted", async () => {
  performance.clearMeasures("flip");
  const fitting = useFitting();
  fitting.choosePerson(me);
  const pressed = performance.now();
  fitting.chooseGarment(shirt, null, pressed);
  await settled();
  fitting.painted("another");
  expect(performance.getEntriesByName("flip")).toHaveLength(0);
  fitting.painted(fitting.preview?.key ?? "");
  const [told] = performance.getEntriesByName("flip") as PerformanceMeasure[];
  expect(told?.startTime).toBeCloseTo(pressed, 1);
  expect(told?.detail).toMatchObject({ from: "server", server: { engine: 80 } });
});
