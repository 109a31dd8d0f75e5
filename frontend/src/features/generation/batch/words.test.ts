import { beforeAll, describe, expect, it } from "vitest";

import type { TaskAnswer } from "@/api/schema";
import { readBatch } from "@/features/generation/batch/told";
import { countWords, stageWords, totalWords } from "@/features/generation/batch/words";
import { speak } from "@/i18n";

function task(more: Partial<TaskAnswer> = {}): TaskAnswer {
  return {
    id: "1",
    kind: "batch",
    status: "running",
    progress: 0.4,
    stage: "batch done=41 of=100",
    parameters: { batch_name: "b", count: 100, prompt: "a red coat", model: "m" },
    attempts: 1,
    created_at: "2026-11-22T10:00:00Z",
    ...more,
  };
}

beforeAll(() => speak("en"));

describe("a batch's task", () => {
  it("tells its name, its prompts and how far it is", () => {
    expect(readBatch(task())).toMatchObject({ name: "b", total: 100, done: 41, first: "a red coat", model: "m", counts: null });
    expect(readBatch(task({ parameters: {}, stage: "" }))).toMatchObject({ name: null, total: null, done: null, first: "" });
  });

  it("is told by what has been done, and then by what became of it", () => {
    expect(totalWords(1)).toBe("One prompt");
    expect(totalWords(100)).toBe("100 prompts");
    expect(stageWords(task())).toBe("41 of 100 done");
    expect(stageWords(task({ stage: "batch done=0 of=100" }))).toBe("Handed in, the service has not begun");
    expect(stageWords(task({ stage: "collect done=3 of=100" }))).toBe("Fetching the pictures: 3 of 100");
    expect(stageWords(task({ status: "queued", stage: "" }))).toBe("Waiting");
    const result = { counts: { total: 100, succeeded: 93, failed: 7 } };
    expect(stageWords(task({ status: "succeeded", result }))).toBe("93 drawn · 7 did not work");
    expect(stageWords(task({ status: "cancelled", result: null }))).toBe("");
  });

  it("counts what is open, or will not come any more", () => {
    expect(countWords({ total: 10, succeeded: 1, failed: 0 }, false)).toBe("one drawn · 9 to come");
    expect(countWords({ total: 10, succeeded: 4, failed: 1 }, true)).toBe("4 drawn · one did not work · 5 not drawn");
    expect(countWords({ total: 2, succeeded: 0, failed: 2 }, true)).toBe("none drawn · 2 did not work");
  });
});
