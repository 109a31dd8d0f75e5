import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { waitBefore } from "@/api/backoff";
import { connect, disconnect, isLive, onConnected, onLibrary, onTask, tryNow } from "@/api/live";

/** A socket whose other end is the test. */
class Line extends EventTarget {
  static readonly OPEN = 1;
  static lines: Line[] = [];
  readyState = 0;
  sent: string[] = [];

  constructor(readonly address: URL) {
    super();
    Line.lines.push(this);
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {
    this.readyState = 3;
  }

  opens(): void {
    this.readyState = Line.OPEN;
    this.dispatchEvent(new Event("open"));
  }

  tells(message: unknown): void {
    this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(message) }));
  }

  breaks(code = 1006): void {
    this.readyState = 3;
    this.dispatchEvent(Object.assign(new Event("close"), { code }));
  }
}

const HEARTBEAT = { type: "heartbeat" };
let unknown: ReturnType<typeof vi.fn<() => void>>;

function line(index = -1): Line {
  const found = Line.lines.at(index);
  if (found === undefined) throw new Error("nobody called");
  return found;
}

function comeUp(): void {
  line().opens();
  line().tells(HEARTBEAT);
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", Line);
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  Line.lines = [];
  unknown = vi.fn<() => void>();
  connect(unknown);
});
afterEach(() => {
  disconnect();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe("the pause before the next try", () => {
  it("doubles from half a second, and ends at a quarter of a minute", () => {
    expect([0, 1, 2, 3].map((tries) => waitBefore(tries, 0.5))).toEqual([500, 1000, 2000, 4000]);
    expect(waitBefore(30, 0.5)).toBe(15_000);
  });

  it("is spread by a quarter to both sides", () => {
    expect([waitBefore(1, 0), waitBefore(1, 1)]).toEqual([750, 1250]);
  });
});

describe("the connection", () => {
  it("asks for news of the library, and is live when the server has answered", () => {
    line().opens();
    expect(line().sent).toContain('{"type":"watch","topic":"library"}');
    expect(isLive.value).toBe(false);
    line().tells(HEARTBEAT);
    expect(isLive.value).toBe(true);
  });

  it("passes news on, and nothing that it does not know", () => {
    const [tasks, library] = [vi.fn(), vi.fn()];
    const stops = [onTask(tasks), onLibrary(library)];
    comeUp();
    line().tells({ type: "task_update", task_id: "1" });
    line().tells({ type: "library_update", image_ids: ["a"], more: false });
    line().tells({ type: "weather" });
    line().dispatchEvent(new MessageEvent("message", { data: "no JSON" }));
    for (const stop of stops) stop();
    line().tells({ type: "task_update", task_id: "2" });
    expect(tasks.mock.calls).toEqual([[{ type: "task_update", task_id: "1" }]]);
    expect(library).toHaveBeenCalledOnce();
  });

  it("comes back by itself, more and more slowly, and says so each time", () => {
    const connected = vi.fn();
    const stop = onConnected(connected);
    comeUp();
    line().breaks();
    expect(isLive.value).toBe(false);
    vi.advanceTimersByTime(499);
    expect(Line.lines).toHaveLength(1);
    vi.advanceTimersByTime(1);
    line().breaks();
    vi.advanceTimersByTime(999);
    expect(Line.lines).toHaveLength(2);
    vi.advanceTimersByTime(1);
    comeUp();
    expect(connected).toHaveBeenCalledTimes(2);
    line().breaks(); // begins anew with half a second
    vi.advanceTimersByTime(500);
    expect(Line.lines).toHaveLength(4);
    stop();
  });

  it("is tried at once when the network is back, or somebody asks", () => {
    comeUp();
    line().breaks();
    window.dispatchEvent(new Event("online"));
    expect(Line.lines).toHaveLength(2);
    line().breaks();
    tryNow();
    expect(Line.lines).toHaveLength(3);
    comeUp();
    tryNow();
    expect(Line.lines).toHaveLength(3);
  });

  it("looks who is here when the server says that nobody is", () => {
    line().opens();
    line().breaks(4401);
    expect(unknown).toHaveBeenCalledOnce();
    expect(isLive.value).toBe(false);
  });

  it("is given up when nothing was heard for over a minute", () => {
    comeUp();
    vi.advanceTimersByTime(50_000);
    line().tells(HEARTBEAT);
    vi.advanceTimersByTime(50_000);
    expect(Line.lines).toHaveLength(1);
    vi.advanceTimersByTime(50_000);
    expect(Line.lines.length).toBeGreaterThan(1);
  });

  it("is called to account when the page is looked at again after a sleep", () => {
    comeUp();
    vi.advanceTimersByTime(10);
    document.dispatchEvent(new Event("visibilitychange"));
    vi.advanceTimersByTime(1000);
    line().tells(HEARTBEAT);
    vi.advanceTimersByTime(10_000);
    expect(Line.lines).toHaveLength(1);
    document.dispatchEvent(new Event("visibilitychange"));
    vi.advanceTimersByTime(5000);
    expect(Line.lines).toHaveLength(2);
  });

  it("ends when it is no longer wanted", () => {
    comeUp();
    disconnect();
    expect(isLive.value).toBe(false);
    line().breaks();
    vi.advanceTimersByTime(60_000);
    expect(Line.lines).toHaveLength(1);
  });
});
