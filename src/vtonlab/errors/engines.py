"""The engine could not do its work."""

from __future__ import annotations

from vtonlab.errors.base import Text, VtonError


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
