/** A prompt of a batch, drawn by itself and at once: it is put into the tab for single pictures. */

import { useRouter } from "vue-router";

export function useDrawNow(): (prompt: string) => void {
  const router = useRouter();
  return (prompt) => void router.push({ name: "generate", query: { prompt } });
}
