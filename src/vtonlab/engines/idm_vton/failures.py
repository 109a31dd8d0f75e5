"""What a service's failures mean, and what to do about them."""

from __future__ import annotations

import concurrent.futures
import re
from typing import Final

import httpx

from vtonlab.engines.idm_vton.address import NAME, TOKEN_SETTING, Address
from vtonlab.engines.idm_vton.wire import Wire
from vtonlab.errors import (
    EngineBusy,
    EngineFailed,
    EngineFailedSilently,
    EngineFault,
    EngineTimeout,
    EngineUnavailable,
    KeyRefused,
    NotThatService,
    OutOfGpuMemory,
    PoseNotRecognised,
    ServiceNotRunning,
    Text,
    VtonError,
)

HOW_TO_START: Final = Text(
    "“vtonlab gradio” (an engine of this program, port 7860), or in IDM-VTON's folder "
    "“python gradio_demo/app.py”; then set VTONLAB_IDM_VTON_URL to its address.",
    "“vtonlab gradio”（使用本程序的引擎，端口 7860），或在 IDM-VTON 目录中运行 “python gradio_demo/app.py”；"
    "然后把 VTONLAB_IDM_VTON_URL 设为它的地址。",
)

_MEMORY: Final = re.compile(
    r"out of memory|outofmemory|cublas_status_alloc_failed|cudnn_status_alloc_failed|\bOOM\b", re.IGNORECASE
)
_POSE: Final = re.compile(
    # OpenPose's wrapper in IDM-VTON takes the first person found and does not look whether there is one.
    r"list index out of range|index 0 is out of bounds|pose|keypoint|key point|openpose|densepose"
    r"|no (person|human|body)|(person|human|body) (was )?not (found|detected)"
    r"|检测不到|未检测到|没有检测到|姿势|姿态|关键点",
    re.IGNORECASE,
)
_BUSY: Final = re.compile(r"queue is full|too many requests|rate limit|quota", re.IGNORECASE)
_GONE: Final = re.compile(r"server stopped|did not receive process_completed", re.IGNORECASE)


def explain(error: BaseException, wire: Wire, *, connecting: bool = False) -> VtonError:
    """Our error for what httpx, gradio_client or the service raised. ``connecting``: before anything was asked."""
    match error:
        case VtonError():
            return error
        case concurrent.futures.CancelledError():
            return EngineUnavailable(engine=NAME)  # gradio_client's word for a stream that ended without an answer
        case httpx.HTTPError() | httpx.InvalidURL():
            return _explain_transport(error, wire.address, connecting=connecting)
    return _explain_client(error) or (_explain_greeting(wire) if connecting else _explain_answer(error))


def explain_status(status: int) -> VtonError:
    """Our error for an HTTP status that is none of success."""
    match status:
        case 401 | 403 | 407:
            return KeyRefused(engine=NAME, setting=TOKEN_SETTING)
        case 429 | 503:
            return EngineBusy(engine=NAME)
        case 408 | 502 | 504:
            return EngineUnavailable(engine=NAME)
        case _ if status >= 500:
            return EngineFailed(engine=NAME)
        case _:
            return NotThatService(engine=NAME)


def _explain_client(error: BaseException) -> VtonError | None:
    """For gradio_client's own errors, by name, so that it is only imported where it is used."""
    match type(error).__name__:
        case "AppError":
            return _explain_words(str(getattr(error, "message", "") or ""))
        case "QueueError" | "TooManyRequestsError":
            return EngineBusy(engine=NAME)
        case "AuthenticationError":
            return KeyRefused(engine=NAME, setting=TOKEN_SETTING)
        case _:
            return None


def _explain_answer(error: BaseException) -> VtonError:
    """For what gradio_client trips over while it reads an answer."""
    if isinstance(error, ValueError) and _GONE.search(str(error)):
        return EngineUnavailable(engine=NAME)
    if isinstance(error, ValueError | LookupError | TypeError | AttributeError):
        return EngineFailed(engine=NAME)
    return EngineFault(engine=NAME)


def _explain_greeting(wire: Wire) -> VtonError:
    """For a service that answered, but not as Gradio does."""
    status, path = wire.refusal or (200, "")
    if path.endswith("/login"):
        return KeyRefused(engine=NAME, setting=TOKEN_SETTING)  # Gradio says 400 to a wrong password
    if status == 503:
        return EngineUnavailable(engine=NAME)  # the word of a proxy whose service is not up
    return explain_status(status)


def _explain_transport(error: httpx.HTTPError | httpx.InvalidURL, address: Address, *, connecting: bool) -> VtonError:
    match error:
        case httpx.HTTPStatusError():
            return explain_status(error.response.status_code)
        case httpx.ConnectError() | httpx.ConnectTimeout():
            if address.is_here:
                return ServiceNotRunning(engine=NAME, how=HOW_TO_START)
            return EngineUnavailable(engine=NAME)
        case httpx.TimeoutException():
            return EngineTimeout(engine=NAME, seconds=_silence(connecting=connecting))
        case httpx.InvalidURL() | httpx.UnsupportedProtocol() | httpx.TooManyRedirects():
            return NotThatService(engine=NAME)
        case _:
            return EngineUnavailable(engine=NAME)


def _silence(*, connecting: bool) -> int:
    from vtonlab.engines.idm_vton.wire import ANSWER_SECONDS, SILENCE_SECONDS

    return round(ANSWER_SECONDS if connecting else SILENCE_SECONDS)


def _explain_words(words: str) -> VtonError:
    """For an error that the service's own code raised."""
    if _MEMORY.search(words):
        return OutOfGpuMemory(engine=NAME)
    if _BUSY.search(words):
        return EngineBusy(engine=NAME)
    if _POSE.search(words):
        return PoseNotRecognised(engine=NAME)
    if not words.strip() or "verbose error reporting" in words:
        return EngineFailedSilently(engine=NAME)  # Gradio keeps an exception's words to itself unless told otherwise
    return EngineFailed(engine=NAME)
