// What the page asks of the server. Every refusal becomes a Refusal with words in the reader's language.
import { currentLanguage, say } from "./speech.js";

export class Refusal extends Error {
  constructor(code, message, hint) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

export async function fetchState() {
  return (await ask("/state", {})).json();
}

// A small upright JPEG of a picture that this browser cannot show itself.
export async function fetchPreview(file) {
  const form = new FormData();
  form.append("picture", file);
  return (await ask("/picture", { method: "POST", body: form })).blob();
}

// A drawn person or garment, as if it had been picked from a folder.
export async function fetchSample(role) {
  const picture = await (await ask(`/sample/${role}`, {})).blob();
  return new File([picture], say(`sample-${role}`), { type: picture.type });
}

export async function fetchTryOn({ person, garment, lower, kind }, signal) {
  const form = new FormData();
  form.append("person", person);
  form.append("garment", garment);
  form.append("kind", kind);
  if (lower) form.append("lower", lower);
  const answer = await ask("/try-on", { method: "POST", body: form, signal });
  return { ...JSON.parse(answer.headers.get("VtonLab-Result")), picture: await answer.blob() };
}

async function ask(address, options) {
  let answer;
  try {
    answer = await fetch(address, { ...options, headers: { "Accept-Language": currentLanguage() } });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal("offline", say("offline"), say("offline-hint"));
  }
  if (answer.ok) return answer;
  const { code, message, hint } = await answer.json();
  throw new Refusal(code, message, hint);
}
