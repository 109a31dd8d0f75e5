// What the page asks of the server. Every refusal becomes a Refusal with words in the reader's language.
import { currentLanguage, say } from "./speech.js";

const NOT_SIGNED_IN = 401;

export class Refusal extends Error {
  constructor(code, message, hint) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

let isHome = false;
let turn = Promise.resolve();

// What the page shows itself by. At home it signs in on the way; elsewhere whoever keeps a picture becomes a guest.
export async function fetchState() {
  const state = await (await ask("/state")).json();
  isHome = state.mode === "local";
  if (isHome) await ask("/api/v1/auth/local", { method: "POST" });
  return state;
}

export async function fetchEngines() {
  return (await (await ask("/api/v1/engines")).json()).items;
}

// Keeps a picture in the library; `category` is "char" for a person, "clothes" for a garment. One after the other:
// two strangers' first pictures sent at once would make two guests of one person.
export function keepPicture(file, category) {
  const form = new FormData();
  form.append("files", file);
  form.append("category", category);
  const kept = turn.then(async () => {
    const { items } = await (await ask("/api/v1/library/images", { method: "POST", body: form })).json();
    return { ...items[0].image, isNew: !items[0].duplicate_of };
  });
  turn = kept.catch(() => {});
  return kept;
}

// Puts a picture into the trash.
export async function forgetPicture(id) {
  await ask(`/api/v1/library/images/${id}`, { method: "DELETE" });
}

// A drawn person or garment, as if it had been picked from a folder.
export async function fetchSample(role) {
  const picture = await (await ask(`/sample/${role}`)).blob();
  return new File([picture], say(`sample-${role}`), { type: picture.type });
}

export async function fetchPreview({ person, garment, lower, kind }, size, signal) {
  const order = { human_image: person, garment_image: garment, garment_kind: kind, size };
  if (lower) order.lower = lower;
  const answer = await send("/api/v1/tryon/preview", order, signal);
  return { picture: await answer.blob(), confidence: Number(answer.headers.get("X-Confidence") ?? 1), notes: [] };
}

// Asks for the picture itself; the task by which it is made.
export async function startFitting({ person, garment, lower, kind }, engine) {
  const order = { human_image: person, engine };
  if (lower) {
    order.outfit = [{ garment_image: garment, garment_kind: "upper" }, { garment_image: lower, garment_kind: "lower" }];
  } else {
    Object.assign(order, { garment_image: garment, garment_kind: kind });
  }
  return (await send("/api/v1/tryon", order)).json();
}

export async function fetchTask(id) {
  return (await ask(`/api/v1/tasks/${id}`)).json();
}

export async function cancelTask(id) {
  return (await ask(`/api/v1/tasks/${id}/cancel`, { method: "POST" })).json();
}

function send(address, body, signal) {
  return ask(address, {
    method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" }, signal,
  });
}

async function ask(address, options = {}, mayEnter = true) {
  let answer;
  try {
    const headers = { ...options.headers, "Accept-Language": currentLanguage() };
    answer = await fetch(address, { ...options, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw offline();
  }
  if (answer.ok) return answer;
  if (answer.status === NOT_SIGNED_IN && isHome && mayEnter) {
    await ask("/api/v1/auth/local", { method: "POST" }, false);
    return ask(address, options, false);
  }
  throw await refusalOf(answer);
}

async function refusalOf(answer) {
  try {
    const { code, message, detail, error, hint } = await answer.json();
    return new Refusal(code, message ?? detail ?? error, hint);
  } catch {
    return offline(); // something between here and the server answered in its place
  }
}

function offline() {
  return new Refusal("offline", say("offline"), say("offline-hint"));
}
