import { createPinia, setActivePinia } from "pinia";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { TaskUpdate } from "@/api/live";
import type { TaskAnswer } from "@/api/schema";
import { useTasks } from "@/stores/tasks";

/** What the server knows, and how often it was asked for what. */
const server = vi.hoisted(() => ({
  tasks: new Map<string, unknown>(),
  asked: [] as string[],
  tell: (update: unknown): void => void update,
  connected: (): void => undefined,
  isLive: { value: true },
}));

vi.mock("@/api/client", () => ({
  content: async (answer: Promise<{ data: unknown }>) => (await answer).data,
  api: {
    GET: (path: string, { params }: { params: { path?: { task_id: string } } }) => {
      server.asked.push(path);
      const id = params.path?.task_id;
      if (id === undefined) return Promise.resolve({ data: { items: [...server.tasks.values()] } });
      const found = server.tasks.get(id);
      return found === undefined ? Promise.reject(new Error("not there")) : Promise.resolve({ data: found });
    },
    POST: (path: string, { params }: { params: { path: { task_id: string } } }) => {
      server.asked.push(path);
      return Promise.resolve({ data: server.tasks.get(params.path.task_id) });
    },
  },
}));
vi.mock("@/api/live", () => ({
  isLive: server.isLive,
  onTask: (listener: (update: unknown) => void) => (server.tell = listener),
  onConnected: (listener: () => void) => (server.connected = listener),
}));

function task(id: string, more: Partial<TaskAnswer> = {}): TaskAnswer {
  const made = { id, kind: "tryon", status: "running", progress: 0, stage: "read", parameters: {}, attempts: 1 } as const;
  return { ...made, created_at: `2026-11-22T10:00:0${id}Z`, ...more };
}

function update(id: string, more: Partial<TaskUpdate> = {}): TaskUpdate {
  return { type: "task_update", task_id: id, kind: "tryon", status: "running", progress: 0.5, stage: "drape", ...more };
}

beforeEach(() => {
  vi.useFakeTimers();
  setActivePinia(createPinia());
  server.tasks.clear();
  server.asked = [];
  server.isLive.value = true;
});
afterEach(() => {
  useTasks().forget();
  vi.useRealTimers();
});

describe("tasks", () => {
  it("are caught up on when a connection is made, newest first", async () => {
    const tasks = useTasks();
    server.tasks.set("1", task("1")).set("2", task("2", { status: "succeeded" }));
    server.connected();
    await vi.waitFor(() => expect(tasks.items.map((one) => one.id)).toEqual(["2", "1"]));
    expect(tasks.running.map((one) => one.id)).toEqual(["1"]);
  });

  it("follow what the server tells", () => {
    const tasks = useTasks();
    tasks.track(task("1"));
    server.tell(update("1", { progress: 0.7 }));
    expect(tasks.get("1")).toMatchObject({ progress: 0.7, stage: "drape" });
    expect(server.asked).toEqual([]);
  });

  it("that were begun in another window are asked for", async () => {
    const tasks = useTasks();
    server.tasks.set("3", task("3"));
    server.tell(update("3"));
    await vi.waitFor(() => expect(tasks.get("3")?.status).toBe("running"));
  });

  it("tell their end to who waits, and to nobody else", async () => {
    const tasks = useTasks();
    const heard: string[] = [];
    const stop = tasks.onUnawaitedEnd((one) => heard.push(one.id));
    tasks.track(task("1"));
    tasks.track(task("2"));
    const end = tasks.whenEnded("1");
    for (const id of ["1", "2"]) {
      server.tasks.set(id, task(id, { status: "succeeded", finished_at: "2126-01-01T00:00:00Z", result: { vton_id: id } }));
      server.tell(update(id, { status: "succeeded" }));
    }
    expect((await end).result).toEqual({ vton_id: "1" });
    await vi.waitFor(() => expect(heard).toEqual(["2"]));
    stop();
    expect(tasks.news.map((one) => one.id)).toEqual(["2"]); // the first was seen
  });

  it("that ended before are at their end at once", async () => {
    server.tasks.set("1", task("1", { status: "failed" }));
    expect((await useTasks().whenEnded("1")).status).toBe("failed");
    await expect(useTasks().whenEnded("9")).rejects.toThrow("not there");
  });

  it("are asked after while nothing is told by itself, until they have ended", async () => {
    const tasks = useTasks();
    server.isLive.value = false;
    server.tasks.set("1", task("1"));
    tasks.track(task("1"));
    await vi.advanceTimersByTimeAsync(2100);
    expect(server.asked).toHaveLength(1);
    server.tasks.set("1", task("1", { status: "succeeded" }));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(tasks.running).toEqual([]);
    expect(server.asked).toHaveLength(2);
  });

  it("that are in line are asked after even so, since nobody tells the place", async () => {
    useTasks().track(task("1", { status: "queued", queue_position: 3 }));
    server.tasks.set("1", task("1", { status: "queued", queue_position: 2 }));
    await vi.advanceTimersByTimeAsync(2100);
    expect(useTasks().get("1")?.queue_position).toBe(2);
  });

  it("are as new when they are tried again", async () => {
    const tasks = useTasks();
    tasks.track(task("1", { status: "failed" }));
    server.tasks.set("1", task("1", { status: "queued" }));
    await tasks.retry("1");
    expect(tasks.running).toHaveLength(1);
  });
});
