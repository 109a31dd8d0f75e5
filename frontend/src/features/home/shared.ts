/** Pictures that another app shared: the service worker (sw.ts) has put them by until the page fetches them here. */

const SHARED = "vtonlab-shared";

/** What was shared, oldest first; it is kept nowhere any longer once it was taken. */
export async function takeShared(): Promise<File[]> {
  if (!("caches" in window)) return [];
  const kept = await caches.open(SHARED);
  const files: File[] = [];
  for (const request of await kept.keys()) {
    const answer = await kept.match(request);
    if (answer) files.push(await fileOf(answer));
    await kept.delete(request);
  }
  return files;
}

/** The worker writes a file's name into a header, as headers can carry it. */
export async function fileOf(answer: Response): Promise<File> {
  const name = decodeURIComponent(answer.headers.get("X-Name") ?? "");
  const type = answer.headers.get("Content-Type") ?? "";
  return new File([await answer.blob()], name || "shared", { type });
}
