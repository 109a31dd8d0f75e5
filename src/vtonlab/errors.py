"""Every error a person can meet, in one tree.

    VtonError
    ├── BadInput                 what was given cannot be used as it is
    │   ├── ImageUnreadable      not a picture, truncated, or of a kind we do not read
    │   ├── ImageTooLarge        more bytes or pixels than the limits allow
    │   ├── ImageTooSmall        too few pixels to work with
    │   ├── NoPersonFound        no person in the photo of the person
    │   ├── PoseNotSupported     a person, but not from a side that can be dressed
    │   ├── GarmentNotUnderstood no garment found, or not one that can be measured
    │   ├── WrongKind            the garment is not of the kind that was asked for
    │   ├── BadOption            an option the engine does not have, or a value out of its range
    │   ├── FileProblem          a file or folder that is missing or cannot be read or written
    │   ├── UnknownEngine        no engine of that name is installed
    │   ├── BadSetting           a VTONLAB_* variable whose value cannot be used
    │   ├── AddressTaken         the server cannot listen where it was told to
    │   └── RequestRefused       a request the server does not answer
    │       ├── BadRequest       a part is missing or of the wrong form
    │       ├── PageNotFound     there is nothing at this address
    │       ├── MethodNotAllowed the address exists, but not for this method
    │       └── ForeignRequest   sent by another site's page
    ├── EngineError              the engine could not do its work
    │   ├── EngineUnavailable    not running, not installed, or refusing connections
    │   ├── EngineBusy           its queue is full (retryable)
    │   ├── EngineTimeout        no answer in time (retryable)
    │   ├── ContentRefused       a provider's safety filter said no
    │   ├── QuotaExceeded        the provider's or our own budget is used up
    │   └── EngineFault          anything else; the log has the details
    └── Cancelled                the person asked for it to stop

Each has a ``code`` (stable, for programs), an HTTP ``status``, a sentence and a hint for people in every language we
speak, and says whether the same request may succeed later (``retryable``).
"""

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


class BadInput(VtonError):
    """What was given cannot be used as it is; giving something else will help."""

    code = "bad_input"
    status = 422
    sentence = Text("This input cannot be used.", "无法使用这个输入。")
    hint = Text("Check what you passed and try again.", "请检查输入内容后重试。")


class ImageUnreadable(BadInput):
    """Not a picture, truncated, or of a kind we do not read. Values: ``reason`` (Text-free short English word)."""

    code = "image_unreadable"
    status = 415
    sentence = Text("{name} is not a picture we can read.", "无法读取图片 {name}。")
    hint = Text(
        "Use a complete JPEG, PNG, WebP, AVIF, GIF or HEIC photo; drawings such as SVG must be exported first.",
        "请使用完整的 JPEG、PNG、WebP、AVIF、GIF 或 HEIC 照片；SVG 之类的矢量图请先导出为图片。",
    )


class ImageTooLarge(BadInput):
    """More bytes or pixels than the limits allow. Values: ``name``, ``found``, ``limit``."""

    code = "image_too_large"
    status = 413
    sentence = Text("{name} is too large: {found}; the limit is {limit}.", "{name} 太大：{found}，上限为 {limit}。")
    hint = Text("Save a smaller version of the picture and use that.", "请先把图片缩小再使用。")


class ImageTooSmall(BadInput):
    """Too few pixels to work with. Values: ``name``, ``found``, ``limit``."""

    code = "image_too_small"
    sentence = Text(
        "{name} is too small: {found}; at least {limit} is needed.", "{name} 太小：{found}，至少需要 {limit}。"
    )
    hint = Text("Use the original photo instead of a thumbnail.", "请使用原图，而不是缩略图。")


class NoPersonFound(BadInput):
    """No person in the photo of the person."""

    code = "no_person_found"
    sentence = Text("No person was found in the photo.", "照片中没有找到人物。")
    hint = Text(
        "Use a photo of one person facing the camera, from head to hips at least, in good light.",
        "请使用一张正面、光线良好、至少从头到胯部的单人照片。",
    )


class PoseNotSupported(BadInput):
    """A person, but turned so far away that nothing can be measured."""

    code = "pose_not_supported"
    sentence = Text("The person is seen from the side.", "照片中的人物是侧面的。")
    hint = Text(
        "Use a photo in which both shoulders face the camera; a generative engine can also dress a side view.",
        "请使用双肩正对镜头的照片；生成式引擎也可以处理侧面照片。",
    )


class GarmentNotUnderstood(BadInput):
    """No garment found in the picture, or not one that can be measured."""

    code = "garment_not_understood"
    sentence = Text("No garment could be made out in the picture.", "无法从图片中识别出衣物。")
    hint = Text(
        "Use a photo of one garment laid flat or hanging, seen from the front, on a plain background.",
        "请使用一张平铺或悬挂的单件衣物正面照片，背景尽量简单。",
    )


class WrongKind(BadInput):
    """The garment is not of the kind that was asked for. Values: ``asked``, ``known``."""

    code = "wrong_kind"
    sentence = Text("A garment of the kind “{asked}” cannot be used here.", "此处不能使用“{asked}”类型的衣物。")
    hint = Text("Use one of: {known}.", "可以使用：{known}。")


class BadOption(BadInput):
    """An option the engine does not have, or a value out of its range. Values: ``option``, ``reason``."""

    code = "bad_option"
    sentence = Text("The option “{option}” is not right: {reason}.", "选项“{option}”不正确：{reason}。")
    hint = Text("“vtonlab engines” lists the options of every engine.", "运行 “vtonlab engines” 查看每个引擎的选项。")


class FileProblem(BadInput):
    """A file or folder that is missing or cannot be read or written. Values: ``name``, ``reason``."""

    code = "file_problem"
    status = 400
    sentence = Text("{name}: {reason}.", "{name}：{reason}。")
    hint = Text("Check the name and that you may read or write there.", "请检查名称是否正确，以及是否有读写权限。")


class UnknownEngine(BadInput):
    """No engine of that name is installed. Values: ``name``, ``known``."""

    code = "unknown_engine"
    status = 404
    sentence = Text("There is no engine “{name}”.", "没有名为“{name}”的引擎。")
    hint = Text("Installed engines: {known}.", "已安装的引擎：{known}。")


class BadSetting(BadInput):
    """A ``VTONLAB_*`` variable whose value cannot be used. Values: ``setting``, ``reason``."""

    code = "bad_setting"
    sentence = Text("The setting {setting} is not right: {reason}.", "设置 {setting} 不正确：{reason}。")
    hint = Text(
        "Correct or unset it; docs/reference/settings.md lists every setting.",
        "请更正或删除它；所有设置见 docs/reference/settings.md。",
    )


class AddressTaken(BadInput):
    """The server cannot listen where it was told to. Values: ``host``, ``port``, ``reason`` (Text)."""

    code = "address_taken"
    sentence = Text("Cannot listen on {host}:{port}: {reason}.", "无法监听 {host}:{port}：{reason}。")
    hint = Text(
        "Choose another port: vtonlab serve --port 8090 (with make: make run ARGS='--port 8090').",
        "请换一个端口：vtonlab serve --port 8090（使用 make 时：make run ARGS='--port 8090'）。",
    )


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
    hint = Text("Open the page at the address that vtonlab serve prints.", "请使用 vtonlab serve 显示的地址打开页面。")


class EngineError(VtonError):
    """The engine could not do its work."""

    code = "engine_error"
    status = 502


class EngineUnavailable(EngineError):
    """Not running, not installed, or refusing connections. Values: ``engine``."""

    code = "engine_unavailable"
    status = 503
    retryable = True
    sentence = Text("The engine “{engine}” is not available.", "引擎“{engine}”不可用。")
    hint = Text("“vtonlab doctor” says what it needs.", "运行 “vtonlab doctor” 查看它需要什么。")


class EngineBusy(EngineError):
    """Its queue is full. Values: ``engine``."""

    code = "engine_busy"
    status = 503
    retryable = True
    sentence = Text("The engine “{engine}” is busy.", "引擎“{engine}”正忙。")
    hint = Text("Try again in a moment.", "请稍后再试。")


class EngineTimeout(EngineError):
    """No answer in time. Values: ``engine``, ``seconds``."""

    code = "engine_timeout"
    status = 504
    retryable = True
    sentence = Text(
        "The engine “{engine}” did not answer within {seconds} s.", "引擎“{engine}”在 {seconds} 秒内没有响应。"
    )
    hint = Text("Try again, or use smaller pictures.", "请重试，或使用较小的图片。")


class ContentRefused(EngineError):
    """A provider's safety filter said no. Values: ``engine``."""

    code = "content_refused"
    status = 422
    sentence = Text("The engine “{engine}” refused these pictures.", "引擎“{engine}”拒绝处理这些图片。")
    hint = Text(
        "Use other pictures, or the engine “instant”, which runs on this machine.",
        "请更换图片，或使用在本机运行的“instant”引擎。",
    )


class QuotaExceeded(EngineError):
    """The provider's or our own budget is used up. Values: ``engine``."""

    code = "quota_exceeded"
    status = 429
    retryable = True
    sentence = Text("The quota of the engine “{engine}” is used up.", "引擎“{engine}”的额度已用完。")
    hint = Text("Wait until it is renewed, or raise the limit.", "请等待额度恢复，或提高上限。")


class EngineFault(EngineError):
    """The engine failed in a way it did not expect. Values: ``engine``."""

    code = "engine_fault"
    status = 500
    sentence = Text("The engine “{engine}” failed.", "引擎“{engine}”运行出错。")
    hint = Text("The log has the details; please report it.", "日志中有详细信息，请反馈给我们。")


class Cancelled(VtonError):
    """The person asked for it to stop."""

    code = "cancelled"
    status = 409
    sentence = Text("Stopped as asked.", "已按要求停止。")
    hint = Text("Start it again whenever you like.", "可以随时重新开始。")
