import { beforeAll, describe, expect, it } from "vitest";

import type { TaskAnswer } from "@/api/schema";
import { isNews } from "@/features/tasks/news";
import { fittingOf, pictureOf } from "@/features/tasks/result";
import { agoText, leftText } from "@/features/tasks/time";
import { kindText, placeText, readStage, stageText } from "@/features/tasks/words";
import { speak } from "@/i18n";

function task(more: Partial<TaskAnswer> = {}): TaskAnswer {
  return {
    id: "1",
    kind: "tryon",
    status: "running",
    progress: 0.5,
    stage: "drape",
    parameters: {},
    attempts: 1,
    created_at: "2026-11-22T10:00:00Z",
    ...more,
  };
}

beforeAll(() => speak("en"));

describe("a stage", () => {
  it("is a word and numbers", () => {
    expect(readStage("remote_queue position=3 size=7 seconds=42")).toEqual({
      name: "remote_queue",
      values: { position: 3, size: 7, seconds: 42 },
    });
    expect(readStage("remote_work done= of=x")).toEqual({ name: "remote_work", values: {} });
    expect(readStage("")).toEqual({ name: "", values: {} });
  });

  it("is told in the reader's language, with its steps or its place in line", async () => {
    expect(stageText("drape")).toBe("Draping the garment");
    expect(stageText("denoise step=3 steps=25 seconds=9")).toBe("Drawing, step 3 of 25");
    expect(stageText("remote_work done=4 of=30")).toBe("The service is making the picture, step 4 of 30");
    expect(stageText("remote_queue position=3 size=7")).toBe("In line at the service, place 3");
    await speak("zh-CN");
    expect(stageText("drape")).toBe("正在贴合衣服");
    await speak("en");
  });

  it("that nobody has heard of is work, and no word of a machine", () => {
    expect(stageText("quantise_latents")).toBe("Working");
    expect(stageText("constructor")).toBe("Working");
    expect(stageText("")).toBe("Working");
  });
});

describe("a task", () => {
  it("is called by its kind, and by its parts", () => {
    expect(kindText(task())).toBe("Fitting");
    expect(kindText(task({ children: ["a", "b"] }))).toBe("Fitting (2)");
    expect(kindText(task({ kind: "weave" }))).toBe("Task");
  });

  it("in line says where, unless it is next", () => {
    expect(placeText(task({ status: "queued", queue_position: 3 }))).toBe("Waiting, place 3 in line");
    expect(placeText(task({ status: "queued", queue_position: 1 }))).toBe("Waiting");
    expect(placeText(task())).toBe("");
  });

  it("says how long it may still take only where that is known", () => {
    const now = Date.parse("2026-11-22T10:00:30Z");
    expect(leftText(task({ stage: "denoise seconds=42" }), now)).toBe("about 50 s left");
    expect(leftText(task({ started_at: "2026-11-22T10:00:00Z" }), now)).toBe("about 30 s left");
    expect(leftText(task(), now)).toBe("");
    expect(leftText(task({ status: "queued", stage: "x seconds=42" }), now)).toBe("");
  });

  it("says when it was as people do", () => {
    const now = Date.parse("2026-11-22T10:00:00Z");
    expect(agoText("2026-11-22T09:59:40Z", now, "en")).toBe("now");
    expect(agoText("2026-11-22T10:00:40Z", now, "en")).toBe("now"); // the server's clock is ahead
    expect(agoText("2026-11-22T09:55:00Z", now, "en")).toBe("5 minutes ago");
    expect(agoText("2026-11-22T07:30:00Z", now, "zh-CN")).toBe("2小时前");
    expect(agoText("2026-11-21T08:00:00Z", now, "en")).toBe("yesterday");
  });

  it("has a picture where it succeeded and made one", () => {
    const result = { images: [{ image_id: "p", url: "/p" }], vton_id: "v" };
    expect(pictureOf(task({ status: "succeeded", result }))).toBe("p");
    expect(fittingOf(task({ status: "succeeded", result }))).toBe("v");
    expect(pictureOf(task({ status: "running", result }))).toBeNull();
    expect(pictureOf(task({ status: "succeeded", result: { images: [] } }))).toBeNull();
    expect(pictureOf(task({ status: "succeeded", result: null }))).toBeNull();
  });
});

describe("news", () => {
  const until = "2026-11-22T10:00:00Z";
  const ended = (finished_at: string, more: Partial<TaskAnswer> = {}): TaskAnswer =>
    task({ status: "succeeded", finished_at, ...more });

  it("is what ended since one looked", () => {
    expect(isNews(ended("2026-11-22T10:00:01Z"), until, new Set())).toBe(true);
    expect(isNews(ended("2026-11-22T09:59:59Z"), until, new Set())).toBe(false);
    expect(isNews(ended("2026-11-22T10:00:01Z", { status: "failed" }), until, new Set())).toBe(true);
  });

  it("is not what runs, was cancelled, or was waited for", () => {
    expect(isNews(task(), until, new Set())).toBe(false);
    expect(isNews(ended("2026-11-22T10:00:01Z", { status: "cancelled" }), until, new Set())).toBe(false);
    expect(isNews(ended("2026-11-22T10:00:01Z"), until, new Set(["1"]))).toBe(false);
  });
});
