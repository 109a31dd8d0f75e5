import { describe, expect, it } from "vitest";

import { receive } from "@/features/settings/receive";

function answerOf(...pieces: Uint8Array<ArrayBuffer>[]): Response {
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
  return new Response(body, { headers: { "Content-Type": "application/zip" } });
}

describe("a large answer", () => {
  it("comes whole and in order, and says how far it is", async () => {
    const pieces = [1, 2, 3].map((value) => new Uint8Array(5_000_000).fill(value));
    const told: number[] = [];
    const blob = await receive(answerOf(...pieces), (bytes) => told.push(bytes));
    const bytes = new Uint8Array(await blob.arrayBuffer());
    expect(told).toEqual([5_000_000, 10_000_000, 15_000_000]);
    expect(bytes.length).toBe(15_000_000);
    expect([bytes[0], bytes[5_000_000], bytes[14_999_999]]).toEqual([1, 2, 3]);
    expect(blob.type).toBe("application/zip");
  });

  it("fails where the connection does", async () => {
    const broken = new ReadableStream({ pull: (controller) => controller.error(new TypeError("gone")) });
    await expect(receive(new Response(broken), () => undefined)).rejects.toThrow("gone");
  });
});
