"""The door of a library: who may bring pictures, how often, and how what they bring is taken in.

Pictures go to files while they come (``receiving``), so that memory stays flat however large they are; those files are
gone when the answer is made.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from vtonlab.accounts.caller import Caller, Permission
from vtonlab.accounts.limits import Limits as RateLimits
from vtonlab.errors import BadRequest, StorageFull, VtonError
from vtonlab.library.fetch import Fetcher
from vtonlab.library.ingest import Added, Incoming, Ingest
from vtonlab.library.receiving import Form, Limits, LongText, ReceivedFile, read_form, write_data_url
from vtonlab.library.scratch import Folder

CLIPBOARD: Final = "clipboard"
WEB: Final = ("http://", "https://")
FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class Door:
    """What the routes of both interfaces share."""

    def __init__(self, ingest: Ingest, fetcher: Fetcher | None = None) -> None:
        self.ingest = ingest
        self.settings = ingest.settings
        self._fetcher = fetcher or Fetcher(ingest.settings)
        self._rates = RateLimits()

    def admit(self, caller: Caller) -> None:
        """Raises ``NotAllowed`` for roles that may not upload, ``TooManyRequests`` in server mode."""
        if caller.user_id is not None:
            caller.require(Permission.IMAGES_UPLOAD, signed_in=False)
        if self.settings.is_local:
            return
        rate = self.settings.upload_rate
        if caller.is_signed_in:
            self._rates.take(rate, "upload", caller.owner)
        else:
            self._rates.take_from(rate, "upload", caller.address)

    @contextmanager
    def folder(self) -> Iterator[Folder]:
        """Files for one request, removed in the end. Where there is no room for them, ``StorageFull`` is raised."""
        try:
            with self.ingest.scratch.several() as made:
                yield made
        except OSError as error:
            if error.errno in FULL:
                raise StorageFull from error
            raise

    async def take_form(self, content_type: str, body: AsyncIterator[bytes], folder: Folder) -> Form:
        """The form in ``body``. Raises ``BadRequest`` where there is no file in it."""
        limits = Limits(self.settings.max_upload_bytes, self.settings.max_files)
        form = await read_form(content_type, body, folder, limits)
        if not form.files:
            raise BadRequest(part="file")
        return form

    async def take_picture(self, value: str | LongText, folder: Folder, name: str = CLIPBOARD) -> Path:
        """The file of a picture given as a data-URL, or as an address of the web. Raises what both may."""
        path = folder.new()
        if is_address(value):
            await self._fetcher.fetch(value, path)  # type: ignore[arg-type] # a LongText is no address
        else:
            await asyncio.to_thread(write_data_url, value, path, self.settings.max_upload_bytes, name)
        return path

    async def add_all(
        self, caller: Caller, files: list[ReceivedFile], category: str, about: Callable[[ReceivedFile], dict[str, Any]]
    ) -> list[Added | VtonError]:
        """What became of each file, in their order; ``about`` gives what else is known of one."""

        async def add(file: ReceivedFile) -> Added | VtonError:
            if file.error is not None:
                return file.error
            try:
                return await self.ingest.add(caller, Incoming(file.path, category, **about(file)))
            except VtonError as error:
                return error

        return await asyncio.gather(*(add(file) for file in files))


def is_address(value: object) -> bool:
    """Whether ``value`` is an address that could be fetched."""
    return isinstance(value, str) and value.lower().startswith(WEB)
