/** Who is here, and what this server is. */

import { defineStore } from "pinia";
import { computed, ref } from "vue";

import { api, ask, content, onSignedOut, setHome, signInAtHome } from "@/api/client";
import { Refusal } from "@/api/errors";
import type { Permission, ProfileOut, PageState as ServerState } from "@/api/schema";
import { forgetSitting } from "@/composables/sitting";
import type { Language } from "@/i18n";

/** `nobody`: a visitor of whom the server knows nothing yet; the first picture they keep makes them a guest. */
export type Standing = "nobody" | "guest" | "person";

export const useSession = defineStore("session", () => {
  const server = ref<ServerState | null>(null);
  const profile = ref<ProfileOut | null>(null);
  /** Whether it is known who is here. */
  const isKnown = ref(false);

  const isHome = computed(() => server.value?.mode === "local");
  const standing = computed<Standing>(() => {
    if (profile.value === null) return "nobody";
    return profile.value.kind === "guest" ? "guest" : "person";
  });
  const isSignedIn = computed(() => standing.value === "person");
  /** The session of a person ended from elsewhere. The page stays as it is until they sign in again, or say no. */
  const hasEnded = ref(false);
  let noticing: Promise<void> | null = null;
  let isLeaving = false;

  /** Asks what the server is and who we are; at home it signs in on the way. Throws `Refusal` where none answers. */
  async function enter(): Promise<void> {
    const state = (await (await ask("/state")).json()) as ServerState;
    server.value = state;
    setHome(isHome.value);
    if (isHome.value) await signInAtHome();
    onSignedOut(() => void notice());
    accept(state.visitor === "stranger" ? null : await ownProfile());
  }

  /** Looks whether whoever was here still is: after a 401, a closed socket, or a long sleep. Asks once at a time. */
  function notice(): Promise<void> {
    noticing ??= look().finally(() => {
      noticing = null;
    });
    return noticing;
  }

  async function look(): Promise<void> {
    const before = profile.value;
    if (before === null || hasEnded.value) return;
    compare(before, await ownProfile().catch(() => before)); // who does not answer has said nothing of us
  }

  /** Leaves the session that ended behind: `profile` is whoever is here now. */
  async function goOn(): Promise<void> {
    if (isHome.value) await signInAtHome();
    accept(await ownProfile());
  }

  /** Ends the session here, and opens the first page anew: nothing of theirs stays on the screen. */
  async function signOut(): Promise<void> {
    leave();
    await ask("/api/logout", { method: "POST" }).catch((error: unknown) => {
      isLeaving = false;
      throw error;
    });
    location.assign("/");
  }

  /** From now on it is no news that the session has ended: whoever calls this ends it, and then opens a page anew. */
  function leave(): void {
    isLeaving = true;
    forgetSitting();
    // Going back must not bring their pictures back from the browser's memory of pages.
    window.addEventListener("pageshow", (event) => {
      if (event.persisted) location.reload();
    });
  }

  /** Asks again who we are: after signing in or out, and when quota or use may have changed. */
  async function refresh(): Promise<void> {
    const before = profile.value;
    compare(before, await ownProfile());
  }

  function compare(before: ProfileOut | null, after: ProfileOut | null): void {
    if (isLeaving) return;
    if (before?.kind === "person" && after?.user_id !== before.user_id) hasEnded.value = true;
    else accept(after);
  }

  function accept(now: ProfileOut | null): void {
    hasEnded.value = false;
    isKnown.value = true;
    profile.value = now;
    // Of who has an account at home, too, nobody else takes the place when their session ends.
    setHome(isHome.value && now?.kind !== "person");
  }

  function may(permission: Permission): boolean {
    return profile.value?.permissions.includes(permission) ?? false;
  }

  /** The language of the account, else what the server's settings ask for: where nobody chose one in this browser. */
  const languageOfServer = computed<Language | null>(() => {
    const wanted = profile.value?.language || server.value?.language;
    return wanted === "en" || wanted === "zh-CN" ? wanted : null;
  });

  return {
    server,
    profile,
    isKnown,
    isHome,
    standing,
    isSignedIn,
    hasEnded,
    languageOfServer,
    enter,
    refresh,
    notice,
    goOn,
    signOut,
    leave,
    may,
  };
});

async function ownProfile(): Promise<ProfileOut | null> {
  try {
    return await content(api.GET("/api/v1/users/me"));
  } catch (error) {
    if (error instanceof Refusal && (error.status === 401 || error.status === 403)) return null;
    throw error;
  }
}
