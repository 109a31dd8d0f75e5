import { createPinia, setActivePinia } from "pinia";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { nextTick } from "vue";

import { useBatchDraft } from "@/features/generation/batch/draft";
import { speak } from "@/i18n";
import { useSession } from "@/stores/session";
import { useTasks } from "@/stores/tasks";

const TASK = {
  id: "t1",
  kind: "batch",
  status: "succeeded",
  progress: 1,
  stage: "",
  parameters: {},
  attempts: 1,
  created_at: "2026-11-22T10:00:00Z",
};
const HOW = { provider: "gemini", model: "m", aspect_ratio: "3:4", resolution: "1K" } as const;

/** What becomes of the next batch that is handed in. */
let fate: "taken" | "lost" | "refused";
let keys: (string | null)[];
let bodies: unknown[];

async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname === "/api/v1/images/tasks/t1") return Response.json(TASK);
  if (pathname !== "/api/v1/images/batch-generate") return Response.json({ user_id: "mei", kind: "person", permissions: [] });
  keys.push(request.headers.get("Idempotency-Key"));
  bodies.push(await request.json());
  if (fate === "lost") throw new TypeError("connection reset");
  if (fate === "refused") return Response.json({ detail: "It cannot.", code: "provider_cannot" }, { status: 422 });
  return Response.json({ batch_name: "b", task_id: "t1", count: 2, status: "queued" }, { status: 202 });
}

async function begin(): Promise<ReturnType<typeof useBatchDraft>> {
  setActivePinia(createPinia());
  await useSession().refresh();
  return useBatchDraft();
}

describe("a batch that is written", () => {
  beforeEach(async () => {
    sessionStorage.clear();
    await speak("en");
    [fate, keys, bodies] = ["taken", [], []];
    vi.stubGlobal("fetch", vi.fn(answer));
  });
  afterEach(() => vi.unstubAllGlobals());

  it("is handed in as it is, known to the page at once, and makes way for the next", async () => {
    const draft = await begin();
    draft.text = "a coat\n\n a coat ";
    expect((await draft.send(HOW))?.id).toBe("t1");
    expect(bodies).toEqual([{ ...HOW, prompts: ["a coat", "a coat"] }]);
    expect(useTasks().get("t1")?.kind).toBe("batch");
    expect(draft.text).toBe("");
  });

  it("stays where no answer came, and is the same request when it is sent again", async () => {
    const draft = await begin();
    draft.text = "a coat";
    fate = "lost";
    expect(await draft.send(HOW)).toBeNull();
    expect([draft.text, draft.refusal?.status]).toEqual(["a coat", 0]);
    fate = "taken";
    await draft.send(HOW);
    draft.text = "a coat";
    await draft.send(HOW);
    expect(keys[1]).toBe(keys[0]);
    expect(keys[2]).not.toBe(keys[0]);
  });

  it("stays with the reason where it is refused, until something else is written", async () => {
    const draft = await begin();
    draft.text = "a coat";
    fate = "refused";
    await draft.send(HOW);
    expect([draft.text, draft.refusal?.message]).toEqual(["a coat", "It cannot."]);
    draft.text = "a shirt";
    await nextTick();
    expect(draft.refusal).toBeNull();
  });

  it("is not handed in while it is unsound", async () => {
    const draft = await begin();
    draft.text = " \n ";
    expect(await draft.send(HOW)).toBeNull();
    draft.text = Array.from({ length: 101 }, (_, n) => `p${n}`).join("\n");
    expect(await draft.send(HOW)).toBeNull();
    expect(bodies).toEqual([]);
  });

  it("is still there when the page is loaded anew, for whoever wrote it", async () => {
    const before = await begin();
    before.text = "a coat";
    before.negative = "hats";
    await nextTick();
    const after = await begin();
    expect([after.text, after.negative]).toEqual(["a coat", "hats"]);
    sessionStorage.setItem("vtonlab.batch", JSON.stringify({ user: "somebody else", text: "theirs", negative: "" }));
    expect((await begin()).text).toBe("");
  });
});
