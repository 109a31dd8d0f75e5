"""What else than tasks is told over the tasks' WebSocket, to those who ask for it.

A feature above registers a topic and says what changed; nothing here knows what its ids stand for. Who reads slowly is
told of several changes at once: at most ``MOST_IDS`` of what changed, and whether there is more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from json import dumps
from typing import Final

from vtonlab.accounts.caller import Caller, Permission
from vtonlab.errors import BadRequest

MOST_IDS: Final = 100
PAUSE_SECONDS: Final = 0.1
"""Between two messages of a topic on one connection: what changes meanwhile is told in one."""


@dataclass(frozen=True)
class Topic:
    """Something that changes. ``library`` is told as ``library_update``."""

    name: str
    permission: Permission
    """That who listens must have."""
    ids: str
    """What the message calls the ids."""


@dataclass
class _News:
    """What is to be told of a topic."""

    ids: dict[str, None] = field(default_factory=dict)
    more: bool = False

    def add(self, ids: Sequence[str]) -> None:
        for each in ids:
            if len(self.ids) < MOST_IDS:
                self.ids[each] = None
            elif each not in self.ids:
                self.more = True
                return


class Watcher:
    """One connection's interest in topics of one user."""

    def __init__(self, topics: Topics, user_id: str) -> None:
        self.user_id = user_id
        self._topics = topics
        self._watched: dict[str, Topic] = {}
        self._news: dict[str, _News] = {}
        self._ready = asyncio.Event()

    def watch(self, caller: Caller, name: str) -> None:
        """Hear of the topic from now on. Raises ``BadRequest`` for an unknown one, ``NotAllowed``."""
        topic = self._topics.find(name)
        if not caller.may(topic.permission):
            raise caller.lacks(topic.permission)
        self._watched[name] = topic

    def unwatch(self, name: str) -> None:
        """Hear of it no longer."""
        self._watched.pop(name, None)
        self._news.pop(name, None)

    def keep_to(self, caller: Caller) -> None:
        """Hear no longer of what ``caller`` may no longer see."""
        for topic in [topic for topic in self._watched.values() if not caller.may(topic.permission)]:
            self.unwatch(topic.name)

    def offer(self, name: str, ids: Sequence[str]) -> None:
        """Take in what changed, where it is of interest."""
        if name in self._watched:
            self._news.setdefault(name, _News()).add(ids)
            self._ready.set()

    async def next(self) -> str:
        """The next message, once there is something to tell."""
        while not self._news:
            self._ready.clear()
            await self._ready.wait()
        name = next(iter(self._news))
        news = self._news.pop(name)
        message = {"type": f"{name}_update", self._watched[name].ids: list(news.ids), "more": news.more}
        return dumps(message, ensure_ascii=False, separators=(",", ":"))

    def close(self) -> None:
        """Hear no more."""
        self._topics.leave(self)


class Topics:
    """Who watches what of whom. Used in one event loop."""

    def __init__(self) -> None:
        self._known: dict[str, Topic] = {}
        self._watchers: dict[str, set[Watcher]] = {}

    def register(self, topic: Topic) -> None:
        """Let it be watched."""
        self._known[topic.name] = topic

    def find(self, name: str) -> Topic:
        """The topic of that name. Raises ``BadRequest``."""
        topic = self._known.get(name)
        if topic is None:
            raise BadRequest(part="topic")
        return topic

    def watcher(self, user_id: str) -> Watcher:
        """A new listener, of nothing yet; close it."""
        watcher = Watcher(self, user_id)
        self._watchers.setdefault(user_id, set()).add(watcher)
        return watcher

    def tell(self, name: str, user_id: str, ids: Sequence[str]) -> None:
        """``ids`` of the topic changed for ``user_id``, and the change is committed."""
        for watcher in self._watchers.get(user_id, ()):
            watcher.offer(name, ids)

    def leave(self, watcher: Watcher) -> None:
        """Forget a listener."""
        of_user = self._watchers.get(watcher.user_id)
        if of_user is not None:
            of_user.discard(watcher)
            if not of_user:
                del self._watchers[watcher.user_id]
