/**
 * Every request to the server goes through `ask` (bytes, forms) or `api` (typed by the server's own description).
 * Both speak the reader's language, sign in by themselves at home, and throw a `Refusal` for anything but success.
 */

import createClient, { type FetchResponse } from "openapi-fetch";

import { noAnswer, isAborted, refusalOf } from "@/api/errors";
import type { paths } from "@/api/schema";
import { currentLanguage } from "@/i18n";

/** The only refusal that tells of the session; a wrong password or a spent link is a 401 as well, and ends nothing. */
const SIGN_IN_NEEDED = "sign_in_needed";

let isHome = false;
let whenSignedOut = (): void => undefined;

/** In local mode the page signs in by itself, whenever its session has ended. */
export function setHome(home: boolean): void {
  isHome = home;
}

/** What happens when the server no longer knows the session (server mode). */
export function onSignedOut(callback: () => void): void {
  whenSignedOut = callback;
}

/** `fetch` with the reader's language. Throws `Refusal`; an abort stays an `AbortError`. */
export async function ask(address: string | URL | Request, options: RequestInit = {}): Promise<Response> {
  const request = new Request(address, options);
  request.headers.set("Accept-Language", currentLanguage());
  const again = isHome ? request.clone() : null;
  const answer = await send(request);
  if (isGood(answer)) return answer;
  const refusal = await refusalOf(answer);
  if (refusal.code !== SIGN_IN_NEEDED) throw refusal;
  if (again === null) whenSignedOut();
  else if (await signInAtHome()) {
    const second = await send(again);
    if (isGood(second)) return second;
    throw await refusalOf(second);
  }
  throw refusal;
}

function isGood(answer: Response): boolean {
  return answer.ok || answer.status === 304;
}

/** The session of the machine's own user; false where this server gives none. */
export async function signInAtHome(): Promise<boolean> {
  return (await send(new Request("/api/v1/auth/local", { method: "POST" }))).ok;
}

async function send(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (error) {
    if (isAborted(error)) throw error;
    throw noAnswer();
  }
}

export const api = createClient<paths>({ baseUrl: location.origin, fetch: (request) => ask(request) });

/** The content of an answer that can only be a success, since `ask` throws otherwise. */
export async function content<T extends Record<string | number, unknown>, O, M extends `${string}/${string}`>(
  answer: Promise<FetchResponse<T, O, M>>,
): Promise<NonNullable<FetchResponse<T, O, M>["data"]>> {
  return (await answer).data as NonNullable<FetchResponse<T, O, M>["data"]>;
}
