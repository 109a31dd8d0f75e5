/** What is before the mirror, kept in the page's address: it survives a reload and can be sent to oneself. */

import { onScopeDispose, type Ref, watch } from "vue";
import { type LocationQueryRaw, useRoute, useRouter } from "vue-router";

import type { useFitting } from "@/features/fitting/fitting";
import { goingTo } from "@/router";

const WRITE_MS = 250;

const NAMES = ["person", "garment", "lower"] as const;
type Name = (typeof NAMES)[number];
export type Named = Partial<Record<Name, string>>;

/** The ids that an address names. */
export function readIds(query: Record<string, unknown>): Named {
  const ids: Named = {};
  for (const name of NAMES) {
    const value = query[name];
    if (typeof value === "string" && /^[\w-]{1,64}$/.test(value)) ids[name] = value;
  }
  return ids;
}

/**
 * Keeps the address in step with the store, without filling the browser's history; answers with what it named at first.
 * Nothing is written until that is before the mirror (`isRecalled`).
 */
export function useAddress(fitting: ReturnType<typeof useFitting>, isRecalled: Ref<boolean>): Named {
  const route = useRoute();
  const router = useRouter();
  const named = readIds(route.query);
  let timer = 0;

  watch(
    () => [fitting.person?.id, (fitting.upper ?? fitting.dress)?.id, fitting.lower?.id, isRecalled.value] as const,
    ([person, garment, lower, isReady]) => {
      clearTimeout(timer);
      if (!isReady) return;
      timer = window.setTimeout(() => {
        const others = Object.entries(route.query).filter(([name]) => !NAMES.includes(name as Name));
        const ids = Object.entries({ person, garment, lower }).filter(([, id]) => id !== undefined);
        const query = Object.fromEntries([...others, ...ids]) as LocationQueryRaw;
        if (goingTo() === null) void router.replace({ query });
      }, WRITE_MS);
    },
  );
  onScopeDispose(() => clearTimeout(timer));
  return named;
}
