/** Coming in: what the sign-in pages ask of the server. Each throws `Refusal`. */

import { api, ask, content } from "@/api/client";
import type { UserOut } from "@/api/schema";

/** Signs in. `remember`: for some days, else until the browser is closed. */
export async function signIn(username: string, password: string, remember: boolean): Promise<void> {
  await post("/api/login", { username, password, remember_me: remember });
}

/** Makes an account, and takes along what was made as a guest. Does not sign in. */
export async function register(username: string, email: string, password: string): Promise<void> {
  await post("/api/register", { username, email: email.trim() || null, password });
}

/** Uses a one-time link: `name` only where it makes the first administrator. Signs in. */
export async function redeem(token: string, password: string, name?: { username: string; email: string }): Promise<UserOut> {
  const body = { token, password, ...(name && { username: name.username, email: name.email.trim() || null }) };
  return (await content(api.POST("/api/v1/auth/setup", { body }))).user;
}

async function post(address: string, body: Record<string, unknown>): Promise<void> {
  await ask(address, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}
