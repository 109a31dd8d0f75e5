// Pictures that are being made: asked for, followed until they are done, given up.
import { cancelTask, fetchTask, Refusal, startFitting } from "./server.js";
import { say } from "./speech.js";

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 1000;
const PATIENCE = 30; // times that the server may not answer in a row before a fitting is given up
// What engines and the server call their stages, and which of the page's words tell it.
const STAGES = {
  read: "read", analyse: "look", person: "look", garment: "look", prepare: "prepare", preparing: "prepare",
  connecting: "connect", sending: "send", remote_send: "send", remote_queue: "queue", remote_full: "full",
  fetching: "fetch", remote_fetch: "fetch", finish: "finish", finishing: "finish", sign: "finish", save: "finish",
};
const ENDED = new Set(["succeeded", "failed", "cancelled"]);

export class Fitting {
  #wantsStop = false;

  constructor(order, engine) {
    this.order = order;
    this.engine = engine;
    this.task = null;
  }

  // The result; null when it was given up. `tell` is called whenever there is something new to show.
  async make(tell) {
    this.task = await startFitting(this.order, this.engine);
    let pause = FIRST_PAUSE_MS;
    let silent = 0;
    while (!ENDED.has(this.task.status)) {
      tell(this);
      await new Promise((resolve) => setTimeout(resolve, pause));
      pause = Math.min(LONGEST_PAUSE_MS, pause * 1.3);
      try {
        this.task = await fetchTask(this.task.id);
        silent = 0;
      } catch (error) {
        // A server that starts again goes on with what it was asked for, and so does the page.
        if (error.code !== "offline" || ++silent > PATIENCE) throw error;
      }
    }
    if (this.task.status === "cancelled") return null;
    const { result, error } = this.task;
    if (this.task.status === "failed") throw new Refusal(error.code, error.message, error.hint);
    return { ...result, engine: this.engine };
  }

  async stop() {
    if (this.#wantsStop || !this.task) return;
    this.#wantsStop = true;
    try {
      this.task = await cancelTask(this.task.id);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error; // it has just ended: that is told soon enough
    } finally {
      this.#wantsStop = false;
    }
  }

  get progress() {
    return this.task?.status === "running" ? this.task.progress : 0;
  }

  // How it stands, in a line.
  get sentence() {
    const { status, stage, queue_position: position, attempts } = this.task ?? {};
    if (status !== "running" && attempts > 0) return say("again");
    if (status !== "running") return position > 1 ? say("in-line-at", { position }) : say("in-line");
    const [name, ...pairs] = stage.split(" ");
    const values = Object.fromEntries(pairs.map((pair) => pair.split("=")));
    const parts = [say(`stage-${STAGES[name] ?? "make"}`)];
    if (values.position) parts.push(say("place", values));
    const [step, steps] = [values.step ?? values.done, values.steps ?? values.of];
    if (step && steps) parts.push(say("step", { step, steps }));
    if (values.seconds) parts.push(say("seconds-left", { seconds: Math.max(1, Math.round(values.seconds)) }));
    return parts.join(" · ");
  }
}
