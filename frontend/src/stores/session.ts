/** Who is here, and what this server is. */

import { defineStore } from "pinia";
import { computed, ref } from "vue";

import { api, ask, content, onSignedOut, setHome, signInAtHome } from "@/api/client";
import { Refusal } from "@/api/errors";
import type { Permission, ProfileOut, VtonlabWebRoutesState as ServerState } from "@/api/schema";
import type { Language } from "@/i18n";

/** `nobody`: a visitor of whom the server knows nothing yet; the first picture they keep makes them a guest. */
export type Standing = "nobody" | "guest" | "person";

export const useSession = defineStore("session", () => {
  const server = ref<ServerState | null>(null);
  const profile = ref<ProfileOut | null>(null);

  const isHome = computed(() => server.value?.mode === "local");
  const standing = computed<Standing>(() => {
    if (profile.value === null) return "nobody";
    return profile.value.kind === "guest" ? "guest" : "person";
  });
  const isSignedIn = computed(() => standing.value === "person");

  /** Asks what the server is and who we are; at home it signs in on the way. Throws `Refusal` where none answers. */
  async function enter(): Promise<void> {
    const state = (await (await ask("/state")).json()) as ServerState;
    server.value = state;
    setHome(isHome.value);
    if (isHome.value) await signInAtHome();
    onSignedOut(() => {
      profile.value = null;
    });
    await refresh();
  }

  /** Asks again who we are: after signing in or out, and when quota or use may have changed. */
  async function refresh(): Promise<void> {
    try {
      profile.value = await content(api.GET("/api/v1/users/me"));
    } catch (error) {
      if (!(error instanceof Refusal) || (error.status !== 401 && error.status !== 403)) throw error;
      profile.value = null;
    }
  }

  function may(permission: Permission): boolean {
    return profile.value?.permissions.includes(permission) ?? false;
  }

  /** The language that the server's settings ask for, where nobody chose another. */
  const languageOfServer = computed<Language | null>(() => {
    const wanted = server.value?.language;
    return wanted === "en" || wanted === "zh-CN" ? wanted : null;
  });

  return { server, profile, isHome, standing, isSignedIn, languageOfServer, enter, refresh, may };
});
