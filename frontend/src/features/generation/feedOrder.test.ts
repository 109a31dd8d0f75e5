import { expect, it } from "vitest";

import type { TaskAnswer } from "@/api/schema";
import { mergeFeed } from "@/features/generation/feedOrder";

function task(id: string, minute: number, change: Partial<TaskAnswer> = {}): TaskAnswer {
  const created_at = `2026-11-22T10:${String(minute).padStart(2, "0")}:00Z`;
  return { id, kind: "generate", status: "succeeded", created_at, parameters: {}, ...change } as TaskAnswer;
}

const ids = (tasks: readonly TaskAnswer[]): string => tasks.map((one) => one.id).join(" ");

it("puts what was heard of since before the pages, newest first", () => {
  expect(ids(mergeFeed([task("b", 2), task("a", 1)], [task("c", 3)], false))).toBe("c b a");
});

it("believes what was heard last", () => {
  const [one] = mergeFeed([task("a", 1, { status: "running" })], [task("a", 1)], true);
  expect(one?.status).toBe("succeeded");
});

it("leaves out other kinds, and parts of groups", () => {
  const others = [task("x", 5, { kind: "tryon" }), task("y", 6, { kind: "batch" }), task("z", 7, { parent_id: "g" })];
  expect(ids(mergeFeed([task("a", 1)], others, true))).toBe("a");
});

it("lets an older one wait until the pages have come so far", () => {
  const pages = [task("c", 3), task("b", 2)];
  expect(ids(mergeFeed(pages, [task("a", 1)], false))).toBe("c b");
  expect(ids(mergeFeed(pages, [task("a", 1)], true))).toBe("c b a");
});

it("keeps one order among those of the same moment", () => {
  const both = [task("a", 1), task("b", 1)];
  expect(ids(mergeFeed(both, [], true))).toBe("b a");
  expect(ids(mergeFeed(both.toReversed(), [], true))).toBe("b a");
});
