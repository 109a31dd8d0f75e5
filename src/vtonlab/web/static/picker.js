// A place for photos: click, drop, paste or camera adds some, a strip below chooses among them.
import { forgetPicture, keepPicture, Refusal } from "./server.js";
import { onLanguage, say, translate } from "./speech.js";

const MEGABYTE = 1e6;
const SLOW_MS = 300;

export class Picker {
  // `category` of the library is where its photos are kept.
  constructor(root, name, category, onChange) {
    root.append(document.getElementById("picker-template").content.cloneNode(true));
    translate(root);
    this.root = root;
    this.name = name;
    this.category = category;
    this.onChange = onChange;
    this.photos = [];
    this.chosen = null;
    this.mostBytes = Infinity;
    this.mayForget = false;
    this.strip = root.querySelector(".strip");
    this.shown = root.querySelector(".chosen");
    this.waiting = root.querySelector(".waiting");
    this.complaint = root.querySelector(".complaint");
    for (const input of root.querySelectorAll("input[type=file]")) {
      input.addEventListener("change", () => {
        this.add(input.files);
        input.value = "";
      });
    }
    this.#acceptDrops();
    const label = () => {
      this.strip.setAttribute("aria-label", say(`choose-${name}`));
      root.querySelector(".drop input").setAttribute("aria-label", `${say(`choose-${name}`)}: ${say("add")}`);
      this.#draw();
    };
    onLanguage(label);
    label();
  }

  // Adds every file that is a picture; the last one becomes the chosen one.
  async add(files) {
    this.#complain("");
    for (const file of [...files]) {
      const timer = setTimeout(() => (this.waiting.textContent = say("reading", { name: file.name })), SLOW_MS);
      try {
        this.#check(file);
        const { id, url, thumbnails, isNew } = await keepPicture(file, this.category);
        const known = this.photos.find((photo) => photo.id === id);
        const photo = known ?? { id, name: file.name, url, thumbnail: thumbnails["320"], isNew };
        if (!known) this.photos.push(photo);
        this.choose(photo);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        this.#complain(error.hint ? `${error.message} ${error.hint}` : error.message);
      } finally {
        clearTimeout(timer);
        this.waiting.textContent = "";
      }
    }
  }

  choose(photo) {
    this.chosen = photo;
    this.#draw();
    this.onChange();
  }

  step(by) {
    if (this.photos.length < 2) return;
    const place = this.photos.indexOf(this.chosen) + by;
    this.choose(this.photos.at(place % this.photos.length));
  }

  remove(photo) {
    const place = this.photos.indexOf(photo);
    this.photos.splice(place, 1);
    // What was in the library before stays there. What a guest keeps goes with the guest.
    if (this.mayForget && photo.isNew) forgetPicture(photo.id).catch((error) => this.#complain(error.message));
    if (this.chosen === photo) this.choose(this.photos[Math.min(place, this.photos.length - 1)] ?? null);
    else this.#draw();
    this.root.querySelector(".drop input").focus();
  }

  #check(file) {
    if (file.size > this.mostBytes) {
      const limit = Math.round(this.mostBytes / MEGABYTE);
      throw new Refusal("image_too_large", say("too-large", { name: file.name, limit }), "");
    }
  }

  #complain(text) {
    this.complaint.textContent = text;
    this.complaint.hidden = !text;
  }

  #draw() {
    this.root.classList.toggle("filled", this.chosen !== null);
    this.shown.hidden = this.chosen === null;
    if (this.chosen) {
      this.shown.src = this.chosen.url;
      this.shown.alt = this.chosen.name;
    } else {
      this.shown.removeAttribute("src");
    }
    this.strip.replaceChildren(...this.photos.map((photo) => this.#thumb(photo)));
    this.strip.querySelector("input:checked")?.closest(".thumb").scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  #thumb(photo) {
    const radio = Object.assign(document.createElement("input"), {
      type: "radio", name: `chosen-${this.name}`, checked: photo === this.chosen, className: "unseen",
    });
    radio.addEventListener("change", () => {
      this.choose(photo);
      this.strip.querySelector("input:checked")?.focus();
    });
    const label = document.createElement("label");
    label.append(radio, Object.assign(document.createElement("img"), { src: photo.thumbnail, alt: photo.name }));
    const remove = Object.assign(document.createElement("button"), { type: "button", textContent: "×" });
    remove.setAttribute("aria-label", say("remove", { name: photo.name }));
    remove.addEventListener("click", () => this.remove(photo));
    const item = Object.assign(document.createElement("span"), { className: "thumb" });
    item.append(label, remove);
    return item;
  }

  #acceptDrops() {
    const zone = this.root.closest(".outfit, .panel");
    const target = this.root;
    for (const kind of ["dragenter", "dragover"]) {
      target.addEventListener(kind, (event) => {
        event.preventDefault();
        event.stopPropagation();
        zone.classList.add("over");
      });
    }
    target.addEventListener("dragleave", (event) => {
      if (!target.contains(event.relatedTarget)) zone.classList.remove("over");
    });
    target.addEventListener("drop", (event) => {
      event.preventDefault();
      event.stopPropagation();
      zone.classList.remove("over");
      this.add(event.dataTransfer.files);
    });
  }
}
