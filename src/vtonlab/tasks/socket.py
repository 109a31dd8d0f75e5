"""``/api/v1/ws/tasks``: what happens to tasks, as it happens (api.md has the messages).

A connection is as good as what it came with: that is looked at again every few seconds, and at once when accounts say
that something of the user ended.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect, WebSocketState

from vtonlab.accounts.asking import read_credentials
from vtonlab.accounts.caller import Caller, Credentials, Permission, Via
from vtonlab.errors import BadRequest, BodyTooLarge, TooManyRequests, VtonError
from vtonlab.errors.language import choose_language
from vtonlab.settings import Settings
from vtonlab.tasks.events import TaskState, update_message
from vtonlab.tasks.outcomes import outcome_of
from vtonlab.tasks.service import Tasks
from vtonlab.tasks.topics import PAUSE_SECONDS

UNAUTHORIZED = 4401
FORBIDDEN = 4403
TOO_MANY = 4429
POLICY = 1008
GOING_AWAY = 1001

HEARTBEAT_SECONDS = 30.0
CHECK_SECONDS = 5.0
"""How often it is looked at whether the session or token still holds."""
STUCK_SECONDS = 60.0
"""A client that takes nothing for so long is let go."""
LONGEST_MESSAGE = 4096
"""Letters of a message; an id has 32."""
RATE = 50.0
"""Messages a second, for as long as it likes."""
BURST = 200.0
PATIENCE = 1000
"""Messages beyond the rate that are dropped before the connection is."""
MOST_WATCHED = 1000
MOST_CONNECTIONS = 500
"""Of one user."""
EXTENSIONS = ("chrome-extension://", "moz-extension://")
HEARTBEAT = '{"type":"heartbeat"}'

log = logging.getLogger(__name__)


def make_router(tasks: Tasks) -> APIRouter:
    """The WebSocket's route."""
    router = APIRouter()
    switchboard = Switchboard(tasks)

    @router.websocket("/api/v1/ws/tasks")
    async def talk(socket: WebSocket) -> None:
        await switchboard.talk(socket)

    return router


class Switchboard:
    """Who is connected."""

    def __init__(self, tasks: Tasks) -> None:
        self.tasks = tasks
        self._connected: dict[str, set[Conversation]] = {}
        tasks.accounts.on_session_end(self._something_ended)

    def _something_ended(self, user_id: str) -> None:
        for conversation in self._connected.get(user_id, ()):
            conversation.check_now()

    async def talk(self, socket: WebSocket) -> None:
        """Let a client in, and stay with it."""
        credentials = read_credentials(socket)
        found = await outcome_of(self.tasks.accounts.identify(credentials))
        caller = found.value
        if caller is not None and is_foreign(socket, caller, self.tasks.settings):
            await socket.close(POLICY)  # before it was accepted: answered with 403
            return
        await socket.accept()
        if caller is None or caller.user_id is None:
            if found.error is not None and not isinstance(found.error, VtonError):
                log.error("a caller could not be identified", exc_info=found.error)
            await socket.close(UNAUTHORIZED)
        elif not caller.may(Permission.TASKS_READ):
            await socket.close(FORBIDDEN)
        else:
            await self._stay(Conversation(socket, self.tasks, caller, credentials), caller.user_id)

    async def _stay(self, conversation: Conversation, user_id: str) -> None:
        of_user = self._connected.setdefault(user_id, set())
        if len(of_user) >= MOST_CONNECTIONS:
            await conversation.socket.close(TOO_MANY)
            return
        of_user.add(conversation)
        try:
            await conversation.hold()
        finally:
            of_user.discard(conversation)
            if not of_user and self._connected.get(user_id) is of_user:
                del self._connected[user_id]


class Conversation:
    """One connection. Whatever it is sent, it goes on until the client leaves or may no longer listen."""

    def __init__(self, socket: WebSocket, tasks: Tasks, caller: Caller, credentials: Credentials) -> None:
        self.socket = socket
        self._tasks = tasks
        self._caller = caller
        self._credentials = credentials
        self._language = choose_language(socket.headers.get("accept-language", ""), "en")
        self._writing = asyncio.Lock()
        self._sending_since: float | None = None
        self._check = asyncio.Event()
        self._allowed = BURST
        self._counted_at = time.monotonic()
        self._dropped = 0

    def check_now(self) -> None:
        """Look at once whether the session or token still holds."""
        self._check.set()

    async def hold(self) -> None:
        """Until it ends."""
        self._subscription = self._tasks.events.subscribe(self._caller.owner)
        self._watcher = self._tasks.topics.watcher(self._caller.owner)
        doing = (self._listen(), self._tell(), self._tell_topics(), self._watch(), self._beat())
        parts = [asyncio.create_task(part) for part in doing]
        try:
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._subscription.close()
            self._watcher.close()
            for part in parts:
                part.cancel()
            await asyncio.wait(parts)
        ended = done.pop()
        error = ended.exception()
        code = GOING_AWAY if error is not None else ended.result()
        if error is not None and not isinstance(error, WebSocketDisconnect | RuntimeError | OSError):
            log.error("a connection broke", exc_info=error)
        if code is not None and self.socket.application_state is WebSocketState.CONNECTED:
            await outcome_of(self.socket.close(code))

    async def _send(self, message: str) -> None:
        async with self._writing:
            self._sending_since = time.monotonic()
            await self.socket.send_text(message)
            self._sending_since = None

    # What goes out

    async def _tell(self) -> int:
        while True:
            state = await self._subscription.next()
            await self._send(update_message(state, self._language))

    async def _tell_topics(self) -> int:
        while True:
            await self._send(await self._watcher.next())
            await asyncio.sleep(PAUSE_SECONDS)

    async def _beat(self) -> int:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            await self._send(HEARTBEAT)

    async def _refuse(self, error: VtonError) -> None:
        message = {"type": "error", "code": error.code, "message": error.say(self._language)}
        await self._send(json.dumps(message, ensure_ascii=False))

    # Whether it may go on

    async def _watch(self) -> int:
        while True:
            try:
                async with asyncio.timeout(CHECK_SECONDS):
                    await self._check.wait()
            except TimeoutError:
                if self._sending_since is not None and time.monotonic() - self._sending_since > STUCK_SECONDS:
                    return GOING_AWAY
            self._check.clear()
            code = await self._look_again()
            if code is not None:
                return code

    async def _look_again(self) -> int | None:
        found = await outcome_of(self._tasks.accounts.identify(self._credentials))
        if isinstance(found.error, VtonError):
            return UNAUTHORIZED
        if found.error is not None or found.value is None:
            log.error("a caller could not be looked up again", exc_info=found.error)
            return None
        caller = found.value
        if (caller.user_id, caller.via) != (self._caller.user_id, self._caller.via):
            return UNAUTHORIZED
        self._watcher.keep_to(caller)
        return None if caller.may(Permission.TASKS_READ) else FORBIDDEN

    # What comes in

    async def _listen(self) -> int | None:
        while True:
            message = await self.socket.receive()
            if message["type"] == "websocket.disconnect":
                return None
            if not self._take_turn():
                self._dropped += 1
                if self._dropped > PATIENCE:
                    return POLICY
                if self._dropped == 1:
                    await self._refuse(TooManyRequests(seconds=1))
                continue
            self._dropped = 0
            try:
                await self._hear(message.get("text"))
            except VtonError as error:
                await self._refuse(error)

    def _take_turn(self) -> bool:
        moment = time.monotonic()
        self._allowed = min(BURST, self._allowed + (moment - self._counted_at) * RATE)
        self._counted_at = moment
        if self._allowed < 1:
            return False
        self._allowed -= 1
        return True

    async def _hear(self, text: str | None) -> None:
        match _read(text):
            case {"type": "heartbeat"}:
                await self._send(HEARTBEAT)
            case {"type": "subscribe", "task_id": str(task_id)}:
                await self._subscribe(task_id)
            case {"type": "unsubscribe", "task_id": str(task_id)}:
                self._subscription.unwatch(task_id)
            case {"type": "subscribe" | "unsubscribe"}:
                raise BadRequest(part="task_id")
            case {"type": "watch", "topic": str(topic)}:
                self._watcher.watch(self._caller, topic)
            case {"type": "unwatch", "topic": str(topic)}:
                self._watcher.unwatch(topic)
            case {"type": "watch" | "unwatch"}:
                raise BadRequest(part="topic")
            case _:
                raise BadRequest(part="type")

    async def _subscribe(self, task_id: str) -> None:
        if len(self._subscription.watched) >= MOST_WATCHED:
            raise TooManyRequests(seconds=60)
        await self._tasks.get_any(self._caller, task_id)
        self._subscription.watch(task_id)
        # Read once it is listened to, so that nothing between the two is missed.
        task = await self._tasks.get_any(self._caller, task_id)
        state = TaskState.of(task)
        if self._tasks.events.is_news(state):
            self._subscription.offer(state)


def _read(text: str | None) -> dict[str, Any]:
    if text is None:
        raise BadRequest(part="message")
    if len(text) > LONGEST_MESSAGE:
        raise BodyTooLarge(limit=f"{LONGEST_MESSAGE // 1024} kB")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadRequest(part="message") from error
    if not isinstance(content, dict):
        raise BadRequest(part="message")
    return content


def is_foreign(socket: WebSocket, caller: Caller, settings: Settings) -> bool:
    """Whether a page of another site opened it with nothing but what a browser sends by itself.

    Browsers let any page open a WebSocket anywhere, cookies included; a token is the page's own.
    """
    if caller.via in {Via.JWT, Via.API_TOKEN}:
        return False
    origin = socket.headers.get("origin")
    if origin is None:
        return socket.headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}
    if origin.startswith(EXTENSIONS):
        return not settings.is_local
    try:
        asked, public = urlsplit(origin), urlsplit(settings.public_url)
    except ValueError:
        return True
    if public.netloc and (asked.scheme, asked.netloc) == (public.scheme, public.netloc):
        return False
    return not asked.netloc or asked.netloc != socket.headers.get("host", "")
