"""The log of the command line: on stderr, one line a message, and the whole story with ``VTONLAB_DEBUG=1``."""

from __future__ import annotations

import logging
import os


def is_debugging() -> bool:
    """Whether ``VTONLAB_DEBUG`` is set."""
    return os.environ.get("VTONLAB_DEBUG", "") not in {"", "0"}


def prepare_logging(*, debug: bool) -> None:
    """Log to stderr; stack traces and the libraries' own lines only to those who debug."""
    # Read by MediaPipe's C++ side when it is loaded; its lines are for its own developers.
    os.environ.setdefault("GLOG_minloglevel", "0" if debug else "3")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "0" if debug else "3")
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s") if debug else _OneLine())
    logging.basicConfig(level=logging.DEBUG if debug else logging.WARNING, handlers=[handler], force=True)


class _OneLine(logging.Formatter):
    """What happened, without the stack trace."""

    def format(self, record: logging.LogRecord) -> str:
        return f"{record.levelname.lower()}: {record.getMessage()}"
