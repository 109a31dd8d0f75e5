"""What cannot be done with a library."""

from __future__ import annotations

from vtonlab.errors.base import Text
from vtonlab.errors.requests import RequestRefused, SignInNeeded


class UnknownCategory(RequestRefused):
    """No category or colour of this name, where one is asked for. Values: ``name``, ``known``."""

    code = "unknown_category"
    status = 400
    sentence = Text("There is no category “{name}”.", "没有“{name}”这个分类。")
    hint = Text("Use one of: {known}.", "可以使用：{known}。")


class NothingDone(RequestRefused):
    """Of several pictures, none could be changed. Values: ``reason`` (Text)."""

    code = "nothing_done"
    status = 400
    sentence = Text("Nothing was changed: {reason}.", "没有更改任何内容：{reason}。")
    hint = Text("Reload the list: they may be gone already.", "请刷新列表：它们可能已经不在了。")


class DownloadGone(RequestRefused):
    """The address of a zip is good once, for a short time, and for who asked for it."""

    code = "download_gone"
    status = 404
    sentence = Text("This download has begun already, or waited too long.", "此下载已经开始过，或等待时间过长。")
    hint = Text("Start it again where you chose the pictures.", "请回到选择图片的地方重新下载。")


class PairingNeeded(SignInNeeded):
    """A program that sends pictures without saying for whom, where many people use the server."""

    code = "pairing_needed"
    sentence = Text("需要登录 · Please sign in, or pair this program", "需要登录：请登录，或将此程序与你的账户配对")
    hint = Text(
        "On this server's page, make an API token (Settings, API tokens) and enter it in the program.",
        "请在本服务器的页面上创建 API 令牌（设置 → API 令牌），然后填入该程序。",
    )
