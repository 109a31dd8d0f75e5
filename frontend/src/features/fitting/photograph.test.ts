import { createPinia, setActivePinia } from "pinia";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { nextTick } from "vue";

import type { EngineAnswer, LibraryImage } from "@/api/schema";
import { useFitting } from "@/features/fitting/fitting";
import { add, EMPTY } from "@/features/fitting/mask/strokes";
import { usePhotograph } from "@/features/fitting/photograph";
import { useEngines } from "@/stores/engines";
import { useSession } from "@/stores/session";

const ENGINE = {
  name: "fashn",
  is_default: true,
  status: "ok",
  sends_pictures_to: null,
  parameters: { properties: { seed: { type: "integer", minimum: 0 }, tuck: { type: "boolean", default: false } } },
  capabilities: { try_on: true, mask: true, kinds: ["upper"], presets: {} },
} as unknown as EngineAnswer;
const DRAWN = add(EMPTY, { tool: "fill", left: 1, top: 1, right: 5, bottom: 5 });

/** Who the server knows; null: nobody. */
let who: { user_id: string; kind: string } | null;

function answer(request: Request): Response {
  const { pathname } = new URL(request.url);
  if (pathname === "/state") return Response.json({ mode: "server", visitor: who === null ? "stranger" : "user" });
  return Response.json({ ...who, permissions: [] });
}

/** The page, opened anew in the same tab. */
function open(): ReturnType<typeof usePhotograph> {
  setActivePinia(createPinia());
  useEngines().items = [ENGINE];
  return usePhotograph();
}

async function stand(id: string): Promise<void> {
  useFitting().choosePerson({ id } as LibraryImage);
  await nextTick();
}

beforeEach(() => {
  sessionStorage.clear();
  localStorage.clear();
  who = { user_id: "mei", kind: "person" };
  vi.stubGlobal("fetch", vi.fn((request: Request) => Promise.resolve(answer(request))));
});
afterEach(() => vi.unstubAllGlobals());

test("seed and options come back, and those of a reader who was faster than the server", async () => {
  const before = open();
  before.options = { seed: 7, tuck: true };
  await useSession().enter();
  expect(before.options).toEqual({ seed: 7, tuck: true });
  const after = open();
  await useSession().enter();
  expect(after.options).toEqual({ seed: 7, tuck: true });
  after.options = { tuck: true };
  open();
  await useSession().enter();
  expect(usePhotograph().options).toEqual({ tuck: true });
});

test("a mask comes back to its photo, and goes when another stands there or it is taken away", async () => {
  const before = open();
  await useSession().enter();
  await stand("photo");
  await before.keepMask("photo", DRAWN, new Blob(["png"], { type: "image/png" }));
  await nextTick();
  const address = before.mask;
  expect(address).toMatch(/^data:image\/png;base64,/);

  const after = open();
  await useSession().enter();
  expect(after.mask).toBeNull();
  await stand("photo");
  expect([after.mask, after.handMask?.drawing]).toEqual([address, DRAWN]);

  for (const leave of [() => stand("another"), () => usePhotograph().keepMask("photo", EMPTY, null)]) {
    const now = open();
    await useSession().enter();
    await stand("photo");
    await now.keepMask("photo", DRAWN, new Blob(["png"], { type: "image/png" }));
    await nextTick();
    await leave();
    await nextTick();
    const anew = open();
    await useSession().enter();
    await stand("photo");
    expect(anew.mask).toBeNull();
  }
});

test("who comes next in this tab finds nothing of it", async () => {
  const before = open();
  await useSession().enter();
  before.options = { seed: 7 };
  useSession().leave();
  const after = open();
  await useSession().enter();
  expect(after.options).toEqual({});
  after.options = { seed: 8 };
  who = { user_id: "lin", kind: "person" };
  const others = open();
  await useSession().enter();
  expect(others.options).toEqual({});
});
