"""Where a user's files are, for programs that read them from disk: ``/api/user/paths`` of the wardrobe interface."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, BeforeValidator

from vtonlab.errors import OthersData
from vtonlab.library.asking import Looking, Reading
from vtonlab.library.models import Category
from vtonlab.library.repository import FileRow
from vtonlab.library.service import Library, known_category

ALL = "all"
MEGABYTE = 1024 * 1024

Answer = dict[str, Any]


class _Asked(BaseModel):
    """Which files; `include_files=false` counts them only."""

    category: str = ALL
    include_files: Annotated[bool, BeforeValidator(lambda value: True if value == "" else value)] = True


def make_router(library: Library) -> APIRouter:
    """The routes over ``library``."""
    router = APIRouter(prefix="/user")

    @router.get("/paths", summary="Where one's files are")
    @router.get("/file-paths", summary="Where one's files are")
    async def own(caller: Reading, asked: Annotated[_Asked, Query()]) -> Answer:
        """Relative to the data folder; in local mode also in full."""
        return await _answer(library, caller.owner, asked)

    @router.get("/{user_id}/file-paths", summary="Where one's files are, by user")
    async def of_user(caller: Looking, user_id: str, asked: Annotated[_Asked, Query()]) -> Answer:
        """The same, for the owner only."""
        if caller.user_id != user_id:
            raise OthersData
        return await _answer(library, user_id, asked)

    return router


async def _answer(library: Library, user_id: str, asked: _Asked) -> Answer:
    names = list(Category) if asked.category in {ALL, ""} else [known_category(asked.category)]
    files = await library.files(user_id)
    base = library.settings.data_folder.absolute() if library.settings.is_local else None
    return await asyncio.to_thread(_describe, library, user_id, names, files, base, asked.include_files)


def _describe(
    library: Library, user_id: str, names: list[Category], files: list[FileRow], base: Path | None, include: bool
) -> Answer:
    paths: Answer = {}
    for name in names:
        directory = f"images/{user_id}/{name}"
        folder = library.storage.path(f"{directory}/folder")
        own = [row for row in files if row.category == name]
        listed = {"files": [_describe_file(library, row, base) for row in own]} if include else {}
        exists = folder.parent.is_dir() if folder else bool(own)
        paths[name.value] = {"directory": directory, "exists": exists, **listed}
    chosen = [row for row in files if row.category in names]
    size = sum(row.size for row in chosen)
    statistics = {"total_files": len(chosen), "total_size": size, "total_size_mb": round(size / MEGABYTE, 2)}
    local = {"base_path": str(base), "user_path": str(base / "images" / user_id)} if base else {}
    return {"success": True, "user_id": user_id, **local, "paths": paths, "statistics": statistics}


def _describe_file(library: Library, row: FileRow, base: Path | None) -> Answer:
    path = library.storage.path(row.storage_key) if base else None
    full = {"full_path": str(path.absolute())} if path else {}
    modified = row.saved_at.isoformat()
    return {"filename": row.filename, "relative_path": row.storage_key, "size": row.size, "modified": modified, **full}
