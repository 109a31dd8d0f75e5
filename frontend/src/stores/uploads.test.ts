import { createPinia, setActivePinia } from "pinia";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { Refusal } from "@/api/errors";
import type { LibraryImage, ProfileOut } from "@/api/schema";
import { type Sent, sendPicture } from "@/api/send";
import { useSession } from "@/stores/session";
import { useUploads } from "@/stores/uploads";

vi.mock("@/api/send", () => ({ sendPicture: vi.fn() }));

/** What is on its way, for the test to end as it likes. */
interface Parcel {
  name: string;
  signal: AbortSignal;
  told: (share: number) => void;
  arrives: (duplicateOf?: string) => Promise<void>;
  fails: () => Promise<void>;
}

let parcels: Parcel[] = [];

function parcel(name: string): Parcel {
  const found = parcels.findLast((one) => one.name === name);
  if (found === undefined) throw new Error(`${name} is not on its way`);
  return found;
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

function files(...names: string[]): File[] {
  return names.map((name) => new File(["x"], name, { type: "image/png" }));
}

function beGuest(): void {
  useSession().profile = { user_id: "g", kind: "guest", permissions: [] as string[] } as ProfileOut;
}

beforeEach(() => {
  setActivePinia(createPinia());
  parcels = [];
  vi.mocked(sendPicture).mockImplementation(
    (file, _category, signal, told) =>
      new Promise<Sent>((resolve, reject) => {
        signal.addEventListener("abort", () => reject(new DOMException("stopped", "AbortError")));
        parcels.push({
          name: file.name,
          signal,
          told,
          arrives: async (duplicateOf) => {
            resolve({ image: { id: `id of ${file.name}` } as LibraryImage, duplicateOf: duplicateOf ?? null });
            await settled();
          },
          fails: async () => {
            reject(new Refusal("not_an_image", "This is no picture.", "Choose another.", 415));
            await settled();
          },
        });
      }),
  );
});

describe("uploads", () => {
  it("go three at once", async () => {
    beGuest();
    const uploads = useUploads();
    void uploads.add(files("1", "2", "3", "4"), "clothes");
    expect(uploads.items.map((item) => item.state)).toEqual(["sending", "sending", "sending", "waiting"]);
    await parcel("2").arrives();
    expect(uploads.items.map((item) => item.state)).toEqual(["sending", "done", "sending", "sending"]);
  });

  it("of a stranger begin with one, which makes them a guest; then three at once", async () => {
    const uploads = useUploads();
    const refresh = vi.spyOn(useSession(), "refresh").mockImplementation(() => Promise.resolve(beGuest()));
    void uploads.add(files("1", "2", "3", "4", "5"), "char");
    expect(parcels).toHaveLength(1);
    await parcel("1").arrives();
    expect(refresh).toHaveBeenCalledOnce();
    expect(parcels).toHaveLength(4);
  });

  it("are counted from one once nothing is on its way; what failed waits for another try", async () => {
    beGuest();
    const uploads = useUploads();
    void uploads.add(files("1", "bad"), "clothes");
    await parcel("1").arrives();
    void uploads.add(files("2"), "clothes");
    expect(uploads.items.map((item) => item.name)).toEqual(["1", "bad", "2"]);
    await parcel("bad").fails();
    await parcel("2").arrives();
    void uploads.add(files("3"), "clothes");
    expect(uploads.items.map((item) => item.name)).toEqual(["bad", "3"]);
  });

  it("tell how far each has gone", () => {
    beGuest();
    const uploads = useUploads();
    void uploads.add(files("1"), "clothes");
    parcel("1").told(0.4);
    expect(uploads.items[0]?.sent).toBe(0.4);
  });

  it("end in the pictures that went in, those known before included; one bad file loses none", async () => {
    beGuest();
    const uploads = useUploads();
    const added = uploads.add(files("good", "bad", "known"), "clothes");
    await parcel("bad").fails();
    await parcel("known").arrives("older");
    await parcel("good").arrives();
    expect((await added).map((image) => image.id)).toEqual(["id of good", "id of known"]);
    const [good, bad, known] = uploads.items;
    expect(good?.state).toBe("done");
    expect([bad?.state, bad?.error?.message, bad?.error?.hint]).toEqual(["failed", "This is no picture.", "Choose another."]);
    expect(known?.duplicateOf).toBe("older");
    expect(uploads.isBusy).toBe(false);
  });

  it("that failed can be sent again", async () => {
    beGuest();
    const uploads = useUploads();
    void uploads.add(files("1"), "clothes");
    await parcel("1").fails();
    const again = uploads.retry(uploads.items[0]?.key ?? 0);
    expect(uploads.items[0]).toMatchObject({ state: "sending", sent: 0 });
    expect(uploads.items[0]?.error).toBeUndefined();
    await parcel("1").arrives();
    expect((await again)?.id).toBe("id of 1");
    expect(uploads.items[0]?.state).toBe("done");
    expect(await uploads.retry(uploads.items[0]?.key ?? 0)).toBeNull();
  });

  it("are forgotten when over, and go on when not", async () => {
    beGuest();
    const uploads = useUploads();
    void uploads.add(files("1", "2"), "clothes");
    await parcel("1").arrives();
    uploads.clear();
    expect(uploads.items.map((item) => item.name)).toEqual(["2"]);
    await parcel("2").arrives();
    expect(uploads.items[0]?.state).toBe("done");
  });

  it("can be stopped; the next takes the place", async () => {
    beGuest();
    const uploads = useUploads();
    const added = uploads.add(files("1", "2", "3", "4"), "clothes");
    uploads.drop(uploads.items[0]?.key ?? 0);
    await settled();
    expect(parcel("1").signal.aborted).toBe(true);
    expect(uploads.items.map((item) => [item.name, item.state])).toEqual([
      ["2", "sending"],
      ["3", "sending"],
      ["4", "sending"],
    ]);
    for (const name of ["2", "3", "4"]) await parcel(name).arrives();
    expect(await added).toHaveLength(3);
  });
});
