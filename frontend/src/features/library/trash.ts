/** The end of pictures: forgetting what is in the trash for good. It cannot be undone, so it is asked first. */

import { api, content } from "@/api/client";
import { refusalFrom } from "@/api/errors";
import { askToConfirm } from "@/components/confirm";
import { changing, tellNews } from "@/composables/libraryNews";
import { say } from "@/i18n";
import { useSession } from "@/stores/session";
import { useToasts } from "@/stores/toasts";

const AT_ONCE = 4;

/** Asks, then forgets these pictures; resolves with the ids of those that are gone. */
export async function forgetForGood(ids: readonly string[]): Promise<string[]> {
  const sure = await askToConfirm({
    title: say("library.trash.forgetTitle", { n: ids.length }),
    text: say("library.trash.forgetText"),
    action: say("library.trash.forget"),
    tone: "bad",
  });
  if (!sure) return [];
  const gone: string[] = [];
  let failed: unknown = null;
  const waiting = [...ids];
  const worker = async (): Promise<void> => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      try {
        await api.DELETE("/api/v1/library/trash/{image_id}", { params: { path: { image_id: id } } });
        gone.push(id);
        tellNews({ type: "gone", ids: [id] });
      } catch (error) {
        failed = error;
      }
    }
  };
  await changing(() => Promise.all(Array.from({ length: AT_ONCE }, worker)));
  tellGone(gone.length);
  if (failed !== null) {
    const { message, hint } = refusalFrom(failed);
    const text = say("library.told.failed", { n: ids.length - gone.length, of: ids.length });
    useToasts().show({ tone: "bad", text, hint: `${message} ${hint}`.trim(), seconds: 10 });
  }
  return gone;
}

/** Asks, then empties the trash. */
export async function emptyTrash(images: number): Promise<void> {
  const sure = await askToConfirm({
    title: say("library.trash.emptyTitle"),
    text: say("library.trash.emptyText", { n: images }),
    action: say("library.trash.empty"),
    tone: "bad",
  });
  if (!sure) return;
  try {
    tellGone((await changing(() => content(api.DELETE("/api/v1/library/trash")))).purged);
  } catch (error) {
    useToasts().fail(error);
  }
}

function tellGone(images: number): void {
  if (images === 0) return;
  useToasts().show({ tone: "good", text: say("library.told.gone", { n: images }) });
  // What it took of the quota is free again.
  void useSession()
    .refresh()
    .catch(() => undefined);
}
