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
  let page = 0;
  let hasMore = true;

  const items = computed(() => visible(known.value, gone.value));
  const isEmpty = computed(() => total.value !== null && items.value.length === 0 && !hasMore);

  /** The next older ones. */
  async function more(): Promise<void> {
    if (isLoading.value || !hasMore) return;
    isLoading.value = true;
    try {
      const query = { page: page + 1, page_size: PAGE_SIZE };
      const told = await content(api.GET("/api/v1/tryon/history", { params: { query } }));
      page = told.page;
      total.value = told.total;
      hasMore = page * told.page_size < told.total;
      known.value = merged(known.value, told.items);
      error.value = null;
    } catch (failure) {
      error.value = failure;
    } finally {
      isLoading.value = false;
    }
  }

  /** What came while nobody told: the newest again. */
  async function catchUp(): Promise<void> {
    if (total.value === null) return;
    page = 0;
    hasMore = true;
    await more();
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

  /** Another person: nothing of the last one stays. */
  function forget(): void {
    known.value = [];
    gone.value = new Set();
    total.value = null;
    page = 0;
    hasMore = true;
  }

  return { items, total, isEmpty, isLoading, error, more, learn, pictureOf, favourite, trash, forget };
});
