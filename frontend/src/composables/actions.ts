/** What people do with pictures, wherever these are shown: at once on the page, truthfully when it cannot be done. */

import { api, ask, content } from "@/api/client";
import { isAborted, refusalFrom } from "@/api/errors";
import type { Changed, FailedImage, LibraryImage } from "@/api/schema";
import { addressOf } from "@/components/pictureAddress";
import { changing, tellNews } from "@/composables/libraryNews";
import type { CategoryName } from "@/composables/listing";
import { saveAs, saveFrom } from "@/composables/saving";
import { say } from "@/i18n";
import { useToasts } from "@/stores/toasts";

/** Pictures that the server takes in one request. */
const MOST_IDS = 10_000;
/** Pictures that it puts into one zip. */
const MOST_ZIPPED = 50_000;
/** Asking that takes no longer needs no words. */
const QUICK_MS = 300;
/** Until it is done. */
const ENDLESS = 86_400;

/** Pictures, or the ids of those that were never looked at. */
export type Pictures = readonly (LibraryImage | string)[];
/** A picture and where it was before, so that it can be put back. */
export type Mover = Pick<LibraryImage, "id" | "category">;

export interface PictureActions {
  /** Likes `image`, or likes it no longer. Resolves with the picture as it is then. */
  favourite(image: LibraryImage): Promise<LibraryImage>;
  /** Likes all of them, or none. */
  favouriteAll(ids: readonly string[], liked: boolean): Promise<void>;
  /** Puts pictures into the trash; the toast takes it back. Resolves with the ids of those that went. */
  trash(pictures: Pictures): Promise<string[]>;
  /** Takes pictures out of the trash. Resolves with the ids of those that came. */
  restore(pictures: Pictures): Promise<string[]>;
  /** Puts pictures into a category; the toast takes it back. Resolves with the ids of those that went. */
  move(pictures: readonly Mover[], category: CategoryName): Promise<string[]>;
  /** One: its file. Several: a zip. */
  download(pictures: Pictures): Promise<void>;
  /** Opens the page of the shop that the picture was found on. */
  openShop(image: Pick<LibraryImage, "page_url">): void;
}

export function usePictureActions(): PictureActions {
  const toasts = useToasts();

  async function favourite(image: LibraryImage): Promise<LibraryImage> {
    const liked = { ...image, is_favorite: !image.is_favorite };
    tellNews({ type: "changed", images: [liked] });
    try {
      await changing(() => like(image.id, liked.is_favorite));
      return liked;
    } catch (error) {
      toasts.fail(error);
      return image;
    }
  }

  async function favouriteAll(ids: readonly string[], liked: boolean): Promise<void> {
    const { done, failed } = await changing(() => each(ids, (id) => like(id, liked)));
    if (done.length > 0) toasts.show({ tone: "good", text: say(liked ? TOLD.liked : TOLD.unliked, { n: done.length }) });
    tellFailed(failed, ids.length);
  }

  async function trash(pictures: Pictures): Promise<string[]> {
    const ids = idsOf(pictures);
    tellNews({ type: "trashed", ids });
    const outcome = await changing(() =>
      inParts(ids, (image_ids) => content(api.POST("/api/v1/library/images/delete", { body: { image_ids } }))),
    );
    tell(TOLD.trashed, outcome, async () => void (await restore(outcome.done)));
    return outcome.done;
  }

  async function restore(pictures: Pictures): Promise<string[]> {
    const ids = idsOf(pictures);
    tellNews({ type: "restored", ids });
    const outcome = await changing(() =>
      inParts(ids, (image_ids) => content(api.POST("/api/v1/library/images/restore", { body: { image_ids } }))),
    );
    tell(TOLD.restored, outcome);
    return outcome.done;
  }

  async function move(pictures: readonly Mover[], category: CategoryName): Promise<string[]> {
    const outcome = await moveTo(pictures, category);
    const done = new Set(outcome.done);
    tell(TOLD.moved[category], outcome, async () => {
      const moved = pictures.filter((one) => done.has(one.id));
      for (const before of new Set(moved.map((one) => one.category))) {
        const those = moved.filter((one) => one.category === before);
        tellFailed((await moveTo(those, before as CategoryName)).failed, those.length);
      }
    });
    return outcome.done;
  }

  function moveTo(pictures: readonly Mover[], category: CategoryName): Promise<Outcome> {
    const full = pictures.filter((one): one is LibraryImage => "url" in one);
    tellNews({ type: "changed", images: full.map((image) => ({ ...image, category })) });
    const ids = pictures.map((one) => one.id);
    return changing(() =>
      inParts(ids, (image_ids) => content(api.POST("/api/v1/library/images/move", { body: { image_ids, category } }))),
    );
  }

  async function download(pictures: Pictures): Promise<void> {
    const [first] = pictures;
    const abort = new AbortController();
    let told = 0;
    const wait = setTimeout(() => {
      told = toasts.show({
        tone: "info",
        text: say("library.told.packing", { n: pictures.length }),
        action: { label: say("common.cancel"), run: () => abort.abort() },
        seconds: ENDLESS,
      });
    }, QUICK_MS);
    try {
      if (pictures.length === 1 && first !== undefined && typeof first !== "string") {
        const answer = await ask(addressOf(first, "full"), { signal: abort.signal });
        saveAs(await answer.blob(), first.filename);
      } else {
        await downloadZips(idsOf(pictures), abort.signal);
        toasts.show({ tone: "info", text: say("library.told.zipped", { n: pictures.length }) });
      }
    } catch (error) {
      if (!isAborted(error)) toasts.fail(error);
    } finally {
      clearTimeout(wait);
      toasts.dismiss(told);
    }
  }

  /** What was done with an undo, and what could not be. */
  function tell(key: string, { done, failed }: Outcome, undo?: () => Promise<void>): void {
    tellFailed(failed, done.length + failed.length);
    if (done.length === 0) return;
    const text = say(key, { n: done.length });
    toasts.show({ tone: "info", text, ...(undo ? { action: { label: say("common.undo"), run: undo, isUndo: true } } : {}) });
  }

  function tellFailed(failed: readonly FailedImage[], of: number): void {
    const [first] = failed;
    if (first === undefined) return;
    const text = failed.length === of ? first.error : say("library.told.failed", { n: failed.length, of });
    toasts.show({ tone: "bad", text, hint: failed.length === of ? "" : first.error, seconds: 10 });
  }

  return {
    favourite,
    favouriteAll,
    trash,
    restore,
    move,
    download,
    openShop: ({ page_url: address }) => {
      if (isWebPage(address)) window.open(address, "_blank", "noopener,noreferrer");
    },
  };
}

/** Whether a picture's page can be gone to: what programs send there may be anything. */
export function isWebPage(address: string | null): address is string {
  return address !== null && /^https?:\/\//i.test(address);
}

/** Whole keys, so that each can be found in the words. */
const TOLD = {
  trashed: "library.told.trashed",
  restored: "library.told.restored",
  liked: "library.told.liked",
  unliked: "library.told.unliked",
  moved: {
    clothes: "library.told.movedToClothes",
    char: "library.told.movedToMe",
    vton_results: "library.told.movedToResults",
    generated: "library.told.movedToGenerated",
  },
} as const;

interface Outcome {
  done: string[];
  failed: FailedImage[];
}

function idsOf(pictures: Pictures): string[] {
  return pictures.map((one) => (typeof one === "string" ? one : one.id));
}

function like(image_id: string, liked: boolean): Promise<unknown> {
  const path = { params: { path: { image_id } } };
  const address = "/api/v1/library/images/{image_id}/favorite";
  return liked ? api.PUT(address, path) : api.DELETE(address, path);
}

/** In parts that the server takes. What a failed part named, and what came after it, is not done, and why. */
async function inParts(ids: readonly string[], part: (ids: string[]) => Promise<Changed>): Promise<Outcome> {
  const outcome: Outcome = { done: [], failed: [] };
  for (let start = 0; start < ids.length; start += MOST_IDS) {
    try {
      const { changed, failed } = await part(ids.slice(start, start + MOST_IDS));
      outcome.done.push(...changed);
      outcome.failed.push(...failed);
    } catch (error) {
      outcome.failed.push(...ids.slice(start).map((id) => failure(id, error)));
      break;
    }
  }
  return outcome;
}

/** One by one, a few at once. */
async function each(ids: readonly string[], work: (id: string) => Promise<unknown>): Promise<Outcome> {
  const outcome: Outcome = { done: [], failed: [] };
  const waiting = [...ids];
  const worker = async (): Promise<void> => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      try {
        await work(id);
        outcome.done.push(id);
      } catch (error) {
        outcome.failed.push(failure(id, error));
      }
    }
  };
  await Promise.all(Array.from({ length: 4 }, worker));
  return outcome;
}

function failure(id: string, error: unknown): FailedImage {
  const { message, hint, code } = refusalFrom(error);
  return { id, code, error: hint ? `${message} ${hint}` : message };
}

/** What keeps a zip from being made is thrown; the rest is between the server and the browser. */
async function downloadZips(ids: readonly string[], signal: AbortSignal): Promise<void> {
  for (let start = 0; start < ids.length; start += MOST_ZIPPED) {
    const body = { image_ids: ids.slice(start, start + MOST_ZIPPED) };
    saveFrom((await content(api.POST("/api/v1/library/downloads", { body, signal }))).url);
  }
}
