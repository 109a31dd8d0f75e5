/** What the server tells by itself: one WebSocket a page, connected again whenever it was lost. */

import { readonly, ref } from "vue";

import { waitBefore } from "@/api/backoff";
import type { Status, TaskError } from "@/api/schema";

/** News of a task; `queue_position` and `parameters` have to be asked for. */
export interface TaskUpdate {
  type: "task_update";
  task_id: string;
  kind: string;
  status: Status;
  progress: number;
  stage: string;
  result?: Record<string, unknown>;
  error?: TaskError;
  finished_at?: string;
}

/** Pictures that changed, came or went; with `more`, others did, too. */
export interface LibraryUpdate {
  type: "library_update";
  image_ids: string[];
  more: boolean;
}

type Stop = () => void;

const UNAUTHORIZED = 4401;
const FORBIDDEN = 4403;
const BEAT = 25_000;
/** The server beats every 30 s: who has heard nothing for so long has lost it, whatever the socket says. */
const SILENCE = 70_000;
const ANSWER = 5_000;

const taskListeners = new Set<(update: TaskUpdate) => void>();
const libraryListeners = new Set<(update: LibraryUpdate) => void>();
const connectListeners = new Set<() => void>();
const live = ref(false);

/** Whether news come in at this moment. */
export const isLive = readonly(live);

export function onTask(listener: (update: TaskUpdate) => void): Stop {
  taskListeners.add(listener);
  return () => taskListeners.delete(listener);
}

export function onLibrary(listener: (update: LibraryUpdate) => void): Stop {
  libraryListeners.add(listener);
  return () => libraryListeners.delete(listener);
}

/** Called on every connection, the first included: what happened before has to be asked for. */
export function onConnected(listener: () => void): Stop {
  connectListeners.add(listener);
  return () => connectListeners.delete(listener);
}

let socket: WebSocket | null = null;
let wanted = false;
let tries = 0;
let heardAt = 0;
let timer = 0;
let beat = 0;
let whenUnknown = (): void => undefined;

/** Keeps the connection from now on. `unknown` is called when the server no longer knows who this is. */
export function connect(unknown: () => void): void {
  whenUnknown = unknown;
  if (wanted) return;
  wanted = true;
  tries = 0;
  document.addEventListener("visibilitychange", lookAgain);
  window.addEventListener("online", tryNow);
  window.addEventListener("pageshow", lookAgain);
  open();
}

/** Ends it; nothing comes in any more. */
export function disconnect(): void {
  wanted = false;
  document.removeEventListener("visibilitychange", lookAgain);
  window.removeEventListener("online", tryNow);
  window.removeEventListener("pageshow", lookAgain);
  drop();
}

/** Tries at once instead of waiting on: for a button, and for whoever has just heard from the server. */
export function tryNow(): void {
  if (!wanted || live.value) return;
  tries = 0;
  open();
}

function open(): void {
  drop();
  const address = new URL("/api/v1/ws/tasks", location.href);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  const opened = new WebSocket(address);
  socket = opened;
  opened.addEventListener("open", () => {
    heardAt = Date.now();
    opened.send('{"type":"watch","topic":"library"}');
    beat = window.setInterval(checkBeat, BEAT);
  });
  opened.addEventListener("message", (event: MessageEvent<string>) => {
    if (socket === opened) hear(event.data);
  });
  opened.addEventListener("close", (event) => {
    if (socket === opened) lost(event.code);
  });
  // The server lets strangers in and then says goodbye: connected is who is still there a moment later.
  opened.addEventListener("open", () => opened.send('{"type":"heartbeat"}'));
}

function hear(text: string): void {
  heardAt = Date.now();
  if (!live.value) {
    live.value = true;
    tries = 0;
    for (const listener of connectListeners) listener();
  }
  const message = read(text);
  if (message?.type === "task_update") for (const listener of taskListeners) listener(message);
  if (message?.type === "library_update") for (const listener of libraryListeners) listener(message);
}

function read(text: string): TaskUpdate | LibraryUpdate | null {
  try {
    const message = JSON.parse(text) as TaskUpdate | LibraryUpdate | { type: "heartbeat" | "error" };
    return message.type === "task_update" || message.type === "library_update" ? message : null;
  } catch {
    return null; // not for us
  }
}

function lost(code: number): void {
  drop();
  if (!wanted) return;
  if (code === UNAUTHORIZED || code === FORBIDDEN) whenUnknown();
  timer = window.setTimeout(open, waitBefore(tries++));
}

function drop(): void {
  clearTimeout(timer);
  clearInterval(beat);
  const old = socket;
  socket = null;
  live.value = false;
  old?.close();
}

function checkBeat(): void {
  if (Date.now() - heardAt > SILENCE) open();
  else if (socket?.readyState === WebSocket.OPEN) socket.send('{"type":"heartbeat"}');
}

/** After sleep a socket may look open for minutes though nobody is there any more. */
function lookAgain(): void {
  if (document.visibilityState !== "visible" || !wanted) return;
  if (!live.value) {
    tryNow();
    return;
  }
  const asked = Date.now();
  const present = socket;
  present?.send('{"type":"heartbeat"}');
  window.setTimeout(() => {
    if (socket === present && heardAt < asked) open();
  }, ANSWER);
}
