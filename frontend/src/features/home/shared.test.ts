import { describe, expect, it } from "vitest";

import { fileOf } from "./shared";

describe("what another app shared", () => {
  it("is a file again, with its name and kind", async () => {
    const headers = { "Content-Type": "image/png", "X-Name": encodeURIComponent("裙子 1.png") };
    const file = await fileOf(new Response("bytes", { headers }));
    expect([file.name, file.type, await file.text()]).toEqual(["裙子 1.png", "image/png", "bytes"]);
  });

  it("has some name where the other app gave none", async () => {
    expect((await fileOf(new Response("bytes"))).name).toBe("shared");
  });
});
