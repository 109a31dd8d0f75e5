"""The pages: one shell for every address of ``PAGES``, and the files that it is made of (``frontend/``, built)."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fastapi import APIRouter
from fastapi.responses import FileResponse

BUILT: Final = Path(__file__).parent / "built"
"""What ``scripts/frontend.sh`` or the wheel's build hook made."""
PAGES: Final = ("/", "/images", "/tryon", "/generate", "/tutorial", "/login", "/settings", "/admin")


def make_router() -> APIRouter:
    """The addresses of the pages."""
    router = APIRouter()

    def page() -> FileResponse:
        return FileResponse(BUILT / "index.html")

    for address in PAGES:
        router.add_api_route(address, page, include_in_schema=False)
    return router
