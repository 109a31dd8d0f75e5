"""The installation's secret: signs access tokens."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path
from typing import Final

from vtonlab.errors import BadSetting, FileProblem, Text
from vtonlab.settings import Settings

FILE: Final = "secret.key"
LEAST_CHARACTERS: Final = 32


def load_secret(settings: Settings) -> bytes:
    """The setting ``secret_key``, else ``{data}/secret.key``, which is made when it is missing.

    Raises ``BadSetting`` for one that is too short, ``FileProblem`` when the file cannot be read or made.
    """
    chosen = settings.secret_key.get_secret_value()
    if chosen:
        if len(chosen) < LEAST_CHARACTERS:
            reason = Text("at least 32 characters are needed", "至少需要 32 个字符")
            raise BadSetting(setting="secret_key", reason=reason)
        return chosen.encode()
    path = settings.data_folder / FILE
    try:
        return _read(path) or _make(path)
    except OSError as error:
        reason = Text("it cannot be read or written", "无法读取或写入")
        raise FileProblem(name=FILE, reason=reason) from error


def _read(path: Path) -> bytes | None:
    try:
        kept = path.read_bytes().strip()
    except FileNotFoundError:
        return None
    if len(kept) < LEAST_CHARACTERS:
        # Never replaced by itself: whoever emptied it should know that everybody is signed out.
        raise FileProblem(
            name=FILE, reason=Text("it holds no key; remove it to make a new one", "其中没有密钥；删除后会重新生成")
        )
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        path.chmod(0o600)
    return kept


def _make(path: Path) -> bytes:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{FILE}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_hex(32).encode())
            file.flush()
            os.fsync(file.fileno())
        # A link fails where the file exists, so of two that start at once both use the same key.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    _sync_folder(path.parent)
    kept = _read(path)
    assert kept is not None
    return kept


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
