"""What is wrong with the fields of a request, in words for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vtonlab.errors import Text

MOST_TOLD = 20
PLACES = frozenset({"body", "query", "path", "header", "cookie"})

EMPTY = Text("must not be empty", "不能为空")

REASONS = {
    "missing": Text("is missing", "缺失"),
    "extra_forbidden": Text("is not known here", "不是已知的字段"),
    "enum": Text("must be one of {expected}", "必须是以下之一：{expected}"),
    "literal_error": Text("must be one of {expected}", "必须是以下之一：{expected}"),
    "string_type": Text("must be text", "必须是文本"),
    "string_unicode": Text("must be text", "必须是文本"),
    "string_too_short": Text("must have at least {min_length} characters", "至少需要 {min_length} 个字符"),
    "string_too_long": Text("must have at most {max_length} characters", "最多 {max_length} 个字符"),
    "blank": EMPTY,
    "control_characters": Text("must not have control characters", "不能包含控制字符"),
    "string_pattern_mismatch": Text("has the wrong form", "格式不正确"),
    "too_short": Text("must have at least {min_length} entries", "至少需要 {min_length} 项"),
    "too_long": Text("must have at most {max_length} entries", "最多 {max_length} 项"),
    "list_type": Text("must be a list", "必须是列表"),
    "dict_type": Text("must be an object", "必须是对象"),
    "model_type": Text("must be an object", "必须是对象"),
    "model_attributes_type": Text("must be an object", "必须是对象"),
    "bool_type": Text("must be true or false", "必须是 true 或 false"),
    "bool_parsing": Text("must be true or false", "必须是 true 或 false"),
    "int_type": Text("must be a whole number", "必须是整数"),
    "int_parsing": Text("must be a whole number", "必须是整数"),
    "int_parsing_size": Text("is too large a number", "数值过大"),
    "int_from_float": Text("must be a whole number", "必须是整数"),
    "float_type": Text("must be a number", "必须是数字"),
    "float_parsing": Text("must be a number", "必须是数字"),
    "finite_number": Text("must be a finite number", "必须是有限的数字"),
    "greater_than": Text("must be more than {gt}", "必须大于 {gt}"),
    "greater_than_equal": Text("must be at least {ge}", "不能小于 {ge}"),
    "less_than": Text("must be less than {lt}", "必须小于 {lt}"),
    "less_than_equal": Text("must be at most {le}", "不能大于 {le}"),
    "datetime_parsing": Text("must be a time in ISO 8601", "必须是 ISO 8601 格式的时间"),
    "datetime_from_date_parsing": Text("must be a time in ISO 8601", "必须是 ISO 8601 格式的时间"),
}
"""By pydantic's names of errors; the places are its context's."""
OTHERWISE = Text("is not right", "不正确")


@dataclass(frozen=True)
class Fault:
    """One field (``page_size``, ``image_ids.3``) and what is wrong with it."""

    field: str
    reason: Text


def read_faults(errors: Sequence[Mapping[str, Any]]) -> list[Fault]:
    """The faults behind pydantic's ``errors``, the first twenty; no value that was sent is repeated."""
    return [_read(error) for error in errors[:MOST_TOLD]]


def _read(error: Mapping[str, Any]) -> Fault:
    place = [str(part)[:80] for part in error.get("loc", ())]
    if len(place) > 1 and place[0] in PLACES:
        del place[0]
    context = {name: str(value) for name, value in (error.get("ctx") or {}).items()}
    reason = EMPTY if context.get("min_length") == "1" else REASONS.get(str(error.get("type")), OTHERWISE)
    if "expected" in context:  # "'a', 'b' or 'c'"
        words = context["expected"].replace("'", "")
        context = {"expected": words}
        return Fault(
            ".".join(place), Text(reason.en.format(**context), reason.zh.format(expected=words.replace(" or ", ", ")))
        )
    try:
        return Fault(".".join(place), reason.with_values(**context))
    except KeyError:  # a version of pydantic that names its limits otherwise
        return Fault(".".join(place), OTHERWISE)
