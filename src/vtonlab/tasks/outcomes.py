"""What became of somebody else's code: its value or its error, carried to whoever decides about it."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Coroutine
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, TypeVar, cast

T = TypeVar("T")

_NOT_TO_BE_TAKEN_FOR_OUR_OWN = (
    asyncio.CancelledError,
    concurrent.futures.CancelledError,
    GeneratorExit,
    KeyboardInterrupt,
    StopAsyncIteration,
    StopIteration,
    SystemExit,
)
"""Raised inside the loop these would stop something else than the job (gradio_client raises the second)."""


@dataclass
class Outcome(Generic[T]):
    """A value or an error. As a context it keeps what is raised in it."""

    value: T | None = None
    error: BaseException | None = None

    def __enter__(self) -> Outcome[T]:
        return self

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None) -> bool:
        self.error = error
        return True

    def unwrap(self) -> T:
        """The value, or the error raised."""
        if self.error is None:
            return cast("T", self.value)
        if isinstance(self.error, _NOT_TO_BE_TAKEN_FOR_OUR_OWN):
            raise RuntimeError(f"the work raised {type(self.error).__name__}") from self.error  # noqa: TRY004
        raise self.error


async def outcome_of(work: Coroutine[Any, Any, T]) -> Outcome[T]:
    """Wait for ``work`` to end in any way. When the waiting is cancelled, so is the work."""
    task = asyncio.create_task(work)
    try:
        await asyncio.wait({task})
    finally:
        task.cancel()
    return read_task(task)


def read_task(task: asyncio.Task[T]) -> Outcome[T]:
    """The outcome of a task that is done."""
    if task.cancelled():
        return Outcome(error=asyncio.CancelledError())
    error = task.exception()
    return Outcome(error=error) if error is not None else Outcome(value=task.result())
