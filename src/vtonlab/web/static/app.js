// The fitting room: as soon as there is a person and a garment, a preview is shown; the picture itself is made when it
// is asked for, by whichever engine is chosen, and kept in the library.
import { Engines } from "./engines.js";
import { Fitting } from "./fittings.js";
import { Picker } from "./picker.js";
import { fetchPreview, fetchSample, fetchState, Refusal } from "./server.js";
import { onLanguage, say, startColours, startSpeech, suggestLanguage } from "./speech.js";
import { Stage } from "./stage.js";

const REMEMBERED_PREVIEWS = 60;
const PREVIEW_SIDES = [512, 768, 1024, 1280];

startSpeech();
startColours();

const stage = new Stage();
const person = new Picker(document.querySelector("#person .picker"), "person", "char", refit);
const garment = new Picker(document.getElementById("garment"), "garment", "clothes", refit);
const lower = new Picker(document.getElementById("lower"), "lower", "clothes", refit);
const pickers = [person, garment, lower];
const outfit = document.getElementById("outfit");
const engines = new Engines(showTools);
const previews = new Map();
const made = new Map();
const making = new Map();
const met = new Set();
let state = null;
let running = null;

document.getElementById("kinds").addEventListener("change", refit);
outfit.addEventListener("toggle", refit);
document.getElementById("sample").addEventListener("click", addSamples);
document.getElementById("make").addEventListener("click", make);
document.getElementById("cancel").addEventListener("click", () => making.get(keyOf(chosenPair()))?.stop());
addEventListener("paste", paste);
addEventListener("keydown", turnHangers);
for (const kind of ["dragover", "drop"]) addEventListener(kind, (event) => event.preventDefault());
addEventListener("drop", (event) => addToEmptiest(event.dataTransfer.files));
onLanguage(() => {
  tellPrivacy();
  refit();
});
enter();

async function enter() {
  try {
    state = await fetchState();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    stage.fail(error);
    return;
  }
  suggestLanguage(state.language);
  for (const picker of pickers) {
    picker.mostBytes = state.max_upload_bytes;
    picker.mayForget = state.mode === "local";
  }
  tellPrivacy();
  await engines.meet(state.engine);
}

// Shows what belongs to the choice: the picture that was made, how far it is, or a preview.
async function refit() {
  running?.abort();
  const pair = chosenPair();
  document.getElementById("kinds").disabled = Boolean(pair.lower);
  showTools();
  if (!pair.person || !pair.garment) {
    stage.showPerson(pair.person);
    return;
  }
  const key = keyOf(pair);
  if (made.has(key)) stage.show(made.get(key), pair.person, pair.garment);
  else await preview(pair, key);
  if (keyOf(chosenPair()) === key && making.has(key)) stage.work(making.get(key));
}

async function preview(pair, key) {
  if (previews.has(key)) {
    stage.show(previews.get(key), pair.person, pair.garment);
    return;
  }
  const mine = (running = new AbortController());
  stage.wait(!met.has(pair.person.id));
  try {
    const started = performance.now();
    const result = await fetchPreview(orderOf(pair), previewSide(), mine.signal);
    met.add(pair.person.id);
    const took = (performance.now() - started) / 1000;
    remember(key, { ...result, url: URL.createObjectURL(result.picture), took, get title() { return say("preview"); } });
    if (!mine.signal.aborted) stage.show(previews.get(key), pair.person, pair.garment);
  } catch (error) {
    if (error.name === "AbortError" || mine.signal.aborted) return;
    stage.showPerson(pair.person);
    if (!(error instanceof Refusal)) throw error;
    // Previews are the built-in engine's; what it cannot do, another may.
    if (error.code !== "offline" && !engines.isBuiltIn) stage.tell(say("no-preview", { reason: error.message }));
    else stage.fail(error);
  } finally {
    showTools();
  }
}

async function make() {
  const pair = chosenPair();
  const key = keyOf(pair);
  if (making.has(key) || !(await engines.mayUse())) return;
  const engine = engines.chosen.name;
  const fitting = new Fitting(orderOf(pair), engine);
  making.set(key, fitting);
  const isShown = () => keyOf(chosenPair()) === key;
  stage.work(fitting);
  showTools();
  try {
    const started = performance.now();
    const result = await fitting.make(() => isShown() && stage.work(fitting));
    if (result) made.set(key, describe(result, engine, (performance.now() - started) / 1000));
    making.delete(key);
    if (isShown()) refit();
  } catch (error) {
    making.delete(key);
    if (!(error instanceof Refusal)) throw error;
    if (isShown()) stage.fail(error);
  } finally {
    making.delete(key);
    showTools();
  }
}

function describe({ images, confidence, notes }, engine, took) {
  return {
    url: images[0].url,
    confidence: confidence ?? 1,
    notes: notes ?? [],
    took,
    engine,
    isElsewhere: engines.waits(engine),
    get title() {
      return engines.titleOf(engine);
    },
  };
}

// Which buttons there are: what was made by the chosen engine is not made again.
function showTools() {
  const pair = chosenPair();
  const key = keyOf(pair);
  const isPair = Boolean(pair.person && pair.garment && engines.chosen);
  const result = made.get(key);
  stage.offer({
    make: isPair && !making.has(key) && result?.engine !== engines.chosen.name,
    keep: isPair && !making.has(key) && Boolean(result),
    engine: engines.items.length > 1 ? engines.chosen?.title : "",
  });
  tellPrivacy();
}

function chosenPair() {
  return {
    person: person.chosen,
    garment: garment.chosen,
    lower: outfit.open ? lower.chosen : null,
    kind: document.querySelector("#kinds input:checked").value,
  };
}

function keyOf(pair) {
  return [pair.person?.id, pair.garment?.id, pair.lower?.id ?? 0, pair.kind].join();
}

function orderOf(pair) {
  return { person: pair.person.id, garment: pair.garment.id, lower: pair.lower?.id, kind: pair.kind };
}

// As many pixels as the mirror has, in few steps, so that the server can remember them.
function previewSide() {
  const { clientWidth, clientHeight } = document.getElementById("mirror");
  const side = Math.max(clientWidth, clientHeight) * devicePixelRatio;
  return PREVIEW_SIDES.find((step) => step >= side) ?? PREVIEW_SIDES.at(-1);
}

function remember(key, result) {
  previews.set(key, result);
  if (previews.size <= REMEMBERED_PREVIEWS) return;
  const [oldest, { url }] = previews.entries().next().value;
  URL.revokeObjectURL(url);
  previews.delete(oldest);
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

function tellPrivacy() {
  if (!state) return;
  const host = engines.chosen?.sends_pictures_to;
  const kept = say(`privacy-${state.mode}`);
  const sent = host ? say("privacy-sent", { host, engine: engines.chosen.title }) : "";
  document.getElementById("privacy").textContent = `${kept} ${sent}`.trim();
}

function paste(event) {
  const files = event.clipboardData?.files ?? [];
  if (!files.length) return;
  event.preventDefault();
  const focused = pickers.find((picker) => picker.root.contains(document.activeElement));
  const hovered = pickers.find((picker) => picker.root.matches(":hover"));
  const target = focused ?? hovered;
  if (target) target.add(files);
  else addToEmptiest(files);
}

function addToEmptiest(files) {
  if (files.length) (person.chosen ? garment : person).add(files);
}

function turnHangers(event) {
  if (event.target.closest("input, textarea, select, dialog") || event.altKey || event.ctrlKey || event.metaKey) return;
  const turns = { ArrowLeft: [garment, -1], ArrowRight: [garment, 1], ArrowUp: [person, -1], ArrowDown: [person, 1] };
  const turn = turns[event.key];
  if (!turn || turn[0].photos.length < 2) return;
  event.preventDefault();
  turn[0].step(turn[1]);
}
