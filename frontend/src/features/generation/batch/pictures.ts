/** The pictures of a batch as a list that the lightbox goes along: those that are drawn, in the order of the prompts. */

import { computed, onScopeDispose, type Ref, ref, shallowReactive, shallowRef, watch } from "vue";

import { api, content } from "@/api/client";
import { isAborted, type Refusal, refusalFrom } from "@/api/errors";
import type { LibraryImage } from "@/api/schema";
import { type LibraryNews, onNews } from "@/composables/libraryNews";
import type { Listing } from "@/composables/listing";

export function useBatchPictures(drawn: Ref<readonly string[]>): Listing {
  const known = shallowReactive(new Map<string, LibraryImage>());
  /** In the trash, or gone for good. */
  const away = shallowReactive(new Set<string>());
  const asked = new Map<string, Promise<void>>();
  const busy = ref(0);
  const error = shallowRef<Refusal | null>(null);
  const version = ref(0);
  const leaving = new AbortController();

  const order = computed(() => drawn.value.filter((id) => !away.has(id)));
  watch(order, () => version.value++, { flush: "sync" });

  async function ensure(first: number, last: number): Promise<void> {
    const wanted = order.value.slice(Math.max(0, first), last + 1).filter((id) => !known.has(id));
    await Promise.all(wanted.map((id) => asked.get(id) ?? askFor(id)));
  }

  function askFor(id: string): Promise<void> {
    busy.value++;
    const path = { params: { path: { image_id: id } }, signal: leaving.signal };
    const done = content(api.GET("/api/v1/library/images/{image_id}", path))
      .then((image) => {
        error.value = null;
        if (image.deleted_at === null) patch(image);
        else away.add(id);
      })
      .catch((reason: unknown) => {
        const refusal = refusalFrom(reason);
        if (refusal.status === 404) away.add(id);
        else if (!isAborted(reason)) error.value = refusal;
      })
      .finally(() => {
        busy.value--;
        asked.delete(id);
      });
    asked.set(id, done);
    return done;
  }

  function patch(image: LibraryImage): void {
    known.set(image.id, image);
    version.value++;
  }

  function drop(ids: readonly string[]): void {
    for (const id of ids) away.add(id);
  }

  async function refresh(): Promise<void> {
    const looked = [...known.keys()].filter((id) => !away.has(id));
    known.clear();
    const places = looked.map((id) => order.value.indexOf(id)).filter((place) => place >= 0);
    await Promise.all(places.map((place) => ensure(place, place)));
  }

  function hear(news: LibraryNews): void {
    if (news.type === "changed") news.images.filter((image) => known.has(image.id)).forEach(patch);
    else if (news.type === "gone" || news.type === "trashed") drop(news.ids);
    else if (news.type === "restored") news.ids.forEach((id) => away.delete(id));
  }

  onScopeDispose(onNews(hear));
  onScopeDispose(() => leaving.abort());

  return {
    filters: ref({}),
    total: computed(() => order.value.length),
    isKnown: ref(true),
    isLoading: computed(() => busy.value > 0),
    error,
    version,
    generation: ref(0),
    at: (index) => known.get(order.value[index] ?? ""),
    find: (id) => (away.has(id) ? undefined : known.get(id)),
    indexOf: (id) => order.value.indexOf(id),
    ensure,
    ids: () => Promise.resolve([...order.value]),
    range: (first, last) => Promise.resolve(order.value.slice(first, last + 1)),
    reload: refresh,
    refresh,
    patch,
    drop,
  };
}
