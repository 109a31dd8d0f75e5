import { describe, expect, it } from "vitest";

import manifest from "../../public/manifest.webmanifest?raw";

import { handle, SHARE_ADDRESS, sharedFiles } from "./rules";

const ORIGIN = "http://127.0.0.1:8080";

function asked(path: string, more: Partial<Pick<Request, "method" | "mode">> = {}): string {
  const url = path.startsWith("http") ? path : ORIGIN + path;
  return handle({ url, method: "GET", mode: "cors", ...more }, ORIGIN);
}

describe("what the worker handles", () => {
  it("answers for pages, whichever they are", () => {
    expect(asked("/", { mode: "navigate" })).toBe("page");
    expect(asked("/tryon?person=1", { mode: "navigate" })).toBe("page");
  });

  it("keeps hashed assets and nothing beside them", () => {
    expect(asked("/assets/index-B3fK9aQz.js")).toBe("asset");
    expect(asked("/assets/plain.js")).toBe("leave");
    expect(asked("/icons/icon-192.png")).toBe("leave");
  });

  it("leaves the API, pictures and downloads alone, also as pages", () => {
    expect(asked("/api/v1/library/images")).toBe("leave");
    expect(asked("/api/v1/library/images/1/thumbnail")).toBe("leave");
    expect(asked("/api/v1/library/images/1/file", { mode: "navigate" })).toBe("leave");
    expect(asked("/sample/person")).toBe("leave");
  });

  it("leaves other sites and other methods alone", () => {
    expect(asked("https://shop.example/", { mode: "navigate" })).toBe("leave");
    expect(asked("/", { method: "HEAD" })).toBe("leave");
    expect(asked("/api/v1/tryon", { method: "POST" })).toBe("leave");
  });

  it("takes what is shared at the manifest's address", () => {
    expect(asked(SHARE_ADDRESS, { method: "POST", mode: "navigate" })).toBe("share");
    const { share_target: target } = JSON.parse(manifest) as { share_target: { action: string } };
    expect(target.action).toBe(SHARE_ADDRESS);
  });
});

describe("what a share holds", () => {
  it("keeps files with something in them, in their order", () => {
    const form = new FormData();
    form.append("title", "A shop");
    form.append("pictures", new File(["one"], "one.jpg", { type: "image/jpeg" }));
    form.append("pictures", new File([], "empty.jpg"));
    form.append("pictures", new File(["two"], "two.png", { type: "image/png" }));
    expect(sharedFiles(form).map((file) => file.name)).toEqual(["one.jpg", "two.png"]);
  });

  it("is empty where only a link was shared", () => {
    const form = new FormData();
    form.append("url", "https://shop.example/shirt");
    expect(sharedFiles(form)).toEqual([]);
  });
});
