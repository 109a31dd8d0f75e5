import { describe, expect, it } from "vitest";

import { add, covers, type Drawing, EMPTY, extend, isBlank, redo, resized, type Stroke, undo } from "./strokes";

const WIDTH = 300;
const HEIGHT = 400;

function stroke(tool: Stroke["tool"], size: number, ...points: [number, number][]): Stroke {
  return { tool, size, points: points.map(([x, y]) => ({ x, y })) };
}

function isMarked(drawing: Drawing, x: number, y: number): boolean {
  return covers(drawing, { x, y });
}

describe("a brush", () => {
  it("covers what lies under its line, round at the ends", () => {
    const drawing = add(EMPTY, stroke("brush", 20, [100, 100], [200, 100]));
    expect(isMarked(drawing, 150, 109)).toBe(true);
    expect(isMarked(drawing, 150, 111)).toBe(false);
    expect(isMarked(drawing, 92, 100)).toBe(true);
    expect(isMarked(drawing, 92, 108)).toBe(false);
  });

  it("dabs with a single point", () => {
    const drawing = add(EMPTY, stroke("brush", 20, [50, 50]));
    expect(isMarked(drawing, 57, 57)).toBe(true);
    expect(isMarked(drawing, 58, 58)).toBe(false);
  });

  it("goes on with the line, but not for a hair's breadth", () => {
    let drawing = add(EMPTY, stroke("brush", 40, [10, 10]));
    drawing = extend(drawing, { x: 12, y: 10 });
    expect((drawing.done[0] as Stroke).points).toHaveLength(1);
    drawing = extend(drawing, { x: 30, y: 10 });
    expect((drawing.done[0] as Stroke).points).toHaveLength(2);
    expect(extend(EMPTY, { x: 1, y: 1 })).toBe(EMPTY);
  });
});

describe("an eraser", () => {
  it("takes away what was there, and what comes after is there again", () => {
    let drawing = add(EMPTY, stroke("brush", 60, [100, 100]));
    drawing = add(drawing, stroke("eraser", 20, [100, 100]));
    expect(isMarked(drawing, 100, 100)).toBe(false);
    expect(isMarked(drawing, 120, 100)).toBe(true);
    drawing = add(drawing, stroke("brush", 4, [100, 100]));
    expect(isMarked(drawing, 100, 100)).toBe(true);
  });

  it("leaves a blank mask where it took everything", () => {
    const drawing = add(EMPTY, stroke("brush", 30, [100, 100]));
    expect(isBlank(drawing, WIDTH, HEIGHT)).toBe(false);
    expect(isBlank(add(drawing, stroke("eraser", 40, [100, 100])), WIDTH, HEIGHT)).toBe(true);
    expect(isBlank(add(EMPTY, stroke("eraser", 40, [100, 100])), WIDTH, HEIGHT)).toBe(true);
    expect(isBlank(EMPTY, WIDTH, HEIGHT)).toBe(true);
  });
});

describe("areas", () => {
  const upper = { tool: "fill", left: 0, top: 0, right: WIDTH, bottom: 200 } as const;
  const all = { tool: "clear", left: 0, top: 0, right: WIDTH, bottom: HEIGHT } as const;

  it("are filled and cleared at once", () => {
    const drawing = add(EMPTY, upper);
    expect(isMarked(drawing, 299, 199)).toBe(true);
    expect(isMarked(drawing, 150, 201)).toBe(false);
    expect(isBlank(add(drawing, all), WIDTH, HEIGHT)).toBe(true);
  });

  it("can be undone like any stroke", () => {
    const cleared = add(add(EMPTY, upper), all);
    expect(isMarked(undo(cleared), 150, 100)).toBe(true);
  });
});

describe("going back", () => {
  const one = add(EMPTY, stroke("brush", 20, [50, 50]));
  const two = add(one, stroke("brush", 20, [150, 50]));

  it("takes back the last, and brings it again", () => {
    expect(undo(two).done).toEqual(one.done);
    expect(redo(undo(two))).toEqual(two);
    expect(redo(redo(undo(undo(two))))).toEqual(two);
  });

  it("ends at both ends", () => {
    expect(undo(EMPTY)).toBe(EMPTY);
    expect(redo(two)).toBe(two);
  });

  it("forgets what was undone once something new is drawn", () => {
    const other = add(undo(two), stroke("brush", 20, [250, 50]));
    expect(other.undone).toEqual([]);
    expect(isMarked(other, 150, 50)).toBe(false);
    expect(redo(other)).toBe(other);
  });

  it("changes no drawing that somebody holds", () => {
    undo(two);
    extend(two, { x: 299, y: 299 });
    expect(two.done).toHaveLength(2);
    expect((two.done[1] as Stroke).points).toHaveLength(1);
  });
});

describe("the size of a brush", () => {
  it("grows and shrinks in steps and stays drawable", () => {
    expect(resized(20, 1, WIDTH, HEIGHT)).toBe(25);
    expect(resized(25, -1, WIDTH, HEIGHT)).toBe(20);
    expect(resized(20, 50, WIDTH, HEIGHT)).toBe(150);
    expect(resized(20, -50, WIDTH, HEIGHT)).toBe(3);
  });
});
