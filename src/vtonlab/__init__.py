"""VTON Lab: see any garment on yourself, on your own machine.

    >>> import vtonlab
    >>> result = vtonlab.try_on("me.jpg", "shirt.jpg")             # doctest: +SKIP
    >>> result.save("me-in-the-shirt.png")                         # doctest: +SKIP

With a drawn person and a drawn shirt, so that it runs anywhere:

    >>> from vtonlab.imaging.mannequin import draw_person, draw_shirt
    >>> result = vtonlab.try_on(draw_person(), draw_shirt(), kind="upper")
    >>> result.image.shape, result.mask.shape, 0 < result.confidence <= 1
    ((512, 384, 3), (512, 384), True)

One person before many hangers, analysed once:

    >>> session = vtonlab.Session(draw_person())
    >>> worn = [session.try_on(garment) for garment in (draw_shirt(), draw_shirt()[:, ::-1])]
    >>> [result.engine for result in worn]
    ['instant', 'instant']

Pictures can be drawn from words too, by engines that mostly work elsewhere and cost money:

    >>> result = vtonlab.generate("a linen shirt on a hanger", aspect_ratio="3:4")       # doctest: +SKIP

Pictures are given as paths, bytes, open files, Pillow images or ``(H, W, 3)`` arrays. Whatever goes wrong is one of
the errors of :mod:`vtonlab.errors`, which say what happened and what to do in the reader's language:

    >>> try:
    ...     vtonlab.try_on(b"a shopping list", draw_shirt())
    ... except vtonlab.ImageUnreadable as error:
    ...     print(error)
    ...     print(error.say("zh-CN"))
    (bytes) is not a picture we can read.
    无法读取图片 (bytes)。

Nothing heavy is imported before it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vtonlab.engines.contract import (
        Engine,
        GarmentKind,
        Note,
        TryOnRequest,
        TryOnResult,
    )
    from vtonlab.engines.generating import GenerateResult
    from vtonlab.errors import (
        BadInput,
        BadOption,
        Cancelled,
        ContentRefused,
        EngineBusy,
        EngineError,
        EngineFault,
        EngineTimeout,
        EngineUnavailable,
        FileProblem,
        GarmentNotUnderstood,
        ImageTooLarge,
        ImageTooSmall,
        ImageUnreadable,
        NoPersonFound,
        PromptRefused,
        QuotaExceeded,
        Text,
        UnknownEngine,
        VtonError,
        WrongKind,
    )
    from vtonlab.session import Session, advise, generate, try_on

    __version__: str

    # At run time the name is the package `vtonlab.engines`, which can be called.
    def engines() -> tuple[Engine, ...]:
        """The engines that are installed and load, the built-in one first."""


__all__ = [
    "BadInput",
    "BadOption",
    "Cancelled",
    "ContentRefused",
    "Engine",
    "EngineBusy",
    "EngineError",
    "EngineFault",
    "EngineTimeout",
    "EngineUnavailable",
    "FileProblem",
    "GarmentKind",
    "GarmentNotUnderstood",
    "GenerateResult",
    "ImageTooLarge",
    "ImageTooSmall",
    "ImageUnreadable",
    "NoPersonFound",
    "Note",
    "PromptRefused",
    "QuotaExceeded",
    "Session",
    "Text",
    "TryOnRequest",
    "TryOnResult",
    "UnknownEngine",
    "VtonError",
    "WrongKind",
    "__version__",
    "advise",
    "engines",
    "generate",
    "try_on",
]

_IN_SESSION = {"Session", "advise", "generate", "try_on"}
_IN_CONTRACT = {"Engine", "GarmentKind", "Note", "TryOnRequest", "TryOnResult"}


def __getattr__(name: str) -> object:
    """Import what is asked for when it is asked for (PEP 562)."""
    if name == "__version__":
        from importlib.metadata import version

        return version("vtonlab")
    if name == "engines":
        return import_module("vtonlab.engines")
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"vtonlab.{_find_home(name)}"), name)
    globals()[name] = value
    return value


def _find_home(name: str) -> str:
    if name in _IN_SESSION:
        return "session"
    if name in _IN_CONTRACT:
        return "engines.contract"
    return "engines.generating" if name == "GenerateResult" else "errors"


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
