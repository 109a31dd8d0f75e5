"""What a batch is: its pictures, its pairs, where everything goes, and what an earlier run has already done."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from vtonlab.errors import FileProblem, Text
from vtonlab.imaging.formats import recognise

Role = Literal["person", "garment"]

PICTURE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif", ".heic", ".heif", ".tif", ".tiff", ".bmp", ".svg"}
)
"""A file so named is meant as a picture; if it is none, that is worth a message. Others are looked into."""


@dataclass(frozen=True)
class Entry:
    """One picture of a batch. ``name`` is its own within its folder; ``digest`` identifies its bytes."""

    role: Role
    name: str
    path: Path
    digest: str


@dataclass(frozen=True)
class Plan:
    """How a batch is made, the same for all its pairs."""

    output: Path
    engine: str
    engine_version: str
    kind: str
    options: dict[str, Any] = field(hash=False)
    suffix: str
    signs: bool = False

    def analysis(self, entry: Entry) -> Path:
        """File of what the engine found out about ``entry``."""
        kind = self.kind if entry.role == "garment" else ""
        mark = _digest(f"{entry.role}|{entry.digest}|{self.engine}|{self.engine_version}|{kind}".encode())
        return self.output / ".analyses" / f"{entry.role}-{mark}.bin"

    def picture(self, person: str, garment: str) -> Path:
        """File of one result."""
        return self.output / "pictures" / person / f"{garment}{self.suffix}"

    def thumbnail(self, person: str, garment: str) -> Path:
        """File of the small picture of one result."""
        return self.output / "thumbs" / "pairs" / person / f"{garment}.webp"

    def input_thumbnail(self, entry: Entry) -> Path:
        """File of the small picture of an input."""
        return self.output / "thumbs" / f"{entry.role}s" / f"{entry.name}.webp"

    def key(self, person: Entry, garment: Entry) -> str:
        """Identity of a pair: it changes with either picture's bytes, the engine and what is asked of it."""
        asked = json.dumps(
            [person.digest, garment.digest, self.engine, self.engine_version, self.kind, self.options, self.suffix],
            sort_keys=True,
        )
        return _digest((asked + ("signed" if self.signs else "")).encode())


@dataclass(frozen=True)
class PairOutcome:
    """What became of one pair. ``error`` is empty where it succeeded, else the error's code, sentence and hint."""

    person: str
    garment: str
    key: str
    confidence: float = 0.0
    seconds: float = 0.0
    notes: list[dict[str, str]] = field(default_factory=list)
    error: dict[str, str] = field(default_factory=dict)


def find_pictures(folder: Path, role: Role) -> list[Entry]:
    """The pictures directly in ``folder``, by name; files that are none and do not claim to be are passed over.

    Raises :class:`FileProblem` where there is no such folder or no picture in it.
    """
    if not folder.is_dir():
        raise FileProblem(name=folder.name, reason=Text("there is no such folder", "没有这个文件夹"))
    try:
        paths = [path for path in sorted(folder.iterdir()) if path.is_file() and _means_a_picture(path)]
        stems = Counter(path.stem for path in paths)
        found = [
            Entry(role, path.stem if stems[path.stem] == 1 else path.name, path, _digest(path.read_bytes()))
            for path in paths
        ]
    except OSError as error:
        raise FileProblem(name=folder.name, reason=Text("it may not be read", "没有读取权限")) from error
    if not found:
        raise FileProblem(name=folder.name, reason=Text("there are no pictures in this folder", "文件夹中没有图片"))
    return found


class Ledger:
    """The pairs that are finished, one line each, written as they finish: a run that is cut off loses none."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / ".finished.jsonl"

    def read(self) -> dict[str, PairOutcome]:
        """Finished pairs by their key; lines that were cut off are passed over."""
        try:
            lines = self._path.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return {}
        return {outcome.key: outcome for outcome in _parse(lines)}

    def add(self, outcome: PairOutcome) -> None:
        """Note ``outcome`` as finished."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(outcome), ensure_ascii=False) + "\n")


def _parse(lines: list[str]) -> Iterator[PairOutcome]:
    for line in lines:
        try:
            yield PairOutcome(**json.loads(line))
        except (ValueError, TypeError):
            continue


def _means_a_picture(path: Path) -> bool:
    if path.name.startswith("."):
        return False
    if path.suffix.lower() in PICTURE_SUFFIXES:
        return True
    with path.open("rb") as file:
        return recognise(file.read(64)) is not None


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()
