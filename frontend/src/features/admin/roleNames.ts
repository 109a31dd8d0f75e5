/** What roles there are and what they are called. */

import { onMounted, type Ref, ref } from "vue";

import { api, content } from "@/api/client";
import { i18n, say } from "@/i18n";
import { useSession } from "@/stores/session";

/** The built-in ones that people can have, for who may not read the list of roles. */
const OF_PEOPLE = ["admin", "editor", "viewer"];
const OF_GUESTS = "guest";

/** A role in words; one that somebody here made is called as they called it. */
export function roleText(name: string): string {
  const key = `admin.role.${name}`;
  return i18n.global.te(key) ? say(key) : name;
}

/** The roles that people can be given. */
export function useRoleNames(): Ref<string[]> {
  const names = ref([...OF_PEOPLE]);
  onMounted(async () => {
    if (!useSession().may("roles:manage")) return;
    try {
      const { items } = await content(api.GET("/api/v1/admin/roles"));
      names.value = items.map(({ name }) => name).filter((name) => name !== OF_GUESTS);
    } catch {
      // the built-in ones can be chosen all the same
    }
  });
  return names;
}
