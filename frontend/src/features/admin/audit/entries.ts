/** Entries of the audit log, in words. */

import type { AuditOut } from "@/api/schema";
import { roleText } from "@/features/admin/roleNames";
import { shortId } from "@/features/admin/words";
import { deletedWords } from "@/features/settings/deleted";
import { sizeText } from "@/features/settings/formats";
import { scopeKey } from "@/features/settings/scopes";
import { i18n, say } from "@/i18n";

export interface Detail {
  label: string;
  value: string;
}

function known(key: string): string | null {
  return i18n.global.te(key) ? say(key) : null;
}

/** What was done: "Signed in"; an action that we have no words for, as the server calls it. */
export function actionText(action: string): string {
  return known(`admin.audit.action.${action.replace(".", "_")}`) ?? action;
}

/** What actions that begin alike are about. */
export function groupText(group: string): string {
  return known(`admin.audit.group.${group}`) ?? group;
}

/** To whom or what it was done; empty where that is whoever did it. */
export function targetText(entry: AuditOut): string {
  if (entry.target === "" || entry.target === entry.user_id) return "";
  if (entry.target_name !== "") return entry.target_name;
  return entry.action.startsWith("roles.") ? roleText(entry.target) : shortId(entry.target);
}

/** Who did it. */
export function whoText(entry: AuditOut): string {
  return entry.username || (entry.user_id === null ? say("admin.audit.nobody") : shortId(entry.user_id));
}

/** Groups and single actions, to narrow the log down to; a group ends with a dot, as the server wants it. */
export function choicesOf(actions: readonly string[]): { value: string; label: string }[] {
  const groups = [...new Set(actions.map((action) => action.split(".")[0] ?? action))].sort();
  return groups.flatMap((group) => [
    { value: `${group}.`, label: groupText(group) },
    ...actions.filter((one) => one.startsWith(`${group}.`)).map((value) => ({ value, label: `  ${actionText(value)}` })),
  ]);
}

/** What else is known of it, one line for each. */
export function detailsOf(entry: AuditOut): Detail[] {
  const lines: Detail[] = [];
  const { from, to, ...rest } = entry.details as Record<string, unknown>;
  if (Array.isArray(from) && Array.isArray(to)) {
    lines.push(...detail("added", to.filter((one) => !from.includes(one))));
    lines.push(...detail("removed", from.filter((one) => !to.includes(one))));
  }
  for (const [name, value] of Object.entries(rest)) lines.push(...detail(name, value));
  return lines;
}

function detail(name: string, value: unknown): Detail[] {
  if (Array.isArray(value) && value.length === 0) return [];
  return [{ label: known(`admin.audit.detail.${name}`) ?? name, value: valueText(name, value) }];
}

const PERMISSIONS = ["added", "removed", "permissions", "scopes"];

function valueText(name: string, value: unknown): string {
  if (name === "role" && Array.isArray(value)) return value.map((one) => roleText(String(one))).join(" → ");
  if (name === "role") return roleText(String(value));
  if (name === "quota_bytes") return quotaText(value);
  if (name === "deleted" && typeof value === "object" && value !== null) return listed(deletedWords(value as Record<string, Record<string, number>>));
  if (PERMISSIONS.includes(name) && Array.isArray(value)) {
    return listed(value.map((one) => known(`settings.scopes.${scopeKey(String(one))}`) ?? String(one)));
  }
  if (name === "user_id") return shortId(String(value));
  if (typeof value === "boolean") return say(value ? "admin.audit.yes" : "admin.audit.no");
  if (Array.isArray(value)) return listed(value.map((one) => word(one)));
  return word(value);
}

function quotaText(value: unknown): string {
  if (value === null) return say("admin.users.quotas.usual");
  return value === 0 ? say("admin.users.quotas.none") : sizeText(Number(value));
}

/** A single word of the server's, where we have one for it. */
function word(value: unknown): string {
  if (typeof value === "string") return known(`admin.audit.value.${value}`) ?? value;
  return JSON.stringify(value);
}

function listed(parts: string[]): string {
  return parts.join(say("admin.audit.comma"));
}

/** The moment at which a day begins where the reader is; `days` later. Null for no day. */
export function startOf(day: string, days = 0): string | null {
  const [year, month, date] = day.split("-").map(Number);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day) || !year || !month || !date) return null;
  return new Date(year, month - 1, date + days).toISOString();
}

/** The log as rows of a table for other programs, under its heads. */
export function rowsOf(entries: readonly AuditOut[]): string[][] {
  const heads = ["time", "who", "action", "target", "details", "address", "device"].map((name) => say(`admin.audit.column.${name}`));
  const rows = entries.map((entry) => [
    entry.at,
    whoText(entry),
    entry.action,
    entry.target_name || entry.target,
    detailsOf(entry)
      .map(({ label, value }) => `${label}: ${value}`)
      .join("; "),
    entry.address,
    entry.agent,
  ]);
  return [heads, ...rows];
}
