"""Requests the server does not answer."""

from __future__ import annotations

from vtonlab.errors.base import Text
from vtonlab.errors.inputs import BadInput


class RequestRefused(BadInput):
    """A request the server does not answer."""

    code = "request_refused"
    status = 400


class BadRequest(RequestRefused):
    """A part of the request is missing or of the wrong form. Values: ``part``."""

    code = "bad_request"
    status = 422
    sentence = Text("The request's part “{part}” is missing or not right.", "请求中的“{part}”缺失或不正确。")
    hint = Text("/openapi.json lists what every address takes.", "各地址所需内容见 /openapi.json。")


class MalformedBody(RequestRefused):
    """A body that is not of the form its Content-Type says, or text that no text can hold."""

    code = "malformed_body"
    sentence = Text("The request's body cannot be read.", "无法读取请求的内容。")
    hint = Text("Send valid JSON in UTF-8, or a form.", "请发送有效的 UTF-8 JSON 或表单。")


class TooSlow(RequestRefused):
    """The body did not come in time."""

    code = "too_slow"
    status = 408
    sentence = Text("The request took too long to arrive.", "请求内容传输时间过长。")
    hint = Text("Try again, with a better connection or a smaller file.", "请在网络更好时重试，或使用更小的文件。")


class PageNotFound(RequestRefused):
    """There is nothing at this address."""

    code = "not_found"
    status = 404
    sentence = Text("There is nothing at this address.", "这个地址没有内容。")
    hint = Text("Go to the start page: /", "请前往首页：/")


class MethodNotAllowed(RequestRefused):
    """The address exists, but not for this method."""

    code = "method_not_allowed"
    status = 405
    sentence = Text("This address does not take such a request.", "这个地址不接受此类请求。")


class ForeignRequest(RequestRefused):
    """Sent by another site's page, or to a name that is not this server's."""

    code = "foreign_request"
    status = 403
    sentence = Text("Requests from other sites are refused.", "已拒绝来自其他网站的请求。")
    hint = Text("Use the address that was printed when the program started.", "请使用程序启动时显示的地址。")


class BodyTooLarge(RequestRefused):
    """More bytes than a request may have. Values: ``limit``."""

    code = "body_too_large"
    status = 413
    sentence = Text("This is too much at once; the limit is {limit}.", "一次上传的内容太大，上限为 {limit}。")
    hint = Text("Send fewer or smaller files.", "请减少文件数量或缩小文件。")


class SignInNeeded(RequestRefused):
    """Only for those who signed in. The word 登录 is in it in every language: older pages look for it."""

    code = "sign_in_needed"
    status = 401
    sentence = Text("需要登录 · Please sign in", "需要登录 · Please sign in")
    hint = Text(
        "Signing in lets you manage your pictures, keep favourites and use them on every device.",
        "登录后可以管理图片、收藏喜欢的结果，并在所有设备上使用。",
    )


class WrongPassword(RequestRefused):
    """No account of that name and password; which of the two is not told."""

    code = "wrong_password"
    status = 401
    sentence = Text("登录失败 · The name or the password is not right.", "登录失败：用户名或密码不正确。")
    hint = Text("Check both; capital letters count in the password.", "请检查用户名和密码，密码区分大小写。")


class TokenNotValid(RequestRefused):
    """A token, cookie or link that is unknown, expired, revoked or spent."""

    code = "token_not_valid"
    status = 401
    sentence = Text(
        "需要重新登录 · This token or link is no longer valid.", "登录已失效：令牌或链接已无效，请重新登录。"
    )
    hint = Text("Sign in again, or make a new token.", "请重新登录，或创建新的令牌。")


class NotAllowed(RequestRefused):
    """Signed in, but the role or the token's scopes do not allow it. Values: ``permission``, ``by_token``
    (whether an API token came along)."""

    code = "not_allowed"
    status = 403
    sentence = Text("Your account may not do this ({permission}).", "你的账户没有此权限（{permission}）。")
    hint = Text("Ask an administrator for a role that may.", "请联系管理员调整你的角色。")
    of_token = Text("This token may not do this ({permission}).", "此令牌没有此权限（{permission}）。")
    make_another = Text(
        "Make a token with this scope; where the role does not have it, ask an administrator.",
        "请创建包含该权限的令牌；如果角色没有此权限，请联系管理员。",
    )

    def __init__(self, **values: object) -> None:
        if values.get("by_token"):
            vars(self).update(sentence=self.of_token, hint=self.make_another)
        super().__init__(**values)


class OthersData(RequestRefused):
    """The address names another user."""

    code = "others_data"
    status = 403
    sentence = Text("This belongs to another account.", "这属于其他账户。")
    hint = Text("Sign in with the account it belongs to.", "请使用对应的账户登录。")


PICTURE = Text("picture", "图片")
"""The one thing that goes to the trash when it is deleted."""
IN_TRASH = Text("It may have been deleted; look into the trash.", "它可能已被删除，请到回收站查看。")


class NotThere(RequestRefused):
    """No such thing of the caller; whether others have it is not told. Values: ``thing`` (Text), ``id``."""

    code = "not_there"
    status = 404
    sentence = Text("There is no {thing} “{id}”.", "没有找到{thing}“{id}”。")
    hint = Text(
        "Check the name or the id against the list; it may have been deleted.",
        "请对照列表核对名称或编号；它也可能已被删除。",
    )

    def __init__(self, **values: object) -> None:
        if values.get("thing") == PICTURE:
            vars(self)["hint"] = IN_TRASH
        super().__init__(**values)


class Conflict(RequestRefused):
    """It cannot be done as things stand. Values: ``reason`` (Text)."""

    code = "conflict"
    status = 409
    sentence = Text("This cannot be done now: {reason}.", "现在无法执行：{reason}。")
    hint = Text("Reload to see how things stand.", "请刷新查看最新状态。")


class NameTaken(Conflict):
    """Somebody has this name or e-mail address. Values: ``name``."""

    code = "name_taken"
    sentence = Text("“{name}” is taken already.", "“{name}”已被使用。")
    hint = Text("Choose another, or sign in with it.", "请换一个，或直接登录。")


class AlreadyEnded(Conflict):
    """The task is over. Values: ``status``."""

    code = "already_ended"
    sentence = Text("This task is over ({status}).", "该任务已结束（{status}）。")
    hint = Text("Start it anew if you want it again.", "如有需要，请重新开始。")


class TooManyRequests(RequestRefused):
    """Slow down. Values: ``seconds`` until it may work again."""

    code = "too_many_requests"
    status = 429
    retryable = True
    sentence = Text("Too many requests.", "请求过于频繁。")
    hint = Text("Try again in {seconds} seconds.", "请在 {seconds} 秒后重试。")


class NoRoomLeft(RequestRefused):
    """The quota of the account is used up. Values: ``used``, ``limit``."""

    code = "no_room_left"
    status = 413
    sentence = Text("Your storage is full: {used} of {limit}.", "存储空间已满：已用 {used}，共 {limit}。")
    hint = Text("Empty the trash or delete pictures you no longer need.", "请清空回收站，或删除不再需要的图片。")
