/** Everything that was asked for in the studio, and how it stands: the same in every window. */

import { defineStore } from "pinia";
import { computed, ref, shallowRef, watch } from "vue";

import { onConnected } from "@/api/live";
import { Refusal, refusalFrom } from "@/api/errors";
import { ask } from "@/api/client";
import type { TaskAnswer } from "@/api/schema";
import { announce } from "@/composables/announce";
import { onNews } from "@/composables/libraryNews";
import { mergeFeed } from "@/features/generation/feedOrder";
import { useStudio } from "@/features/generation/studio";
import { fetchFeed } from "@/features/generation/wire";
import { goToResult, pictureOf } from "@/features/tasks/result";
import { hasEnded, kindText } from "@/features/tasks/words";
import { say } from "@/i18n";
import { router } from "@/router";
import { useTasks } from "@/stores/tasks";
import { useToasts } from "@/stores/toasts";

const PAGE_SIZE = 40;

export const useFeed = defineStore("feed", () => {
  const tasks = useTasks();
  const toasts = useToasts();
  const studio = useStudio();

  const pages = shallowRef<readonly TaskAnswer[]>([]);
  /** Null: the end has been reached; "": from the newest on. */
  let cursor: string | null = "";
  const isLoading = ref(false);
  /** The first page has come. */
  const isKnown = ref(false);
  const isWhole = ref(false);
  const error = shallowRef<Refusal | null>(null);
  /** Ids of pictures that are in the trash. */
  const trashed = shallowRef<ReadonlySet<string>>(new Set());
  const followed = new Set<string>();
  let owner = "";

  const items = computed(() =>
    mergeFeed(pages.value, tasks.items, isWhole.value).filter((task) => !trashed.value.has(pictureOf(task) ?? "")),
  );

  /** Asks for the next older ones. */
  async function more(): Promise<void> {
    if (isLoading.value || cursor === null) return;
    const mine = owner;
    isLoading.value = true;
    try {
      const told = await fetchFeed(PAGE_SIZE, cursor);
      if (mine !== owner) return;
      error.value = null;
      const isFirst = !isKnown.value;
      pages.value = [...pages.value, ...told.items];
      cursor = told.next_cursor ?? null;
      isWhole.value = cursor === null;
      isKnown.value = true;
      if (isFirst) void lookIntoTrash();
    } catch (failure) {
      if (mine === owner) error.value = refusalFrom(failure);
    } finally {
      isLoading.value = false;
    }
  }

  /** What came while nobody told. Where more than a page did, the list goes on from there. */
  async function catchUp(): Promise<void> {
    if (!isKnown.value) return;
    const mine = owner;
    try {
      const told = await fetchFeed(PAGE_SIZE, "");
      if (mine !== owner) return;
      const isJoined = told.items.length === 0 || told.items.some((task) => pages.value.some((one) => one.id === task.id));
      if (!isJoined) cursor = told.next_cursor ?? null;
      const fresh = new Set(told.items.map((task) => task.id));
      pages.value = [...told.items, ...(isJoined ? pages.value.filter((task) => !fresh.has(task.id)) : [])];
    } catch {
      // The connection has just come back and may go again: the next one catches up.
    }
  }

  async function lookIntoTrash(): Promise<void> {
    try {
      const told = (await (await ask("/api/v1/library/ids?trash=true")).json()) as { ids: string[] };
      trashed.value = new Set(told.ids);
    } catch {
      // Who may not look into it has nothing in it.
    }
  }

  function keepTrashed(change: (ids: Set<string>) => void): void {
    const ids = new Set(trashed.value);
    change(ids);
    trashed.value = ids;
  }

  onNews((news) => {
    if (news.type === "trashed" || news.type === "gone") keepTrashed((ids) => news.ids.forEach((id) => ids.add(id)));
    else if (news.type === "restored") keepTrashed((ids) => news.ids.forEach((id) => ids.delete(id)));
    else if (news.type === "stale" && isKnown.value) void lookIntoTrash();
  });
  onConnected(() => void catchUp());

  // ---- the end of each is told where its reader is

  watch(
    () => tasks.running.filter((task) => task.kind === "generate").map((task) => task.id),
    (ids) => isKnown.value && ids.forEach(follow),
  );

  function follow(id: string): void {
    if (followed.has(id)) return;
    followed.add(id);
    void tasks
      .whenEnded(id)
      .then(tell, toasts.fail)
      .finally(() => followed.delete(id));
  }

  function tell(task: TaskAnswer): void {
    void studio.load(); // what today has cost
    if (task.status === "cancelled") return;
    const isGood = task.status === "succeeded";
    const text = say(isGood ? "tasks.isReady" : "tasks.hasFailed", { kind: kindText(task) });
    if (router.currentRoute.value.name === "generate") announce(isGood ? text : `${text}. ${task.error?.message ?? ""}`);
    else if (isGood) toasts.show({ tone: "good", text, action: { label: say("tasks.look"), run: () => goToResult(task, router) } });
    else toasts.show({ tone: "bad", text, hint: task.error?.message ?? "" });
  }

  /** Shows those of `person`; nothing of another person stays. */
  function open(person: string): void {
    if (person !== owner) {
      owner = person;
      pages.value = [];
      trashed.value = new Set();
      cursor = "";
      isKnown.value = isWhole.value = isLoading.value = false;
    }
    if (!isKnown.value) void more();
    tasks.items.filter((task) => task.kind === "generate" && !hasEnded(task.status)).forEach((task) => follow(task.id));
  }

  return { items, isKnown, isWhole, isLoading, error, more, open };
});
