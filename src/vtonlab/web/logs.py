"""The server's log: lines for people or one JSON object a line, each with the id of the request it belongs to."""

from __future__ import annotations

import json
import logging
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Literal

CURRENT_REQUEST: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request that is being served here."""

QUIET = ("_granian", "granian.access", "alembic", "httpx", "httpcore")
"""Loggers of libraries; told only to those who debug."""


class TextLines(logging.Formatter):
    """``2026-11-22 04:50:01 INFO vtonlab.web [3f0c…]: message``."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s%(request)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """One line, and below it the trace where there is one."""
        known = CURRENT_REQUEST.get()
        record.request = f" [{known}]" if known else ""
        return super().format(record)


class JsonLines(logging.Formatter):
    """``{"time", "level", "logger", "message", "request_id", …}``; what was given as ``extra={"event": {…}}`` too."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        told: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if known := CURRENT_REQUEST.get():
            told["request_id"] = known
        told |= getattr(record, "event", {})
        if record.exc_info:
            told["trace"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False, default=str)


def describe_logging(level: str, form: Literal["text", "json"]) -> dict[str, Any]:
    """What ``logging.config.dictConfig`` takes: our own lines from ``level`` up, to stderr."""
    formatter = JsonLines if form == "json" else TextLines
    own = {"handlers": ["stderr"], "level": level.upper(), "propagate": False}
    others = {"handlers": ["stderr"], "level": "INFO" if level == "debug" else "WARNING", "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": f"{formatter.__module__}.{formatter.__qualname__}"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stderr"}},
        "loggers": {"vtonlab": own, **dict.fromkeys(QUIET, others)},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
    }
