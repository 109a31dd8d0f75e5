/** One picture to the server, with its progress: `fetch` cannot tell how much has gone out. */

import { noAnswer, Refusal, refusalOf } from "@/api/errors";
import { signInAtHome } from "@/api/client";
import type { LibraryImage, Uploads } from "@/api/schema";
import type { UploadCategory } from "@/composables/intake";
import { currentLanguage } from "@/i18n";
import { useSession } from "@/stores/session";

export interface Sent {
  image: LibraryImage;
  duplicateOf: string | null;
}

const UNAUTHORIZED = 401;

/** Throws `Refusal`, or an `AbortError` when `signal` fires. */
export async function sendPicture(
  file: File,
  category: UploadCategory,
  signal: AbortSignal,
  told: (share: number) => void,
): Promise<Sent> {
  let answer = await post(file, category, signal, told);
  if (answer.status === UNAUTHORIZED && useSession().isHome && (await signInAtHome())) {
    answer = await post(file, category, signal, told);
  }
  if (!answer.ok) throw await refusalOf(answer);
  const [item] = ((await answer.json()) as Uploads).items;
  if (item?.error) throw new Refusal(item.error.code, item.error.detail, item.error.hint, answer.status);
  if (!item?.image) throw noAnswer(answer.status);
  return { image: item.image, duplicateOf: item.duplicate_of ?? null };
}

function post(file: File, category: UploadCategory, signal: AbortSignal, told: (share: number) => void): Promise<Response> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const stop = (): void => request.abort();
    const aborted = (): void => reject(new DOMException("stopped", "AbortError"));
    if (signal.aborted) {
      aborted();
      return;
    }
    signal.addEventListener("abort", stop, { once: true });
    request.open("POST", "/api/v1/library/images");
    request.setRequestHeader("Accept-Language", currentLanguage());
    request.upload.onprogress = (event) => event.lengthComputable && told(event.loaded / event.total);
    request.onabort = aborted;
    request.onerror = () => reject(noAnswer());
    request.onload = () => resolve(new Response(request.responseText, { status: request.status }));
    request.onloadend = () => signal.removeEventListener("abort", stop);
    const form = new FormData();
    form.append("category", category);
    form.append("files", file, file.name);
    request.send(form);
  });
}
