/** Coming in: asks the server who we are until it answers. */

import { readonly, ref } from "vue";

import { waitBefore } from "@/api/backoff";
import { Refusal } from "@/api/errors";

const away = ref(false);

/** Whether the server has not answered when the page was opened. */
export const isServerAway = readonly(away);

let tries = 0;
let wake = (): void => undefined;

/** Calls `enter` until it gets an answer of the server's. What the server refuses is thrown. */
export async function comeIn(enter: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      await enter();
      away.value = false;
      return;
    } catch (error) {
      if (!(error instanceof Refusal) || error.code !== "no_answer") {
        away.value = false;
        throw error;
      }
      away.value = true;
      await rest(waitBefore(tries++));
    }
  }
}

/** Ends the waiting between two tries. */
export function knock(): void {
  tries = 0;
  wake();
}

function rest(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = window.setTimeout(resolve, milliseconds);
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}
