import { createPinia, setActivePinia } from "pinia";
import { beforeEach, describe, expect, it } from "vitest";

import { noAnswer } from "@/api/errors";
import { type Page, type Query, restAfter, usePages } from "@/features/admin/pages";
import { speak } from "@/i18n";

interface Item {
  id: number;
  isOpen: boolean;
}

/** A server that holds items from `newest` down to 1, and tells which of them are open. */
class Server {
  asked: Query[] = [];
  open = new Set<number>();

  constructor(public newest: number) {}

  ask = (query: Query): Promise<Page<Item>> => {
    this.asked.push(query);
    const from = query.cursor === undefined ? this.newest : Number(query.cursor);
    const size = Math.min(query.page_size, from);
    const items = Array.from({ length: size }, (_, index) => ({ id: from - index, isOpen: this.open.has(from - index) }));
    return Promise.resolve({ items, total: this.newest, next_cursor: from > size ? String(from - size) : null });
  };

  pages() {
    return usePages<Item>(
      (query) => this.ask(query),
      ({ id }) => String(id),
      ({ isOpen }) => isOpen,
    );
  }
}

const down = (from: number, to = 1) => Array.from({ length: from - to + 1 }, (_, index) => from - index);

describe("a list that goes on", () => {
  beforeEach(async () => {
    setActivePinia(createPinia());
    await speak("en");
  });

  it("comes page after page, each once, until there is no more", async () => {
    const server = new Server(120);
    const { items, hasMore, more, restart } = server.pages();
    await restart();
    await Promise.all([more(), more()]);
    await more();
    await more();
    expect(items.value.map(({ id }) => id)).toEqual(down(120));
    expect([hasMore.value, server.asked.length]).toEqual([false, 3]);
  });

  it("begins again for other filters, and takes no answer to the old ones", async () => {
    const server = new Server(3);
    const late: ((page: Page<Item>) => void)[] = [];
    const slow = usePages<Item>(
      () => new Promise((resolve) => late.push(resolve)),
      ({ id }) => String(id),
    );
    const first = slow.restart();
    const second = slow.restart();
    late[1]?.(await server.ask({ page_size: 2 }));
    await second;
    late[0]?.({ items: [{ id: 99, isOpen: false }], total: 1 });
    await first;
    expect(slow.items.value.map(({ id }) => id)).toEqual([3, 2]);
    expect([slow.total.value, slow.isLoading.value]).toEqual([3, false]);
  });

  it("is looked at again down to the last that is open, and keeps what is below", async () => {
    const server = new Server(260);
    server.open.add(120);
    const { items, total, hasMore, more, restart, refresh } = server.pages();
    await restart();
    while (items.value.length < 250) await more();
    server.newest = 262;
    server.open.clear();
    server.asked = [];
    await refresh();
    expect(server.asked.map(({ cursor }) => cursor)).toEqual([undefined, "162"]);
    expect(items.value.map(({ id }) => id)).toEqual(down(262, 11));
    expect(items.value.some(({ isOpen }) => isOpen)).toBe(false);
    expect([total.value, hasMore.value]).toEqual([262, true]);
    await more();
    expect(items.value.map(({ id }) => id)).toEqual(down(262));
  });

  it("says what went wrong, keeps what is there, and goes on", async () => {
    const server = new Server(60);
    let isDown = false;
    const { items, error, more, restart, refresh } = usePages<Item>(
      (query) => (isDown ? Promise.reject(noAnswer()) : server.ask(query)),
      ({ id }) => String(id),
    );
    await restart();
    isDown = true;
    await refresh();
    await more();
    expect([items.value.length, error.value?.code]).toEqual([50, "no_answer"]);
    isDown = false;
    await more();
    expect([items.value.length, error.value]).toEqual([60, null]);
  });

  it("that could not begin again begins again when asked for more", async () => {
    const server = new Server(120);
    let isDown = false;
    const { items, more, restart } = usePages<Item>(
      (query) => (isDown ? Promise.reject(noAnswer()) : server.ask(query)),
      ({ id }) => String(id),
    );
    await restart();
    isDown = true;
    await restart();
    isDown = false;
    server.newest = 7; // as of other filters
    await more();
    expect(items.value.map(({ id }) => id)).toEqual(down(7));
  });

  it("has nothing below where old and new do not meet", () => {
    const key = (id: number): string => String(id);
    expect(restAfter([9, 8, 7, 6], [10, 9, 8], key)).toEqual([7, 6]);
    expect(restAfter([9, 8], [200, 199], key)).toEqual([]);
    expect(restAfter([], [1], key)).toEqual([]);
  });
});
