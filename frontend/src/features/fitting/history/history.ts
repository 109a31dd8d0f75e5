/** The photographs that were made: an endless list, in step with other windows. */

import { defineStore } from "pinia";
import { computed, ref, shallowRef } from "vue";

import { api, content } from "@/api/client";
import { Refusal } from "@/api/errors";
import { type LibraryUpdate, onConnected, onLibrary, onTask } from "@/api/live";
import type { LibraryImage, TryOnEntry } from "@/api/schema";
import { usePictureActions } from "@/composables/actions";
import { onNews } from "@/composables/libraryNews";
import { useFitting } from "@/features/fitting/fitting";
import { merged, visible } from "@/features/fitting/history/order";

const PAGE_SIZE = 30;

export const useHistory = defineStore("history", () => {
  const room = useFitting();
  const actions = usePictureActions();
  const known = shallowRef<TryOnEntry[]>([]);
  /** Ids of pictures of which this page knows that they are in the trash, before the server has said so. */
  const gone = shallowRef<ReadonlySet<string>>(new Set());
  const total = ref<number | null>(null);
  const isLoading = ref(false);
  const error = shallowRef<unknown>(null);
  /** Where the next page begins; null: nothing older is there. */
  let cursor: string | null = "";
  let owner = "";

  const items = computed(() => visible(known.value, gone.value));
  const isEmpty = computed(() => total.value !== null && items.value.length === 0 && !isLoading.value);

  /** The next older ones. */
  async function more(): Promise<void> {
    if (isLoading.value || cursor === null) return;
    isLoading.value = true;
    try {
      const told = await content(api.GET("/api/v1/tryon/history", { params: { query: query(cursor) } }));
      cursor = told.next_cursor;
      total.value = told.total;
      known.value = merged(known.value, told.items);
      error.value = null;
    } catch (failure) {
      // A stranger of whom the server knows nothing has photographed nothing.
      if (failure instanceof Refusal && failure.status === 401) {
        total.value = 0;
        cursor = null;
      } else error.value = failure;
    } finally {
      isLoading.value = false;
    }
  }

  /** What came while nobody told: the newest again. Where more than a page came, the list goes on from there. */
  async function catchUp(): Promise<void> {
    if (total.value === null) return;
    try {
      const told = await content(api.GET("/api/v1/tryon/history", { params: { query: query("") } }));
      total.value = told.total;
      const isJoined = told.items.some((entry) => known.value.some((one) => one.id === entry.id));
      if (!isJoined) {
        known.value = [];
        cursor = told.next_cursor;
      }
      known.value = merged(known.value, told.items);
    } catch {
      // The connection has just come back and may go again: the next one catches up.
    }
  }

  /** An entry is new, or something about it is. */
  async function look(id: string): Promise<void> {
    try {
      learn(await content(api.GET("/api/v1/tryon/{vton_id}", { params: { path: { vton_id: id } } })));
    } catch (failure) {
      if (failure instanceof Refusal && failure.status === 404) known.value = known.value.filter((one) => one.id !== id);
    }
  }

  function learn(entry: TryOnEntry): void {
    if (!known.value.some((one) => one.id === entry.id) && total.value !== null) total.value += 1;
    if (entry.url !== null) keepGone((ids) => ids.delete(entry.result_image_id ?? ""));
    known.value = merged(known.value, [entry]);
    if (room.result?.id === entry.id && entry.url !== null) room.result = entry;
  }

  function keepGone(change: (ids: Set<string>) => unknown): void {
    const ids = new Set(gone.value);
    change(ids);
    gone.value = ids;
  }

  async function pictureOf(entry: TryOnEntry): Promise<LibraryImage | null> {
    if (entry.result_image_id === null) return null;
    const path = { image_id: entry.result_image_id };
    return content(api.GET("/api/v1/library/images/{image_id}", { params: { path } }));
  }

  async function favourite(entry: TryOnEntry): Promise<void> {
    const picture = await pictureOf(entry);
    if (picture === null) return;
    const liked = await actions.favourite({ ...picture, is_favorite: entry.is_favorite });
    learn({ ...entry, is_favorite: liked.is_favorite });
  }

  /** Its picture goes into the trash; the toast takes it back. */
  async function trash(entry: TryOnEntry): Promise<void> {
    if (entry.result_image_id !== null) await actions.trash([entry.result_image_id]);
  }

  function leave(ids: readonly string[]): void {
    keepGone((all) => ids.forEach((id) => all.add(id)));
    if (ids.includes(room.result?.result_image_id ?? "")) {
      room.result = null;
      room.shown = "preview";
    }
  }

  function lookAt(imageIds: readonly string[]): void {
    for (const entry of known.value) {
      if (imageIds.includes(entry.result_image_id ?? "")) void look(entry.id);
    }
  }

  onNews((news) => {
    if (news.type === "trashed" || news.type === "gone") leave(news.ids);
    else if (news.type === "changed") {
      for (const image of news.images) {
        const entry = known.value.find((one) => one.result_image_id === image.id);
        if (entry && entry.is_favorite !== image.is_favorite) learn({ ...entry, is_favorite: image.is_favorite });
      }
    } else lookAt([...gone.value]);
  });
  onLibrary(({ image_ids: ids, more: others }: LibraryUpdate) => {
    lookAt(ids);
    if (others) void catchUp();
  });
  onTask(({ kind, status, result }) => {
    const id = result?.["vton_id"];
    if (kind === "tryon" && status === "succeeded" && typeof id === "string") void look(id);
  });
  onConnected(() => void catchUp());

  /** Shows those of `person`; nothing of another person stays. */
  function open(person: string): void {
    if (person !== owner) {
      owner = person;
      known.value = [];
      gone.value = new Set();
      total.value = null;
      cursor = "";
    }
    if (total.value === null) void more();
  }

  return { items, total, isEmpty, isLoading, error, more, learn, pictureOf, favourite, trash, open };
});

function query(cursor: string): { page_size: number; cursor?: string } {
  return cursor === "" ? { page_size: PAGE_SIZE } : { page_size: PAGE_SIZE, cursor };
}
