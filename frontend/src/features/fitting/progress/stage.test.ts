import { describe, expect, it } from "vitest";

import type { TaskAnswer } from "@/api/schema";

import { placeOf, rounded, secondsLeft } from "./stage";

const NOW = Date.parse("2026-11-22T10:00:20Z");

function task(told: Partial<TaskAnswer>): TaskAnswer {
  return {
    id: "t",
    kind: "tryon",
    status: "running",
    progress: 0,
    stage: "",
    parameters: {},
    attempts: 1,
    created_at: "2026-11-22T10:00:00Z",
    started_at: "2026-11-22T10:00:00Z",
    ...told,
  };
}

describe("a stage", () => {
  it("says the place in line: ours first, then the service's", () => {
    expect(placeOf(task({ status: "queued", queue_position: 2 }))).toEqual({ position: 2, of: null });
    expect(placeOf(task({ stage: "remote_queue position=3 size=7" }))).toEqual({ position: 3, of: 7 });
    expect(placeOf(task({ stage: "remote_queue" }))).toBeNull();
  });
});

describe("the time left", () => {
  it("is what the engine says, where it says so", () => {
    expect(secondsLeft(task({ stage: "denoise step=3 seconds=12", progress: 0.9 }), NOW)).toBe(12);
  });

  it("else follows from the pace, once there is one", () => {
    expect(secondsLeft(task({ progress: 0.5 }), NOW)).toBe(20);
    expect(secondsLeft(task({ progress: 0.1 }), NOW)).toBeNull();
    expect(secondsLeft(task({ progress: 0.5, started_at: null }), NOW)).toBeNull();
    expect(secondsLeft(task({ progress: 0.5, started_at: "2026-11-22T10:05:00Z" }), NOW)).toBeNull();
    expect(secondsLeft(task({ status: "queued", progress: 0.5 }), NOW)).toBeNull();
  });

  it("is told without false precision", () => {
    expect(rounded(0.2)).toEqual({ unit: "seconds", value: 1 });
    expect(rounded(6.1)).toEqual({ unit: "seconds", value: 7 });
    expect(rounded(21)).toEqual({ unit: "seconds", value: 25 });
    expect(rounded(61)).toEqual({ unit: "seconds", value: 70 });
    expect(rounded(150)).toEqual({ unit: "minutes", value: 3 });
  });
});
