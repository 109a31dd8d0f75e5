"""Errors that were written down, told again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vtonlab.errors.base import LANGUAGES, Text, VtonError
from vtonlab.errors.engines import EngineError


def retell(written: Mapping[str, Any]) -> VtonError:
    """The error that ``written`` tells of, as a task's row keeps it: ``{"code", "retryable", "en": {"message", "hint"},
    "zh-CN": …}``. It says the same, and is of the class of that code; of ``EngineError`` where no class that is loaded
    has it.

    >>> from vtonlab.errors import NoPersonFound
    >>> said = {"message": "Nobody {there}.", "hint": "Look again."}
    >>> error = retell({"code": "no_person_found", "retryable": False, "en": said, "zh-CN": said})
    >>> isinstance(error, NoPersonFound), error.status, error.say(), error.advise("zh-CN")
    (True, 422, 'Nobody {there}.', 'Look again.')
    """
    code = str(written.get("code", EngineError.code))
    kind = next((kind for kind in _kinds(VtonError) if kind.code == code), EngineError)
    error = kind.__new__(kind)
    vars(error).update(
        values={},
        code=code,
        retryable=bool(written.get("retryable", False)),
        sentence=_words(written, "message", kind.sentence),
        hint=_words(written, "hint", kind.hint),
    )
    error.args = (error.say(),)
    return error


def _kinds(kind: type[VtonError]) -> Iterator[type[VtonError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _kinds(child)


def _words(written: Mapping[str, Any], part: str, otherwise: Text) -> Text:
    """What was said in each language, with no places to be filled in any more."""
    said = [(written.get(language) or {}).get(part) or otherwise.say(language) for language in LANGUAGES]
    en, zh = (str(words).replace("{", "{{").replace("}", "}}") for words in said)
    return Text(en, zh)
