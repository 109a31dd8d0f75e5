/** How long something may still take, in words that do not pretend to know it to the second. */

import { onScopeDispose, readonly, type Ref, ref } from "vue";

import type { TaskAnswer } from "@/api/schema";
import { rounded, secondsLeft } from "@/features/fitting/progress/stage";
import { say } from "@/i18n";

/** The time of day, every second, while the component lives. */
export function useNow(): Readonly<Ref<number>> {
  const now = ref(Date.now());
  const timer = window.setInterval(() => (now.value = Date.now()), 1000);
  onScopeDispose(() => clearInterval(timer));
  return readonly(now);
}

const CALM = 20_000;

/** The clock for what has ended and tells only minutes: a long list of it is not drawn anew with every second. */
export function calmly(now: number): number {
  return now - (now % CALM);
}

/** "about 20 s left"; empty where nobody knows. */
export function leftText(task: TaskAnswer, now: number): string {
  const seconds = secondsLeft(task, now);
  if (seconds === null) return "";
  const { unit, value } = rounded(seconds);
  return say(`tasks.left.${unit}`, { n: value });
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** "5 minutes ago", "yesterday": in the reader's language. */
export function agoText(moment: string, now: number, language: string): string {
  const passed = now - Date.parse(moment);
  const words = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  if (passed < MINUTE) return words.format(0, "second");
  if (passed < HOUR) return words.format(-Math.floor(passed / MINUTE), "minute");
  if (passed < 24 * HOUR) return words.format(-Math.floor(passed / HOUR), "hour");
  return words.format(-Math.floor(passed / (24 * HOUR)), "day");
}
