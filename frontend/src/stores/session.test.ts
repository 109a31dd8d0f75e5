import { createPinia, setActivePinia } from "pinia";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { speak } from "@/i18n";
import { useSession } from "@/stores/session";

const PERSON = { user_id: "1", username: "mei", kind: "person", permissions: ["images:read"], usage: {}, language: null };

/** A server that knows `who`, or nobody. */
let who: object | null;
let mode: "local" | "server";

function answer(request: Request): Response {
  const { pathname } = new URL(request.url);
  if (pathname === "/state") return Response.json({ mode, language: "auto", visitor: who === null ? "stranger" : "user" });
  if (pathname === "/api/v1/auth/local") return Response.json({}, { status: mode === "local" ? 200 : 404 });
  if (who === null) return Response.json({ detail: "Please sign in", code: "sign_in_needed" }, { status: 401 });
  return Response.json(who);
}

describe("who is here", () => {
  beforeEach(async () => {
    setActivePinia(createPinia());
    await speak("en");
    who = PERSON;
    mode = "server";
    vi.stubGlobal("fetch", vi.fn((request: Request) => Promise.resolve(answer(request))));
  });
  afterEach(() => vi.unstubAllGlobals());

  it("is asked on the way in; strangers are nobody", async () => {
    who = null;
    const session = useSession();
    expect(session.isKnown).toBe(false);
    await session.enter();
    expect([session.isKnown, session.standing, session.hasEnded]).toEqual([true, "nobody", false]);
    expect(fetch).toHaveBeenCalledTimes(1); // of whom the server does not know it need not be asked who they are
  });

  it("keeps the page of a person whose session ended, until they are back", async () => {
    const session = useSession();
    await session.enter();
    who = null;
    await session.notice();
    expect(session.hasEnded).toBe(true);
    expect(session.profile?.username).toBe("mei");
    who = PERSON;
    await session.goOn();
    expect([session.hasEnded, session.standing]).toEqual([false, "person"]);
  });

  it("is told of another person in the same browser as of an ended session", async () => {
    const session = useSession();
    await session.enter();
    who = { ...PERSON, user_id: "2", username: "lin" };
    await session.refresh();
    expect(session.hasEnded).toBe(true);
  });

  it("takes a guest for gone without a word, and does not take silence for an answer", async () => {
    who = { ...PERSON, kind: "guest" };
    const session = useSession();
    await session.enter();
    vi.stubGlobal("fetch", vi.fn(() => Promise.reject(new TypeError("no network"))));
    await session.notice();
    expect(session.standing).toBe("guest");
    vi.stubGlobal("fetch", vi.fn((request: Request) => Promise.resolve(answer(request))));
    who = null;
    await session.notice();
    expect([session.standing, session.hasEnded]).toEqual(["nobody", false]);
  });

  it("is no news to who leaves by themselves", async () => {
    const session = useSession();
    await session.enter();
    session.leave();
    who = null;
    await session.notice();
    expect(session.hasEnded).toBe(false);
  });

  it("lets nobody else take the place of an account at home", async () => {
    mode = "local";
    const session = useSession();
    await session.enter();
    const asked = vi.mocked(fetch).mock.calls.length;
    who = null;
    await session.notice();
    expect(session.hasEnded).toBe(true);
    const addresses = vi.mocked(fetch).mock.calls.slice(asked).map(([request]) => (request as Request).url);
    expect(addresses.some((address) => address.endsWith("/auth/local"))).toBe(false);
  });
});
