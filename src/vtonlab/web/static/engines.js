// Which engine makes the picture, and the question before a photo leaves this machine for the first time.
import { fetchEngines, Refusal } from "./server.js";
import { onLanguage, say } from "./speech.js";

const AGAIN_MS = 15_000;
const SOON_MS = 1_000;
const SERVING = new Set(["ok", "degraded", "unknown"]);
const element = (id) => document.getElementById(id);

export class Engines {
  constructor(onChange) {
    this.items = [];
    this.chosen = null;
    this.onChange = onChange;
    element("engines").addEventListener("change", (event) => this.#choose(event.target.value));
    onLanguage(() => this.meet(this.usual));
  }

  // Asks which there are; asked again from time to time, for services come and go. `usual`: the one that is chosen
  // until somebody picks another.
  async meet(usual) {
    if (!usual) return;
    this.usual = usual;
    clearTimeout(this.timer);
    let pause = AGAIN_MS;
    try {
      const known = await fetchEngines();
      if (known.some((item) => item.status === "unknown")) pause = SOON_MS;
      this.builtIn = known[0]?.name;
      this.items = known.filter((item) => item.name === usual || isOffered(item));
      const name = this.chosen?.name ?? localStorage.getItem("engine") ?? usual;
      this.chosen = this.items.find((item) => item.name === name) ?? this.items.find((item) => item.name === usual);
      this.#draw();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.meet(usual), pause);
  }

  titleOf(name) {
    return this.items.find((item) => item.name === name)?.title ?? name;
  }

  // Whether another program or machine does its work.
  waits(name) {
    return Boolean(this.items.find((item) => item.name === name)?.capabilities?.waits);
  }

  // Whether the chosen one is that which also makes the previews: the server tells of it first.
  get isBuiltIn() {
    return !this.chosen || this.chosen.name === this.builtIn;
  }

  // Whether the chosen engine may be sent the photos: true at once for those of this machine, else by asking, once.
  async mayUse() {
    const { name, title, sends_pictures_to: host } = this.chosen;
    const key = `sent-to:${name}:${host}`;
    if (!host || localStorage.getItem(key)) return true;
    element("consent-title").textContent = say("consent-title", { engine: title, host });
    element("consent-card").replaceChildren(...this.#card(this.chosen));
    const dialog = element("consent");
    dialog.returnValue = "";
    dialog.showModal();
    await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
    if (dialog.returnValue !== "send") return false;
    localStorage.setItem(key, new Date().toISOString());
    return true;
  }

  #choose(name) {
    localStorage.setItem("engine", name);
    this.chosen = this.items.find((item) => item.name === name);
    this.#draw();
  }

  #draw() {
    const box = element("engines");
    box.hidden = this.items.length < 2;
    const held = box.contains(document.activeElement);
    box.replaceChildren(box.firstElementChild, ...this.items.map((item) => this.#radio(item)));
    if (held) box.querySelector("input:checked")?.focus();
    const about = element("engine-about");
    const isWorking = !this.chosen || SERVING.has(this.chosen.status);
    about.hidden = isWorking;
    if (!isWorking) about.textContent = [this.chosen.detail, this.chosen.hint].filter(Boolean).join(" ");
    this.onChange();
  }

  #radio(item) {
    const radio = Object.assign(document.createElement("input"), {
      type: "radio", name: "engine", value: item.name, checked: item === this.chosen,
    });
    const name = Object.assign(document.createElement("b"), { textContent: item.title });
    const host = item.sends_pictures_to;
    const where = host ? say("sends-to", { host }) : say("stays-here");
    const state = SERVING.has(item.status) ? where : say(item.status === "down" ? "not-running" : "not-available");
    const small = Object.assign(document.createElement("small"), { textContent: state });
    const label = document.createElement("label");
    label.append(radio, name, small);
    return label;
  }

  #card({ privacy, commercial_use: isCommercial, licence, is_paid: isPaid, cost }) {
    const rows = [privacy, say(isCommercial ? "commerce-allowed" : "commerce-forbidden", { licence })];
    if (isPaid) rows.push(cost);
    return rows.map((text) => Object.assign(document.createElement("p"), { textContent: text }));
  }
}

// Those that nobody has set up are no choice; those that are down are, with what to do about it.
function isOffered(item) {
  return ["ok", "degraded", "down"].includes(item.status) && item.capabilities?.try_on !== false;
}
