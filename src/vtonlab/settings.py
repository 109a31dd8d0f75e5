"""Every ``VTONLAB_*`` setting.

docs/reference/settings.md is written from this class (``make docs``); a test keeps the two in step.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from vtonlab.errors import BadSetting, Text

PREFIX = "VTONLAB_"


class Settings(BaseSettings):
    """Read from environment variables named ``VTONLAB_`` and the field's name in capitals."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="ignore", use_attribute_docstrings=True
    )

    host: str = "127.0.0.1"
    """Address that `vtonlab serve` listens on. Any other than loopback lets everybody in who can reach this machine."""

    port: int = Field(default=8080, ge=0, le=65535)
    """Port that `vtonlab serve` listens on; 0 takes a free one."""

    open_browser: bool = True
    """Whether `vtonlab serve` opens the page in the browser. It never does where `CI` is set or there is no display."""

    language: Literal["auto", "en", "zh-CN"] = "auto"
    """Language of the command line and of the page until a person picks one there; `auto` follows the terminal's
    locale and the browser."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """How much `vtonlab serve` writes to its log on stderr."""

    debug: bool = False
    """Whether the command line shows the whole story of an error instead of a sentence."""

    engine: str = ""
    """Engine behind the page, by name; empty takes the built-in one."""

    workers: int = Field(default=0, ge=0, le=64)
    """Try-ons computed at the same time; 0 takes one for every two processor cores."""

    max_upload_bytes: int = Field(default=40_000_000, ge=1_000)
    """Largest picture file the page accepts, in bytes."""

    max_pixels: int = Field(default=100_000_000, ge=10_000)
    """Largest picture the page accepts, in pixels; checked before memory for them is taken."""

    cache_bytes: int = Field(default=256_000_000, ge=0)
    """Memory for what was found out about the pictures used last, in bytes: it makes the next garment on the same
    person fast. Nothing of it is written to disk."""


def load() -> Settings:
    """The settings of this process. Raises ``BadSetting`` naming the variable whose value cannot be used."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        variable = PREFIX + str(first["loc"][0]).upper()
        raise BadSetting(setting=variable, reason=Text(first["msg"], f"值无效（{first['msg']}）")) from error
