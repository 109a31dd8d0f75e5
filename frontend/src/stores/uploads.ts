/** Pictures on their way into the library: each has its own bar, its own error, and can be sent again. */

import { defineStore } from "pinia";
import { computed, ref } from "vue";

import { isAborted, type Refusal, refusalFrom } from "@/api/errors";
import { type Sent, sendPicture } from "@/api/send";
import type { LibraryImage } from "@/api/schema";
import type { UploadCategory } from "@/composables/intake";
import { useSession } from "@/stores/session";

const AT_ONCE = 3;

export interface UploadItem {
  key: number;
  name: string;
  category: UploadCategory;
  state: "waiting" | "sending" | "done" | "failed";
  /** 0 to 1. */
  sent: number;
  image?: LibraryImage;
  /** The picture was there already; its id. */
  duplicateOf?: string;
  error?: Refusal;
}

interface Work {
  file: File;
  stop: AbortController;
  ended: (image: LibraryImage | null) => void;
}

export const useUploads = defineStore("uploads", () => {
  const items = ref<UploadItem[]>([]);
  const works = new Map<number, Work>();
  let newest = 0;

  const isBusy = computed(() => items.value.some((item) => item.state === "waiting" || item.state === "sending"));

  /** Sends the files; resolves with the pictures that went in, those that were there already included. */
  async function add(files: readonly File[], category: UploadCategory): Promise<LibraryImage[]> {
    if (!isBusy.value) forget((item) => item.state === "done"); // the former ones are counted no more
    const images = files.map(
      (file) =>
        new Promise<LibraryImage | null>((ended) => {
          const key = ++newest;
          works.set(key, { file, stop: new AbortController(), ended });
          items.value.push({ key, name: file.name, category, state: "waiting", sent: 0 });
        }),
    );
    sendNext();
    return (await Promise.all(images)).filter((image) => image !== null);
  }

  /** Sends a file again that failed; the picture, or null where it failed again. */
  async function retry(key: number): Promise<LibraryImage | null> {
    const item = find(key);
    const work = works.get(key);
    if (item?.state !== "failed" || work === undefined) return null;
    const ended = new Promise<LibraryImage | null>((resolve) => works.set(key, { ...work, ended: resolve }));
    item.state = "waiting";
    item.sent = 0;
    delete item.error;
    sendNext();
    return await ended;
  }

  /** Forgets what is over; what is on its way goes on. */
  function clear(): void {
    forget(isOver);
  }

  function forget(which: (item: UploadItem) => boolean): void {
    for (const item of items.value) if (which(item)) works.delete(item.key);
    items.value = items.value.filter((item) => !which(item));
  }

  /** Stops a file on its way and forgets it. */
  function drop(key: number): void {
    const work = works.get(key);
    work?.stop.abort();
    work?.ended(null);
    works.delete(key);
    items.value = items.value.filter((item) => item.key !== key);
    sendNext();
  }

  function sendNext(): void {
    const sending = items.value.filter((item) => item.state === "sending").length;
    // A stranger becomes a guest by the first picture: sent side by side, each would make a guest of its own.
    const atOnce = useSession().standing === "nobody" ? 1 : AT_ONCE;
    for (const item of items.value.filter((one) => one.state === "waiting").slice(0, Math.max(0, atOnce - sending))) {
      void send(item.key);
    }
  }

  async function send(key: number): Promise<void> {
    const item = find(key);
    const work = works.get(key);
    if (item === undefined || work === undefined) return;
    item.state = "sending";
    let image: LibraryImage | null = null;
    try {
      const sent = await sendPicture(work.file, item.category, work.stop.signal, (share) => (item.sent = share));
      await becomeGuest();
      image = keep(item, sent);
    } catch (error) {
      if (isAborted(error)) return;
      item.state = "failed";
      item.error = refusalFrom(error);
    }
    work.ended(image);
    sendNext();
  }

  function keep(item: UploadItem, sent: Sent): LibraryImage {
    item.state = "done";
    item.sent = 1;
    item.image = sent.image;
    if (sent.duplicateOf !== null) item.duplicateOf = sent.duplicateOf;
    return sent.image;
  }

  async function becomeGuest(): Promise<void> {
    const session = useSession();
    if (session.standing === "nobody") await session.refresh();
  }

  function find(key: number): UploadItem | undefined {
    return items.value.find((item) => item.key === key);
  }

  return { items, isBusy, add, retry, drop, clear };
});

function isOver(item: UploadItem): boolean {
  return item.state === "done" || item.state === "failed";
}
