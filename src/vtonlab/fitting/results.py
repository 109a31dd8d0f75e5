"""What becomes of a picture that was made: files first, then one transaction for entry, history and task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab import crash_points
from vtonlab.db import journal
from vtonlab.db.base import new_id
from vtonlab.db.types import JsonValue
from vtonlab.engines.contract import Note
from vtonlab.errors import LANGUAGES
from vtonlab.fitting.dressing import Dressed
from vtonlab.fitting.models import VtonHistory
from vtonlab.fitting.orders import Wanted
from vtonlab.library.companions import Companion, companion_key
from vtonlab.library.ingest import Incoming, Ingest, Prepared
from vtonlab.library.links import picture_link
from vtonlab.library.models import Category, Image
from vtonlab.library.repository import Entry
from vtonlab.tasks.contract import Done

ENTITY: Final = "history"
"""What the journal calls an entry of the history."""
_NOT_CARRIED: Final = frozenset({"category"})


@dataclass(frozen=True)
class Pictures:
    """Rows of the pictures of a fitting: garments as in the order, the upper one first."""

    person: Image
    garments: tuple[Image, ...]
    mask: Image | None = None


class Results:
    """Keeps them."""

    def __init__(self, ingest: Ingest) -> None:
        self._ingest = ingest

    async def keep(
        self,
        user_id: str,
        task_id: str,
        wanted: Wanted,
        pictures: Pictures,
        dressed: Dressed,
        layer_key: str | None,
    ) -> Done:
        """Make the files durable; the rest is done in the transaction that finishes the task. Nothing may be waited
        for between this and that: whoever is stopped there has nobody to undo it."""
        entry_id = new_id()
        page = _page_of(pictures.garments)
        beside = {Companion.MASK: dressed.mask}
        if dressed.first is not None:
            beside[Companion.LAYER] = dressed.first
        incoming = Incoming(
            dressed.made.data,
            Category.VTON_RESULTS.value,
            original_url=page.original_url,
            page_url=page.page_url,
            page_title=page.page_title,
            context=_context(page, dressed, entry_id),
            as_made=True,
            made=dressed.made,
            beside=beside,
        )
        prepared = await self._ingest.prepare(user_id, incoming)
        crash_points.reach("tryon.files_kept")

        async def save(session: AsyncSession) -> Mapping[str, JsonValue]:
            image = await self._ingest.keep(session, prepared)
            row = _describe(entry_id, task_id, wanted, pictures, dressed, image, page)
            row.layer_key = layer_key
            session.add(row)
            await session.flush()
            await journal.note(session, user_id, [journal.Entry(ENTITY, entry_id, "create", tell(row))])
            crash_points.reach("tryon.before_commit")
            return _result(row, image)

        return Done(save, _Undo(self._ingest, prepared))


class _Undo:
    """Removes the files of what is not kept after all."""

    def __init__(self, ingest: Ingest, prepared: Prepared) -> None:
        self._ingest = ingest
        self._prepared = prepared

    async def __call__(self) -> None:
        await self._ingest.discard(self._prepared)


def _page_of(garments: tuple[Image, ...]) -> Image:
    """The garment whose page the result leads to: the first one that was saved from one."""
    return next((garment for garment in garments if garment.page_url), garments[0])


def _context(garment: Image, dressed: Dressed, entry_id: str) -> dict[str, JsonValue]:
    """What was known of the garment (its product, its place on the page), and how the picture was made."""
    carried = {name: value for name, value in garment.context_info.items() if name not in _NOT_CARRIED}
    return carried | {"vton_id": entry_id, "engine": dressed.engine, "source_type": dressed.source_type.value}


def _describe(
    entry_id: str,
    task_id: str,
    wanted: Wanted,
    pictures: Pictures,
    dressed: Dressed,
    image: Image,
    page: Image,
) -> VtonHistory:
    upper, lower = pictures.garments[0], pictures.garments[1] if len(pictures.garments) > 1 else None
    kinds: dict[str, JsonValue] = {"garment_kind": wanted.layers[0].kind.value}
    described: dict[str, JsonValue] = {"garment_description": wanted.description} if wanted.description else {}
    return VtonHistory(
        id=entry_id,
        user_id=image.user_id,
        task_id=task_id,
        engine=dressed.engine,
        human_image=pictures.person.filename,
        garment_image=upper.filename,
        lower_image=lower.filename if lower else None,
        result_image=image.filename,
        mask_image=companion_key(image.storage_key, Companion.MASK),
        human_image_id=pictures.person.id,
        garment_image_id=upper.id,
        lower_image_id=lower.id if lower else None,
        result_image_id=image.id,
        parameters=dict(wanted.shown) | kinds | described,
        processing_time=round(dressed.seconds, 4),
        confidence=round(dressed.confidence, 4),
        notes=[_write_note(note) for note in dressed.notes],
        page_url=page.page_url,
        page_title=page.page_title,
        created_at=image.saved_at,
    )


def _write_note(note: Note) -> dict[str, JsonValue]:
    return {"code": note.code, "level": note.level} | {language: note.text.say(language) for language in LANGUAGES}


def tell(row: VtonHistory) -> dict[str, JsonValue]:
    """What another device needs to have the same entry."""
    told = {column.key: getattr(row, column.key) for column in row.__table__.columns}
    for name in ("id", "user_id", "task_id", "mask_image", "layer_key"):
        del told[name]
    return told | {"created_at": row.created_at.isoformat()}


def _result(row: VtonHistory, image: Image) -> dict[str, JsonValue]:
    """What the task's row says."""
    entry = Entry(**{name: getattr(image, name) for name in Entry.__slots__})
    shown: dict[str, JsonValue] = {
        "image_id": image.id,
        "url": picture_link(entry),
        "width": image.image_width,
        "height": image.image_height,
    }
    return {
        "images": [shown],
        "image_id": image.id,
        "vton_id": row.id,
        "confidence": row.confidence,
        "notes": row.notes,
    }
