/** What people do with pictures, wherever these are shown: at once on the page, truthfully when it cannot be done. */

import { api, ask, content } from "@/api/client";
import type { Changed, LibraryImage } from "@/api/schema";
import { tellNews } from "@/composables/libraryNews";
import type { CategoryName } from "@/composables/listing";
import { say } from "@/i18n";
import { useToasts } from "@/stores/toasts";

/** Pictures that the server takes in one request. */
const MOST_IDS = 10_000;

export interface PictureActions {
  /** Likes `image`, or likes it no longer. Resolves with the picture as it is then. */
  favourite(image: LibraryImage): Promise<LibraryImage>;
  /** Puts pictures into the trash; the toast takes it back. Resolves with the ids of those that went. */
  trash(images: readonly LibraryImage[] | readonly string[]): Promise<string[]>;
  restore(ids: readonly string[]): Promise<string[]>;
  move(ids: readonly string[], category: CategoryName): Promise<string[]>;
  /** One: its file. Several: a zip. */
  download(images: readonly LibraryImage[] | readonly string[]): Promise<void>;
  /** Opens the page of the shop that the picture was found on. */
  openShop(image: Pick<LibraryImage, "page_url">): void;
}

export function usePictureActions(): PictureActions {
  const toasts = useToasts();

  async function favourite(image: LibraryImage): Promise<LibraryImage> {
    const liked = { ...image, is_favorite: !image.is_favorite };
    tellNews({ type: "changed", images: [liked] });
    const path = { params: { path: { image_id: image.id } } };
    try {
      if (liked.is_favorite) await api.PUT("/api/v1/library/images/{image_id}/favorite", path);
      else await api.DELETE("/api/v1/library/images/{image_id}/favorite", path);
      return liked;
    } catch (error) {
      tellNews({ type: "changed", images: [image] });
      toasts.fail(error);
      return image;
    }
  }

  async function trash(images: readonly LibraryImage[] | readonly string[]): Promise<string[]> {
    const ids = idsOf(images);
    tellNews({ type: "trashed", ids });
    const done = await change(ids, (some) =>
      content(api.POST("/api/v1/library/images/delete", { body: { image_ids: some } })),
    );
    if (done.length > 0) {
      toasts.show({
        tone: "info",
        text: say("library.told.trashed", { n: done.length }),
        action: { label: say("library.told.undo"), run: async () => void (await restore(done)) },
      });
    }
    return done;
  }

  async function restore(ids: readonly string[]): Promise<string[]> {
    return change(ids, (some) =>
      content(api.POST("/api/v1/library/images/restore", { body: { image_ids: some } })),
    );
  }

  async function move(ids: readonly string[], category: CategoryName): Promise<string[]> {
    return change(ids, (some) =>
      content(api.POST("/api/v1/library/images/move", { body: { image_ids: some, category } })),
    );
  }

  /** Does it in parts that the server takes; lists look again at the end. */
  async function change(ids: readonly string[], part: (ids: string[]) => Promise<Changed>): Promise<string[]> {
    const done: string[] = [];
    try {
      for (let start = 0; start < ids.length; start += MOST_IDS) {
        done.push(...(await part(ids.slice(start, start + MOST_IDS))).changed);
      }
    } catch (error) {
      toasts.fail(error);
    }
    tellNews({ type: "stale" });
    return done;
  }

  async function download(images: readonly LibraryImage[] | readonly string[]): Promise<void> {
    const ids = idsOf(images);
    const [first] = images;
    try {
      if (ids.length === 1 && first !== undefined && typeof first !== "string") {
        save(await (await ask(first.url)).blob(), first.filename);
        return;
      }
      const answer = await ask("/api/v1/library/download", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ image_ids: ids }),
      });
      save(await answer.blob(), "vtonlab-pictures.zip");
    } catch (error) {
      toasts.fail(error);
    }
  }

  return {
    favourite,
    trash,
    restore,
    move,
    download,
    openShop: ({ page_url: address }) => {
      if (address !== null && /^https?:\/\//i.test(address)) window.open(address, "_blank", "noopener,noreferrer");
    },
  };
}

function idsOf(images: readonly LibraryImage[] | readonly string[]): string[] {
  return images.map((image) => (typeof image === "string" ? image : image.id));
}

/** Hands `file` to the browser's downloads. */
function save(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the browser reads it after the click
}
