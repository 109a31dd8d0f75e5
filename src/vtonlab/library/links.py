"""The addresses of a picture's bytes. With its version in them they may be kept for a year, for they never change."""

from __future__ import annotations

from urllib.parse import quote

from vtonlab.library.repository import Entry

VERSION_DIGITS = 12
THUMBNAIL_SIZES = (320, 640)
"""Longest sides of the thumbnails, in pixels."""


def picture_link(entry: Entry) -> str:
    """Of the picture itself."""
    path = f"/api/user/{entry.user_id}/images/{entry.category}/{entry.filename}"
    return f"{quote(path)}?v={_version(entry)}"


def thumbnail_link(entry: Entry, size: int = THUMBNAIL_SIZES[0]) -> str:
    """Of its thumbnail of ``size``."""
    path = f"/api/user/{entry.user_id}/thumbnails/{entry.filename}"
    return f"{quote(path)}?size={size}&v={_version(entry)}"


def _version(entry: Entry) -> str:
    return entry.content_hash[:VERSION_DIGITS]
