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

/** Their files' names end so in every language; it is how they are known from one's own. */
const ENDING = " · VTON Lab.jpg";

/** Puts the drawn pair into the library; where it is there already, those are given. Throws `Refusal`. */
export async function addSample(): Promise<SamplePair> {
  // One after the other: the first upload of a stranger is what makes them a guest.
  const person = await keep("person", "char");
  const session = useSession();
  if (session.standing === "nobody") await session.refresh();
  const garment = await keep("garment", "clothes");
  return { person, garment };
}

/** Whether it is one of the drawn pair, and so nobody's own. */
export function isSample(image: LibraryImage): boolean {
  return image.original_name.endsWith(ENDING);
}

async function keep(role: "person" | "garment", category: "char" | "clothes"): Promise<LibraryImage> {
  const drawn = await (await ask(`/sample/${role}`)).blob();
  const form = new FormData();
  form.set("category", category);
  form.append("files", drawn, `${say(`home.drawn.${role}`)}${ENDING}`);
  const answer = await ask("/api/v1/library/images", { method: "POST", body: form });
  const [kept] = ((await answer.json()) as Uploads).items;
  if (kept?.image) return kept.image;
  throw kept?.error ? new Refusal(kept.error.code, kept.error.detail, kept.error.hint, answer.status) : noAnswer();
}
