/** What would make a photo better, asked once for each and language, two at a time, the newest wish first. */

import { defineStore } from "pinia";
import { shallowReactive } from "vue";

import { api, content } from "@/api/client";
import { Refusal } from "@/api/errors";
import type { ToldNote } from "@/api/schema";
import { currentLanguage } from "@/i18n";

export type Role = "person" | "garment";

/** The server looks at each photo for a moment the first time; previews must not wait behind that. */
const AT_ONCE = 2;

export const useAdvice = defineStore("advice", () => {
  const known = shallowReactive(new Map<string, readonly ToldNote[]>());
  const wanted: { key: string; image: string; role: Role }[] = [];
  const asked = new Set<string>();
  let running = 0;

  function keyOf(image: string, role: Role): string {
    return `${image} ${role} ${currentLanguage()}`;
  }

  /** What is known of the photo by now. */
  function find(image: string, role: Role): readonly ToldNote[] {
    return known.get(keyOf(image, role)) ?? [];
  }

  function want(image: string, role: Role): void {
    const key = keyOf(image, role);
    if (asked.has(key)) return;
    asked.add(key);
    wanted.push({ key, image, role });
    void work();
  }

  async function work(): Promise<void> {
    if (running >= AT_ONCE) return;
    running += 1;
    for (let next = wanted.pop(); next !== undefined; next = wanted.pop()) {
      try {
        const query = { image: next.image, role: next.role };
        known.set(next.key, (await content(api.GET("/api/v1/tryon/advice", { params: { query } }))).items);
      } catch (error) {
        // Advice is a kindness: without it a photo is used as it is. Where only the network failed, it is asked again.
        if (!(error instanceof Refusal) || error.status === 0 || error.status >= 500) asked.delete(next.key);
      }
    }
    running -= 1;
  }

  return { find, want };
});
