"""Words in both languages, and the error that every other one is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

LANGUAGES = ("en", "zh-CN")


@dataclass(frozen=True)
class Text:
    """The same words in every language of the house.

    ``en`` and ``zh`` may hold ``{name}`` places, filled by :meth:`with_values`.
    """

    en: str
    zh: str

    def say(self, language: str = "en") -> str:
        """The words in ``language`` (a BCP 47 tag such as ``zh-CN``); English where we do not speak it."""
        return self.zh if language.lower().startswith("zh") else self.en

    def with_values(self, **values: object) -> Text:
        """The same text with its ``{name}`` places filled; a value that is itself a Text is said in each language."""
        return Text(self.en.format(**_said(values, "en")), self.zh.format(**_said(values, "zh")))


def _said(values: dict[str, object], language: str) -> dict[str, object]:
    return {name: value.say(language) if isinstance(value, Text) else value for name, value in values.items()}


class VtonError(Exception):
    """Base of every error that is meant for a person.

    ``values`` fill the ``{name}`` places of the class's sentence and hint; what is words is passed as a
    :class:`Text`. They are shown to people: pass no path of the server, no key and no text of another exception.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False
    sentence: ClassVar[Text] = Text("Something went wrong.", "出了点问题。")
    hint: ClassVar[Text] = Text(
        "Try again; if it happens again, report it.", "请再试一次；如果仍然出错，请反馈给我们。"
    )

    def __init__(self, **values: object) -> None:
        self.values = values
        super().__init__(self.say("en"))

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions pickle by position; ours are made by name, and workers in other processes send them back.
        return _remake, (type(self), self.values)

    def say(self, language: str = "en") -> str:
        """What happened, in one sentence."""
        return self.sentence.with_values(**self.values).say(language)

    def advise(self, language: str = "en") -> str:
        """What to do about it."""
        return self.hint.with_values(**self.values).say(language)


def _remake(kind: type[VtonError], values: dict[str, object]) -> VtonError:
    return kind(**values)


class Cancelled(VtonError):
    """The person asked for it to stop."""

    code = "cancelled"
    status = 409
    sentence = Text("Stopped as asked.", "已按要求停止。")
    hint = Text("Start it again whenever you like.", "可以随时重新开始。")
