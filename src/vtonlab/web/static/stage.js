// The mirror: the picture, the original behind it, how sure the engine is, and what went wrong.
import { currentLanguage, onLanguage, say } from "./speech.js";

const SLOW_MS = 300;
const element = (id) => document.getElementById(id);

export class Stage {
  #timer = 0;
  #shown = null;
  #met = false;

  constructor() {
    const compare = element("compare");
    const mirror = element("mirror");
    for (const handle of [compare, mirror]) {
      handle.addEventListener("pointerdown", () => this.#compare(true));
      for (const end of ["pointerup", "pointerleave", "pointercancel"]) {
        handle.addEventListener(end, () => this.#compare(false));
      }
      handle.addEventListener("contextmenu", (event) => event.preventDefault());
    }
    addEventListener("keydown", (event) => {
      if (event.code !== "Space" || (event.target.closest("button, a, input, summary") && event.target !== compare)) return;
      if (!this.#shown) return;
      event.preventDefault();
      this.#compare(true);
    });
    addEventListener("keyup", (event) => {
      if (event.code === "Space") this.#compare(false);
    });
    addEventListener("blur", () => this.#compare(false));
    onLanguage(() => this.#shown && this.#tell());
  }

  wait(first) {
    this.#settle();
    element("mirror").setAttribute("aria-busy", "true");
    this.#timer = setTimeout(() => {
      element("progress").hidden = false;
      element("progress").setAttribute("aria-label", say("fitting"));
      element("status").textContent = say(first ? "fitting-first" : "fitting");
    }, SLOW_MS);
  }

  // A fitting that is being made, over what is shown already.
  work(fitting) {
    this.#settle();
    element("mirror").dataset.work = "";
    element("status").textContent = "";
    element("working").hidden = false;
    element("working-words").textContent = fitting.sentence;
    const share = Math.round(100 * fitting.progress);
    const bar = element("progress");
    bar.hidden = false;
    bar.classList.toggle("measured", share > 0);
    bar.setAttribute("aria-label", fitting.sentence);
    if (share > 0) bar.setAttribute("aria-valuenow", share);
    bar.firstElementChild.style.width = share > 0 ? `${share}%` : "";
  }

  // Which buttons there are. `engine`: its title, where there is a choice.
  offer({ make, keep, engine }) {
    element("make").hidden = !make;
    element("make").textContent = engine ? say("make-with", { engine }) : say("make");
    element("download").hidden = !keep;
    element("make").classList.toggle("main", !keep);
    element("compare").hidden = this.#shown === null;
    element("tools").hidden = !make && !keep && this.#shown === null;
  }

  show(result, person, garment) {
    this.#settle();
    this.#shown = { result, person, garment };
    element("before").src = person.url;
    element("after").src = result.url;
    element("download").href = result.url;
    element("mirror").dataset.state = result.engine ? "result" : "preview";
    element("tools").hidden = false;
    element("compare").hidden = false;
    element("verdict").hidden = false;
    if (!this.#met) element("mirror").scrollIntoView({ block: "nearest", behavior: "smooth" });
    this.#met = true;
    this.#tell();
  }

  // The photo alone, while there is nothing to put on it.
  showPerson(person) {
    this.clear();
    if (!person) return;
    element("after").src = person.url;
    element("after").alt = person.name;
    element("mirror").dataset.state = "person";
  }

  tell(sentence) {
    this.#settle();
    element("status").textContent = sentence;
  }

  fail(error) {
    this.#settle();
    const box = element("failure");
    box.hidden = false;
    box.querySelector("strong").textContent = error.message;
    box.querySelector("span").textContent = error.hint ?? "";
    element("status").textContent = "";
  }

  clear() {
    this.#settle();
    this.#shown = null;
    for (const id of ["before", "after"]) element(id).removeAttribute("src");
    element("mirror").dataset.state = "empty";
    element("compare").hidden = element("verdict").hidden = true;
    element("status").textContent = "";
  }

  #settle() {
    clearTimeout(this.#timer);
    const bar = element("progress");
    bar.hidden = true;
    bar.classList.remove("measured");
    bar.removeAttribute("aria-valuenow");
    bar.firstElementChild.style.width = "";
    element("working").hidden = true;
    element("failure").hidden = true;
    delete element("mirror").dataset.work;
    element("mirror").removeAttribute("aria-busy");
    element("status").classList.remove("unseen");
  }

  #compare(on) {
    const before = on && this.#shown !== null;
    element("mirror").classList.toggle("comparing", before);
    element("compare").setAttribute("aria-pressed", String(before));
    element("tag").hidden = !before;
    element("tag").textContent = say("original");
  }

  #tell() {
    const { result, person, garment } = this.#shown;
    element("after").alt = say("result-alt", { person: person.name, garment: garment.name });
    element("before").alt = say("original-alt", { person: person.name });
    const seconds = result.took.toFixed(1);
    element("status").textContent = say(result.engine ? "done" : "previewed", { seconds });
    element("status").classList.add("unseen"); // the verdict shows it; only a reader of the screen has to be told
    // An engine elsewhere that does not judge its pictures says 1 of each.
    for (const id of ["confidence-word", "confidence"]) element(id).hidden = result.isElsewhere && result.confidence === 1;
    const sure = result.confidence >= 0.7 ? "sure" : result.confidence >= 0.45 ? "fair" : "unsure";
    element("confidence-word").textContent = say(sure);
    element("confidence").value = result.confidence;
    element("confidence").setAttribute("aria-label", say("confidence"));
    element("confidence").title = `${say("confidence")}: ${Math.round(result.confidence * 100)} %`;
    element("made").textContent = say("made-by", { engine: result.title, seconds });
    element("notes").replaceChildren(
      ...result.notes.map((note) =>
        Object.assign(document.createElement("li"), { className: note.level, textContent: note[currentLanguage()] ?? note.text })),
    );
  }
}
