/** The drawn pair: to try the fitting room before giving it any photo. */

import { ask } from "@/api/client";
import { noAnswer, Refusal } from "@/api/errors";
import type { LibraryImage, Uploads } from "@/api/schema";
import { say } from "@/i18n";
import { useSession } from "@/stores/session";

/** A drawn person and a drawn garment, both in the library. */
export interface SamplePair {
  person: LibraryImage;
  garment: LibraryImage;
}

/** Puts the drawn pair into the library; where it is there already, those are given. Throws `Refusal`. */
export async function addSample(): Promise<SamplePair> {
  // One after the other: the first upload of a stranger is what makes them a guest.
  const person = await keep("person", "char", say("home.samplePerson"));
  const garment = await keep("garment", "clothes", say("home.sampleGarment"));
  const session = useSession();
  if (session.standing === "nobody") await session.refresh();
  return { person, garment };
}

async function keep(role: "person" | "garment", category: "char" | "clothes", name: string): Promise<LibraryImage> {
  const drawn = await (await ask(`/sample/${role}`)).blob();
  const form = new FormData();
  form.set("category", category);
  form.append("files", drawn, `${name}.jpg`);
  const answer = await ask("/api/v1/library/images", { method: "POST", body: form });
  const [kept] = ((await answer.json()) as Uploads).items;
  if (kept?.image) return kept.image;
  throw kept?.error ? new Refusal(kept.error.code, kept.error.detail, kept.error.hint, answer.status) : noAnswer();
}
