/** What the server refused, in the reader's words. */

import { say } from "@/i18n";

/**
 * `code` is stable; `message` and `hint` are for people, in their language. `status` is 0 where no answer came.
 * `seconds`: when it is worth trying again; `fields`: what is wrong with which part of the request.
 */
export class Refusal extends Error {
  override readonly name = "Refusal";

  constructor(
    readonly code: string,
    message: string,
    readonly hint: string,
    readonly status: number,
    readonly seconds: number | null = null,
    readonly fields: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

/** Any of the server's three forms of errors. */
export async function refusalOf(answer: Response): Promise<Refusal> {
  try {
    const body = (await answer.json()) as Record<string, unknown>;
    const words = body["detail"] ?? body["error"] ?? body["message"];
    if (typeof words !== "string") return noAnswer(answer.status);
    const code = String(body["code"] ?? "error");
    const seconds = Number.parseInt(answer.headers.get("Retry-After") ?? "", 10);
    const waits = Number.isNaN(seconds) ? null : seconds;
    return new Refusal(code, words, String(body["hint"] ?? ""), answer.status, waits, readFields(body["errors"]));
  } catch {
    // Something between here and the server answered in its place.
    return noAnswer(answer.status);
  }
}

function readFields(told: unknown): Record<string, string> {
  if (!Array.isArray(told)) return {};
  const faults = told as Record<string, unknown>[];
  return Object.fromEntries(faults.map((fault) => [String(fault["field"]), String(fault["reason"])]));
}

export function noAnswer(status = 0): Refusal {
  return new Refusal("no_answer", say("common.noAnswer"), say("common.noAnswerHint"), status);
}

/** What went wrong, as a sentence for people; a fault of our own is told as one. */
export function refusalFrom(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  return new Refusal("fault", say("common.fault"), say("common.faultHint"), 0);
}

export function isAborted(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
