"""Reading the C2PA manifest of a picture: who made it and how, and whether it was changed since.

Files come from strangers. Nothing is fetched, whatever they name; the library that reads them bounds nesting and what
is packed, here bytes, boxes and seconds are bounded; and what a stranger wrote reaches nobody's terminal unchecked.
"""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from vtonlab.errors import ImageUnreadable
from vtonlab.imaging.formats import Format, recognise
from vtonlab.imaging.read import DEFAULT_LIMITS, Limits, Source, name_of, read_bytes
from vtonlab.imaging.signing import EMAIL_PROTECTION, READING

MOST_BOXES: Final = 2_000
"""Of a manifest. Ours has 7; the library's time grows with the square (2,000 assertions: a second)."""
MOST_SECONDS: Final = 10.0
LONGEST_WORDS: Final = 120

_BOUND: Final = frozenset({"assertion.dataHash.match", "assertion.bmffHash.match", "assertion.boxesHash.match"})
"""One of them says that the picture is the one that was signed."""
_CHANGED: Final = (".mismatch", ".missing", ".undeclared")
"""Endings of the codes that say that something is not as it was signed, is gone, or came after."""


class State(StrEnum):
    """What the manifest of a picture is worth."""

    VALID = "valid"
    """Signed by somebody whose root is among the anchors, and unchanged since."""
    FOREIGN = "foreign"
    """Unchanged since it was signed, by somebody who is not known here."""
    ALTERED = "altered"
    """Changed after it was signed: the picture, or what the manifest says."""
    BROKEN = "broken"
    """There is a manifest, but it cannot be made out, or not in time."""


@dataclass(frozen=True)
class Manifest:
    """What a picture's manifest says. Only where ``state`` is ``valid`` is it known who said it.

    Words are cut to 120 characters, and hold none that would do something to a terminal; empty where nothing is said.
    """

    state: State
    signer: str = ""
    """Name in the certificate; of an installation of VTON Lab, a random number."""
    program: str = ""
    """That wrote the manifest, with its version."""
    engine: str = ""
    """That made the picture, with its version where that is told."""
    source_type: str = ""
    """How it was made: a NewsCode, see :class:`vtonlab.imaging.provenance.SourceType`."""
    made_at: datetime | None = None
    """By the clock of whoever made it, in UTC."""


def read_manifest(
    source: Source, *, anchors: bytes = b"", limits: Limits = DEFAULT_LIMITS, name: str = ""
) -> Manifest | None:
    """The manifest of the picture file ``source`` (called ``name`` in messages); None where it carries none.

    ``anchors``: certificates (PEM) of the roots that are trusted, such as ``Signer.root``. Takes 3 ms, 30 ms for a file
    of 25 MB, and no more than 10 s for any. Raises ``ImageUnreadable``, ``ImageTooLarge`` and ``FileProblem``.
    """
    data = read_bytes(source, limits=limits)
    kind = recognise(data[:64])
    if kind is None:
        raise ImageUnreadable(name=name or name_of(source), reason="format")
    if b"jumb" not in data:  # the box that every manifest begins with
        return None
    if data.count(b"jumd") > MOST_BOXES:
        return Manifest(State.BROKEN)
    found: list[Manifest | None] = []
    # The library cannot be stopped. A thread that is left behind ends with its work or with the program.
    reading = threading.Thread(target=lambda: found.append(_read(kind, data, anchors)), name="manifest", daemon=True)
    reading.start()
    reading.join(MOST_SECONDS)
    return found[0] if found else Manifest(State.BROKEN)


def _read(kind: Format, data: bytes, anchors: bytes) -> Manifest | None:
    import c2pa  # type: ignore[import-untyped]

    trust = {"user_anchors": anchors.decode("ascii", "replace"), "trust_config": EMAIL_PROTECTION}
    try:
        with (
            c2pa.Context.from_dict(READING | ({"trust": trust} if anchors else {})) as context,
            c2pa.Reader(kind.media_type, io.BytesIO(data), context=context) as reader,
        ):
            store = json.loads(reader.json())
    except c2pa.C2paError.ManifestNotFound:
        return None
    except (c2pa.C2paError, ValueError, RecursionError):
        return Manifest(State.BROKEN)
    return _understand(store)


def _understand(store: object) -> Manifest:
    manifest = _dig(store, "manifests", _dig(store, "active_manifest"))
    if not isinstance(manifest, Mapping):
        return Manifest(State.BROKEN)
    action = _find_making(manifest)
    return Manifest(
        state=_judge(_dig(store, "validation_state"), _dig(store, "validation_results")),
        signer=_words(_dig(manifest, "signature_info", "common_name"))
        or _words(_dig(manifest, "signature_info", "issuer")),
        program=_name(_first(_dig(manifest, "claim_generator_info"))) or _words(_dig(manifest, "claim_generator")),
        engine=_name(_dig(action, "softwareAgent")),
        source_type=_words(_dig(action, "digitalSourceType")),
        made_at=_moment(_dig(action, "when")),
    )


def _judge(worth: object, results: object) -> State:
    """By the status codes of C2PA 2.x §15.2, those of the active manifest: what it quotes is others' affair."""
    failures = {str(_dig(each, "code")) for each in _list(_dig(results, "activeManifest", "failure"))}
    if any(code.endswith(_CHANGED) for code in failures):
        return State.ALTERED
    if any(not code.startswith("signingCredential.") for code in failures):
        return State.BROKEN  # against the rules of the format
    # What is wrong with the signer alone makes them unknown, no more.
    passed = {str(_dig(each, "code")) for each in _list(_dig(results, "activeManifest", "success"))}
    if "claimSignature.validated" not in passed or passed.isdisjoint(_BOUND):
        return State.BROKEN
    is_known = worth == "Trusted" and "signingCredential.trusted" in passed
    is_ours = is_known and _dig(results, "trustListUri") == "user_anchors"
    return State.VALID if is_ours and not failures else State.FOREIGN


def _find_making(manifest: Mapping[Any, Any]) -> object:
    """The first action that says how the picture was made."""
    for assertion in _list(manifest.get("assertions")):
        if str(_dig(assertion, "label")).startswith("c2pa.actions"):
            for action in _list(_dig(assertion, "data", "actions")):
                if _dig(action, "digitalSourceType"):
                    return action
    return None


def _dig(value: object, *path: object) -> object:
    """What is at ``path`` in nested JSON objects; None where there is nothing."""
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()


def _first(value: object) -> object:
    return next(iter(_list(value)), None)


def _name(value: object) -> str:
    """Of a program: words in the first version of the format, name and version in the second."""
    if isinstance(value, Mapping):
        return " ".join(part for part in (_words(value.get("name")), _words(value.get("version"))) if part)
    return _words(value)


def _words(value: object) -> str:
    return "".join(letter for letter in value if letter.isprintable())[:LONGEST_WORDS] if isinstance(value, str) else ""


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(value))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
