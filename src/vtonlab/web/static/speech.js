// Which language and colours the page speaks in: as the browser wants, until somebody picks.
import { words } from "./words.js";

const LANGUAGES = Object.keys(words);
const listeners = new Set();
let language = remembered("language", LANGUAGES) ?? fromBrowser();

export function say(key, values = {}) {
  return words[language][key].replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export function currentLanguage() {
  return language;
}

export function onLanguage(listener) {
  listeners.add(listener);
}

export function suggestLanguage(wanted) {
  if (!remembered("language", LANGUAGES) && LANGUAGES.includes(wanted)) speak(wanted);
}

export function startSpeech() {
  const button = document.getElementById("language");
  button.addEventListener("click", () => {
    const next = LANGUAGES[(LANGUAGES.indexOf(language) + 1) % LANGUAGES.length];
    localStorage.setItem("language", next);
    speak(next);
  });
  speak(language);
}

export function startColours() {
  const themes = ["auto", "light", "dark"];
  let theme = remembered("theme", themes) ?? "auto";
  const button = document.getElementById("theme");
  const show = () => {
    document.documentElement.dataset.theme = theme;
    button.querySelector("span").textContent = say(`theme-${theme}`);
    button.setAttribute("aria-label", say("theme-label", { now: say(`theme-${theme}`) }));
  };
  button.addEventListener("click", () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    localStorage.setItem("theme", theme);
    show();
  });
  onLanguage(show);
  show();
}

export function translate(root) {
  for (const element of root.querySelectorAll("[data-words]")) element.textContent = say(element.dataset.words);
}

function speak(next) {
  language = next;
  document.documentElement.lang = language;
  translate(document);
  const button = document.getElementById("language");
  button.textContent = say("language");
  button.setAttribute("aria-label", say("language-label"));
  document.documentElement.dataset.ready = "";
  for (const listener of listeners) listener();
}

function fromBrowser() {
  for (const tag of navigator.languages) {
    if (tag.toLowerCase().startsWith("zh")) return "zh-CN";
    if (tag.toLowerCase().startsWith("en")) return "en";
  }
  return "en";
}

function remembered(key, allowed) {
  const value = localStorage.getItem(key);
  return allowed.includes(value) ? value : null;
}
