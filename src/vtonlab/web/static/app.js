// The fitting room: as soon as there is a person and a garment, the picture is asked for.
import { Picker } from "./picker.js";
import { fetchSample, fetchState, fetchTryOn, Refusal } from "./server.js";
import { currentLanguage, onLanguage, say, startColours, startSpeech, suggestLanguage } from "./speech.js";
import { Stage } from "./stage.js";

const REMEMBERED_RESULTS = 60;

startSpeech();
startColours();

const stage = new Stage();
const person = new Picker(document.querySelector("#person .picker"), "person", refit);
const garment = new Picker(document.getElementById("garment"), "garment", refit);
const lower = new Picker(document.getElementById("lower"), "lower", refit);
const outfit = document.getElementById("outfit");
const results = new Map();
const met = new Set();
let engine = { title: {} };
let running = null;

document.getElementById("kinds").addEventListener("change", refit);
outfit.addEventListener("toggle", () => {
  document.getElementById("kinds").disabled = outfit.open && lower.chosen !== null;
  refit();
});
document.getElementById("sample").addEventListener("click", addSamples);
addEventListener("paste", paste);
addEventListener("keydown", turnHangers);
for (const kind of ["dragover", "drop"]) addEventListener(kind, (event) => event.preventDefault());
addEventListener("drop", (event) => addToEmptiest(event.dataTransfer.files));
onLanguage(() => {
  tellPrivacy();
  results.clear(); // their notes speak the other language; the server remembers the rest
  refit();
});
meetEngine();

async function refit() {
  running?.abort();
  const pair = chosenPair();
  document.getElementById("kinds").disabled = Boolean(pair.lower);
  if (!pair.person || !pair.garment) {
    stage.showPerson(pair.person);
    return;
  }
  const key = [pair.person.id, pair.garment.id, pair.lower?.id ?? 0, pair.kind, currentLanguage()].join();
  if (results.has(key)) {
    stage.show(results.get(key), pair.person, pair.garment, engineTitle());
    return;
  }
  const mine = (running = new AbortController());
  stage.wait(!met.has(pair.person.id));
  try {
    const started = performance.now();
    const result = await fetchTryOn(filesOf(pair), mine.signal);
    if (mine.signal.aborted) return;
    met.add(pair.person.id);
    remember(key, { ...result, url: URL.createObjectURL(result.picture), took: (performance.now() - started) / 1000 });
    stage.show(results.get(key), pair.person, pair.garment, engineTitle());
  } catch (error) {
    if (error.name === "AbortError" || mine.signal.aborted) return;
    stage.showPerson(pair.person);
    if (!(error instanceof Refusal)) throw error;
    stage.fail(error);
  }
}

function chosenPair() {
  return {
    person: person.chosen,
    garment: garment.chosen,
    lower: outfit.open ? lower.chosen : null,
    kind: document.querySelector("#kinds input:checked").value,
  };
}

function filesOf(pair) {
  return { person: pair.person.file, garment: pair.garment.file, lower: pair.lower?.file, kind: pair.kind };
}

function remember(key, result) {
  results.set(key, result);
  if (results.size <= REMEMBERED_RESULTS) return;
  const [oldest, { url }] = results.entries().next().value;
  URL.revokeObjectURL(url);
  results.delete(oldest);
}

async function addSamples() {
  try {
    await garment.add([await fetchSample("garment")]);
    await person.add([await fetchSample("person")]);
    document.getElementById("stage").focus({ preventScroll: true });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    stage.fail(error);
  }
}

async function meetEngine() {
  try {
    engine = await fetchState();
  } catch (error) {
    if (error instanceof Refusal) stage.fail(error);
    return;
  }
  suggestLanguage(engine.language);
  outfit.hidden = !engine.outfits;
  for (const input of document.querySelectorAll("#kinds input")) {
    input.closest("label").hidden = input.value !== "auto" && !engine.kinds.includes(input.value);
  }
  for (const picker of [person, garment, lower]) picker.mostBytes = engine.max_upload_bytes;
  tellPrivacy();
}

function tellPrivacy() {
  const host = engine.remote_host;
  document.getElementById("privacy").textContent = host ? say("privacy-remote", { host }) : say("privacy");
}

function engineTitle() {
  return engine.title[currentLanguage()] ?? engine.engine ?? "";
}

function paste(event) {
  const files = event.clipboardData?.files ?? [];
  if (!files.length) return;
  event.preventDefault();
  const focused = [person, garment, lower].find((picker) => picker.root.contains(document.activeElement));
  const hovered = [person, garment, lower].find((picker) => picker.root.matches(":hover"));
  const target = focused ?? hovered;
  if (target) target.add(files);
  else addToEmptiest(files);
}

function addToEmptiest(files) {
  if (files.length) (person.chosen ? garment : person).add(files);
}

function turnHangers(event) {
  if (event.target.closest("input, textarea, select") || event.altKey || event.ctrlKey || event.metaKey) return;
  const turns = { ArrowLeft: [garment, -1], ArrowRight: [garment, 1], ArrowUp: [person, -1], ArrowDown: [person, 1] };
  const turn = turns[event.key];
  if (!turn || turn[0].photos.length < 2) return;
  event.preventDefault();
  turn[0].step(turn[1]);
}
