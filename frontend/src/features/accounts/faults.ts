/** What the server refused of a form, sorted to its fields. */

import { refusalFrom, type Refusal } from "@/api/errors";
import { say } from "@/i18n";

/** `fields`: a sentence for each field that is wrong; `rest`: what belongs to none of them. */
export interface Faults {
  fields: Record<string, string>;
  rest: { text: string; hint: string } | null;
  /** Seconds until it is worth trying again. */
  wait: number | null;
}

export const NO_FAULTS: Faults = { fields: {}, rest: null, wait: null };

/** Sorts `error`: of a form with these `fields`; `email` is what stood in that field, for a name that is taken. */
export function sortFaults(error: unknown, fields: readonly string[], email = ""): Faults {
  const refusal = refusalFrom(error);
  if (refusal.code === "too_many_requests") {
    return { ...NO_FAULTS, wait: refusal.seconds ?? 60 };
  }
  const own = ownWords(refusal, fields, email);
  if (own) return { ...NO_FAULTS, fields: own };
  const told = Object.entries(refusal.fields).filter(([field]) => fields.includes(field));
  if (told.length > 0) return { ...NO_FAULTS, fields: Object.fromEntries(told.map(([field, text]) => [field, sentence(text)])) };
  return { ...NO_FAULTS, rest: { text: refusal.message, hint: refusal.hint } };
}

/** Where the server's sentence is not about the very form in front of the reader. */
function ownWords(refusal: Refusal, fields: readonly string[], email: string): Record<string, string> | null {
  if (refusal.code === "wrong_password") {
    if (fields.includes("current")) return { current: say("accounts.wrongCurrent") };
    return { password: say(fields.includes("username") ? "accounts.wrong" : "accounts.wrongCurrent") };
  }
  if (refusal.code === "name_taken") {
    const isEmail = email.trim() !== "" && refusal.message.includes(email.trim());
    return isEmail ? { email: say("accounts.emailTaken") } : { username: say("accounts.nameTaken") };
  }
  return null;
}

/** The server tells a field's fault as a part of a sentence. */
export function sentence(text: string): string {
  const isChinese = /[\u3400-\u9fff]/u.test(text);
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.。]$/u.test(begun) ? begun : begun + (isChinese ? "。" : ".");
}
