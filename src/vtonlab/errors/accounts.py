"""Details of an account that are not taken."""

from __future__ import annotations

from vtonlab.errors.base import Text
from vtonlab.errors.requests import BadRequest


class BadDetail(BadRequest):
    """A name, e-mail address or password that is not taken. Values: ``part``, ``reason`` (Text)."""

    code = "bad_detail"
    sentence = Text("This cannot be used: {reason}.", "无法使用：{reason}。")
    hint = Text("Correct “{part}” and send it again.", "请修改“{part}”后重新提交。")
