"""Which of the service's rules forbade a picture, in words for people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from vtonlab.errors import Text

if TYPE_CHECKING:
    from google.genai import types

REASONS: Final = {
    "BLOCKLIST": Text("it contains a word on a list of forbidden ones", "包含禁用词"),
    "IMAGE_PROHIBITED_CONTENT": Text("the picture would show what is forbidden", "图片会包含被禁止的内容"),
    "IMAGE_RECITATION": Text("the picture would be too close to an existing one", "图片会与已有作品过于相似"),
    "IMAGE_SAFETY": Text("the picture would break its safety rules", "图片会违反安全规则"),
    "JAILBREAK": Text("it looks like an attempt to get around the rules", "疑似试图绕过规则"),
    "MODEL_ARMOR": Text("a rule of the account's own (Model Armor) forbids it", "账户自己的规则（Model Armor）不允许"),
    "PROHIBITED_CONTENT": Text("it asks for what is forbidden", "要求的是被禁止的内容"),
    "RECITATION": Text("the answer would repeat an existing work", "结果会重复已有作品"),
    "SAFETY": Text("it breaks the safety rules", "违反安全规则"),
    "SPII": Text("it contains personal data", "包含个人敏感信息"),
}
"""Block reasons, and reasons to finish, that mean: not this."""

CATEGORIES: Final = {
    "HARASSMENT": Text("harassment", "骚扰"),
    "HATE_SPEECH": Text("hate", "仇恨"),
    "HATE": Text("hate", "仇恨"),
    "SEXUALLY_EXPLICIT": Text("sexual content", "色情内容"),
    "DANGEROUS_CONTENT": Text("dangerous content", "危险内容"),
    "CIVIC_INTEGRITY": Text("elections", "选举"),
    "JAILBREAK": Text("getting around the rules", "绕过规则"),
}
SOME_RULE: Final = Text("it does not say which rule", "未说明具体规则")


def tell_rule(reason: str, ratings: Iterable[types.SafetyRating]) -> Text:
    """The rule behind ``reason`` (a block reason, or a reason to finish), and the kinds of harm that it was about, as
    far as ``ratings`` tell."""
    rule = REASONS.get(reason, SOME_RULE)
    kinds = list(dict.fromkeys(kind for rating in ratings if (kind := _kind(rating)) is not None))
    if not kinds:
        return rule
    en, zh = ", ".join(kind.en for kind in kinds), "、".join(kind.zh for kind in kinds)
    return Text(f"{rule.en} ({en})", f"{rule.zh}（{zh}）")


def _kind(rating: types.SafetyRating) -> Text | None:
    """The kind of harm, where it was what the filter minded."""
    if not rating.blocked and word_of(rating.probability) not in {"HIGH", "MEDIUM"}:
        return None
    return CATEGORIES.get(word_of(rating.category).removeprefix("HARM_CATEGORY_").removeprefix("IMAGE_"))


def word_of(value: object) -> str:
    """``FinishReason.STOP`` and the plain word of a library that does not know it yet; empty for None."""
    return str(getattr(value, "value", value) or "")
