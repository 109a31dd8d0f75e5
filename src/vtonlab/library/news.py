"""Tells open pages that a library has changed, over the tasks' WebSocket: which pictures to look at again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from vtonlab.accounts.caller import Permission
from vtonlab.library import changes
from vtonlab.tasks.topics import Topic, Topics

TOPIC: Final = Topic("library", Permission.IMAGES_READ, "image_ids")


class LibraryNews:
    """Hears of every change of this process; keep it as long as ``topics``."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics
        topics.register(TOPIC)
        changes.on_change(self._tell)

    def _tell(self, user_id: str, image_ids: Sequence[str]) -> None:
        self._topics.tell(TOPIC.name, user_id, image_ids)
