import { describe, expect, it } from "vitest";

import type { LibraryImage, TaskAnswer } from "@/api/schema";

import { failedOfLate, nextSteps, type Situation } from "./next";

const picture = (id: string): LibraryImage => ({ id, original_name: id }) as LibraryImage;
const NOW: Situation = {
  people: [picture("me")],
  clothes: [picture("coat"), picture("tee")],
  resultCount: 0,
  clothesCount: 9,
  isSample: (image) => image.id.startsWith("drawn"),
  hasStrongEngine: true,
  failedTasks: 0,
  canDraw: false,
};

function kinds(more: Partial<Situation>): string[] {
  return nextSteps({ ...NOW, ...more }).map((step) => step.kind);
}

describe("what to do next", () => {
  it("puts the newest own garment on the newest own photo", () => {
    const people = [picture("drawn person"), picture("me")];
    expect(nextSteps({ ...NOW, people })).toContainEqual({ kind: "tryOn", person: NOW.people[0], garment: NOW.clothes[0] });
  });

  it("asks for one's own where there is only the drawn pair", () => {
    const drawn = { people: [picture("drawn person")], clothes: [picture("drawn shirt")], clothesCount: 1 };
    expect(kinds(drawn)).toEqual(["ownPhoto", "ownGarment", "tryOn"]);
  });

  it("proposes to fill a small wardrobe", () => {
    expect(kinds({ clothesCount: 2 })).toEqual(["tryOn", "moreGarments", "photograph"]);
  });

  it("tells of stronger engines where none is there, and of photographs where none was made", () => {
    expect(kinds({ hasStrongEngine: false })).toEqual(["tryOn", "strongEngine"]);
    expect(kinds({ resultCount: 3 })).toEqual(["tryOn"]);
  });

  it("names the studio where somebody draws, after what is more useful", () => {
    expect(kinds({ resultCount: 3, canDraw: true })).toEqual(["tryOn", "draw"]);
    expect(kinds({ clothesCount: 2, canDraw: true })).toEqual(["tryOn", "moreGarments", "photograph"]);
  });

  it("puts what failed first and never says more than three things", () => {
    expect(kinds({ failedTasks: 1, clothesCount: 1 })).toEqual(["failed", "tryOn", "moreGarments"]);
  });
});

describe("what failed of late", () => {
  const task = (status: string, finished: string): TaskAnswer => ({ status, finished_at: finished }) as TaskAnswer;

  it("is of the last day only", () => {
    const now = Date.parse("2026-11-22T12:00:00Z");
    const tasks = [
      task("failed", "2026-11-22T11:00:00Z"),
      task("failed", "2026-11-20T11:00:00Z"),
      task("succeeded", "2026-11-22T11:00:00Z"),
    ];
    expect(failedOfLate(tasks, now)).toEqual([tasks[0]]);
  });
});
