"""Writing pictures: PNG, JPEG and WebP, whole or not at all, with no metadata but how they were made."""

from __future__ import annotations

import io
import os
import secrets
from pathlib import Path
from typing import Final

import numpy as np

from vtonlab.errors import FileProblem, Text
from vtonlab.imaging.provenance import SourceType, make_xmp
from vtonlab.imaging.types import Picture, Plane

QUALITY: Final = 92
"""Of JPEG and WebP: differences to the pixels cannot be seen at normal size, at about a tenth of a PNG's bytes."""

_PNG_LEVEL: Final = 1
"""zlib level: level 6 makes photos 11 % smaller and takes 2.6 times as long."""

_FORMATS: Final = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}


def write_picture(
    path: str | os.PathLike[str],
    picture: Picture | Plane,
    *,
    source_type: SourceType | None = None,
    quality: int = QUALITY,
) -> None:
    """Write ``picture`` (``(H, W, 3)`` RGB or ``(H, W)`` grey, uint8) to ``path``; its suffix chooses the format.

    The file appears under its name only when it is complete and on the disk. ``source_type`` is told in its XMP.
    ``quality`` (1…100) is for JPEG and WebP. Raises :class:`FileProblem`.
    """
    path = Path(path)
    write_bytes(path, encode_picture(picture, path.suffix, source_type=source_type, quality=quality, name=path.name))


def encode_picture(
    picture: Picture | Plane,
    suffix: str,
    *,
    source_type: SourceType | None = None,
    quality: int = QUALITY,
    effort: int = 4,
    name: str = "",
) -> bytes:
    """The bytes of ``picture`` as a PNG, JPEG or WebP, as ``suffix`` says (``.png`` …). Raises :class:`FileProblem`.

    ``effort`` (0…6) is for WebP: 0 takes a quarter of the time of 4, and up to half as many bytes more.
    """
    from PIL.Image import fromarray

    chosen = _FORMATS.get(suffix.lower())
    if chosen is None:
        raise FileProblem(
            name=name or suffix,
            reason=Text("pictures are written as .png, .jpg or .webp", "图片只能保存为 .png、.jpg 或 .webp 格式"),
        )
    image = fromarray(np.ascontiguousarray(picture))
    xmp = make_xmp(source_type) if source_type else None
    marks = {"xmp": xmp} if xmp else {}
    file = io.BytesIO()
    try:
        match chosen:
            case "PNG":
                image.save(file, chosen, compress_level=_PNG_LEVEL, pnginfo=_png_text(xmp))
            case "JPEG":
                # Full colour resolution: half of it would bleed across the red hem on a blue ground.
                image.save(file, chosen, quality=quality, subsampling=0, **marks)
            case _:
                image.convert("RGB").save(file, chosen, quality=quality, method=effort, **marks)
    except (OSError, ValueError, SystemError) as error:
        # Beyond a format's largest side: 65,500 pixels for JPEG, 16,383 for WebP.
        reason = Text(f"the picture does not fit into a {chosen} file", f"图片无法保存为 {chosen} 格式")
        raise FileProblem(name=name or suffix, reason=reason) from error
    return file.getvalue()


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Write ``data`` to ``path`` through a temporary name beside it, so that no half-written file is ever seen."""
    path = Path(path)
    part = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise FileProblem(name=path.name, reason=_why_not(error, path)) from error
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _png_text(xmp: bytes | None) -> object:
    if xmp is None:
        return None
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", xmp.decode())
    return info


def _why_not(error: OSError, path: Path) -> Text:
    if isinstance(error, FileNotFoundError):
        return Text("there is no folder to write it to", "目标文件夹不存在")
    if isinstance(error, PermissionError):
        return Text("it may not be written there", "没有写入权限")
    if isinstance(error, IsADirectoryError) or path.is_dir():
        return Text("this is a folder", "这是一个文件夹")
    return Text("it could not be written; is the disk full?", "无法写入，磁盘可能已满")
