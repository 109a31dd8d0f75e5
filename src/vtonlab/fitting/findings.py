"""What the engine of previews sees in a picture: what would make a photo work better, what a garment dresses.

    kept beside the picture? → else the analysis (in memory, beside the picture, or made) → what it says

An analysis that was made stays in memory, so that the first preview with the picture finds it there.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from vtonlab.accounts.caller import Caller, Permission
from vtonlab.db.database import Database
from vtonlab.db.types import JsonValue
from vtonlab.engines import registry
from vtonlab.engines.contract import (
    AdvisingEngine,
    AnalysingEngine,
    Engine,
    ExplainingEngine,
    Finding,
    GarmentKind,
    Note,
    Picture,
)
from vtonlab.errors import LANGUAGES, PICTURE, BadInput, EngineBusy, NotThere, Text
from vtonlab.fitting.analyses import Analyses, name_analysis, name_role
from vtonlab.fitting.dressing import GARMENT_SIDE, KEPT_LIMITS
from vtonlab.fitting.kept import Kept
from vtonlab.fitting.previews import USUAL_SIDE
from vtonlab.imaging.colour import lay_on_contrast
from vtonlab.imaging.read import read_photo
from vtonlab.library.models import Image
from vtonlab.library.service import Library
from vtonlab.storage.contract import Storage

MOST_WAITING: Final = 32
"""People's questions that wait to be looked at; more are told that the engine is busy."""

log = logging.getLogger(__name__)


class Role(StrEnum):
    """What a picture is looked at as."""

    PERSON = "person"
    GARMENT = "garment"


SIDES: Final = {Role.PERSON: USUAL_SIDE, Role.GARMENT: GARMENT_SIDE}
"""Longer side that a preview reads the picture at: what is found out serves both."""
ROLES: Final = {Role.PERSON: "person", Role.GARMENT: f"garment-{GarmentKind.AUTO}"}
"""What previews call the analysis."""


@dataclass(frozen=True)
class Source:
    """A picture of the library, as far as it is needed here."""

    name: str
    content_hash: str
    storage_key: str
    longer_side: int

    @classmethod
    def of(cls, image: Image) -> Source:
        """Of its row."""
        return cls(image.filename, image.content_hash, image.storage_key, max(image.image_width, image.image_height))


class Findings:
    """Looks at pictures, one at a time for people. Used in one event loop; ``close`` at the end."""

    def __init__(self, database: Database, storage: Storage, library: Library, kept: Kept) -> None:
        self._database = database
        self._storage = storage
        self._library = library
        self._kept = kept
        self._analyses = Analyses(storage)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="findings")
        self._waiting = 0

    def close(self) -> None:
        """Let go of the thread; what waits is dropped."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def advise(self, caller: Caller, name: str, role: Role) -> tuple[Note, ...]:
        """What would make the picture ``name`` (library filename or id) work better as ``role``; kept beside it.

        Raises ``SignInNeeded``, ``NotAllowed``, ``NotThere``, ``EngineBusy`` at once where too many wait.
        """
        user_id = caller.require(Permission.TRYON_CREATE, signed_in=False)
        async with self._database.read() as session:
            source = Source.of(await self._library.find(session, user_id, name))
        named = name_analysis(
            registry.DEFAULT_ENGINE, name_role(f"finding-{role}", min(SIDES[role], source.longer_side))
        )
        stored = await self._analyses.load(source.storage_key)
        found = read_finding(stored.get(named, b""))
        if found is None:
            if self._waiting >= MOST_WAITING:
                raise EngineBusy(engine=registry.DEFAULT_ENGINE)
            self._waiting += 1
            try:
                found = await self.look(source, role, self._pool, stored)
            finally:
                self._waiting -= 1
            await self._analyses.add(source.storage_key, {named: write_finding(found)})
        return found.notes

    async def look(
        self,
        source: Source,
        role: Role,
        pool: Executor,
        stored: Mapping[str, bytes] | None = None,
        *,
        remember: bool = True,
    ) -> Finding:
        """What the engine finds out about a picture, in a thread of ``pool``; not to be able to is a finding, too.

        ``stored``: the analyses beside the picture; ``remember``: the one that is made. Raises ``NotThere`` where its
        file is gone, and storage errors.
        """
        data = await self._load(source)
        return await asyncio.get_running_loop().run_in_executor(
            pool, self._look, source, role, data, stored or {}, self._kept if remember else None
        )

    async def words(self) -> tuple[Note, ...]:
        """Every note that previews may have."""
        engine = await asyncio.to_thread(registry.get)
        return engine.all_notes if isinstance(engine, ExplainingEngine) else ()

    async def _load(self, source: Source) -> bytes:
        try:
            return await self._storage.load(source.storage_key)
        except FileNotFoundError as error:
            log.warning("the file of picture %s is missing (%s)", source.name, source.storage_key)
            raise NotThere(thing=PICTURE, id=source.name) from error

    # ---- in a thread

    def _look(self, source: Source, role: Role, data: bytes, stored: Mapping[str, bytes], kept: Kept | None) -> Finding:
        engine = registry.get()
        try:
            if engine.capabilities.analyses and isinstance(engine, ExplainingEngine):
                explained = engine.explain(_analyse(engine, source, role, data, stored, kept))
                if explained is not None:
                    return explained
            return Finding(notes=_ask(engine, _read(data, role), role))
        except BadInput as error:
            return Finding(certainty=0.0, notes=(_as_note(error),))


def _analyse(
    engine: AnalysingEngine,
    source: Source,
    role: Role,
    data: bytes,
    stored: Mapping[str, bytes],
    kept: Kept | None,
) -> bytes:
    named = name_role(ROLES[role], min(SIDES[role], source.longer_side))

    def make() -> bytes:
        known = stored.get(name_analysis(engine.name, named))
        if known is not None:
            return known
        picture = _read(data, role)
        return engine.analyse_person(picture) if role is Role.PERSON else engine.analyse_garment(picture)

    return make() if kept is None else kept.analysis(engine.name, named, source.content_hash, make)


def _read(data: bytes, role: Role) -> Picture:
    """The picture as a preview reads it."""
    photo = read_photo(data, limits=KEPT_LIMITS, reduce_to=SIDES[role])
    if role is Role.GARMENT and photo.alpha is not None:
        return lay_on_contrast(photo.picture, photo.alpha)
    return photo.picture


def _ask(engine: Engine, picture: Picture, role: Role) -> tuple[Note, ...]:
    if engine.capabilities.advice and isinstance(engine, AdvisingEngine):
        return engine.advise(picture, role.value)
    return ()


def _as_note(error: BadInput) -> Note:
    """Why nothing can be made of a picture, with what would help."""
    words = Text(f"{error.say('en')} {error.advise('en')}", f"{error.say('zh-CN')}{error.advise('zh-CN')}")
    return Note(error.code, "problem", words)


def write_finding(found: Finding) -> bytes:
    """``found`` as it is kept."""
    notes: list[JsonValue] = [
        {"code": note.code, "level": note.level} | {language: note.text.say(language) for language in LANGUAGES}
        for note in found.notes
    ]
    kept = {"kind": found.kind, "certainty": round(found.certainty, 3), "notes": notes}
    return json.dumps(kept, ensure_ascii=False).encode()


def read_finding(data: bytes) -> Finding | None:
    """What :func:`write_finding` wrote; None for anything else.

    >>> read_finding(write_finding(Finding(GarmentKind.UPPER, 0.5)))
    Finding(kind=<GarmentKind.UPPER: 'upper'>, certainty=0.5, notes=())
    >>> read_finding(b"[]")
    """
    try:
        kept = json.loads(data)
        kind = None if kept["kind"] is None else GarmentKind(kept["kind"])
        notes = [Note(one["code"], one["level"], Text(one["en"], one["zh-CN"])) for one in kept["notes"]]
        return Finding(kind, float(kept["certainty"]), tuple(notes))
    except (ValueError, KeyError, TypeError):
        return None
