/** Asks before something that cannot be taken back. What can be undone from its toast needs no question. */

import { shallowRef } from "vue";

export interface Question {
  title: string;
  text: string;
  /** The word on the button that does it. */
  action: string;
  tone?: "accent" | "bad";
}

export const asked = shallowRef<(Question & { answer: (yes: boolean) => void }) | null>(null);

export function askToConfirm(question: Question): Promise<boolean> {
  asked.value?.answer(false);
  return new Promise((resolve) => {
    asked.value = {
      ...question,
      answer: (yes) => {
        asked.value = null;
        resolve(yes);
      },
    };
  });
}
