/** What is asked for, and whether it can be: from the page's form to the request. */

import type { GenerateBody } from "@/api/schema";
import type { Choice, Model, Ratio, Resolution } from "@/features/generation/offers";

export type { GenerateBody };

/** What the server takes. */
export const PROMPT_LETTERS = 20_000;
export const LARGEST_SEED = 2 ** 31 - 1;
export const MOST_VARIANTS = 4;

/** A picture that goes along: of the library (`value` is its id), or a file (`value` is a data-URL). */
export interface Reference {
  key: string;
  value: string;
  name: string;
  /** Where it can be seen; empty where the browser cannot show it. */
  address: string;
  /** Null: it is in the library. */
  file: File | null;
}

export interface Draft {
  /** With the fields of its template filled in. */
  prompt: string;
  negative: string;
  references: readonly Reference[];
  /** Null: a different picture each time. NaN: what was written is no number. */
  seed: number | null;
  variants: number;
}

/** Why nothing can be asked for now; the first of these that holds. */
export type Obstacle = "provider" | "prompt" | "tooLong" | "noReferences" | "tooManyReferences" | "seed";

export function obstacleTo(draft: Draft, choice: Choice | null): Obstacle | null {
  if (choice === null) return "provider";
  if (sayable(draft.prompt) === "") return "prompt";
  if (draft.prompt.length > PROMPT_LETTERS) return "tooLong";
  const { references: most } = choice.model;
  if (draft.references.length > most) return most === 0 ? "noReferences" : "tooManyReferences";
  return choice.model.seed && !isSeed(draft.seed) ? "seed" : null;
}

/** Signs that cannot be seen come along from other programs, and the server takes none. */
const UNSEEN = /(?![\t\n\r])[\p{Cc}\p{Cs}]/gu;

/** `text` as it is sent. */
export function sayable(text: string): string {
  return text.replace(UNSEEN, " ").trim();
}

export function isSeed(seed: number | null): boolean {
  return seed === null || (Number.isInteger(seed) && seed >= 0 && seed <= LARGEST_SEED);
}

/** One request for each variant. Of one seed they would all be the same picture: each takes the next number. */
export function bodiesOf(draft: Draft, choice: Choice, ratio: Ratio, resolution: Resolution): GenerateBody[] {
  const { provider, model } = choice;
  const shared: GenerateBody = {
    prompt: sayable(draft.prompt),
    provider: provider.name,
    model: model.name,
    aspect_ratio: ratio,
    resolution,
    ...(draft.references.length > 0 && { reference_images: draft.references.map((one) => one.value) }),
    ...(takesNegative(draft, model) && { negative_prompt: sayable(draft.negative) }),
  };
  return Array.from({ length: draft.variants }, (_, place) => ({
    ...shared,
    ...(model.seed && draft.seed !== null && { seed: (draft.seed + place) % (LARGEST_SEED + 1) }),
  }));
}

function takesNegative(draft: Draft, model: Model): boolean {
  return model.negative_prompt && sayable(draft.negative) !== "";
}
