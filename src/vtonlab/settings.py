"""Every ``VTONLAB_*`` setting.

docs/reference/settings.md is written from this class (``make docs``); a test keeps the two in step.
"""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from vtonlab.errors import BadSetting, Text

PREFIX = "VTONLAB_"


class Settings(BaseSettings):
    """Read from environment variables named ``VTONLAB_`` and the field's name in capitals."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="ignore", use_attribute_docstrings=True
    )

    host: str = "127.0.0.1"
    """Address that `vtonlab serve` listens on. Any other than loopback means server mode, where people sign in."""

    port: int = Field(default=8080, ge=0, le=65535)
    """Port that `vtonlab serve` listens on; 0 takes a free one."""

    mode: Literal["auto", "local", "server"] = "auto"
    """Who may use it: `local` is one person on this machine, without signing in; `server` has accounts. `auto` takes
    `local` on a loopback address and `server` on any other."""

    data: Path | None = None
    """Folder for the pictures and the database; by default the place the system has for programs' data."""

    database_url: str = ""
    """Database as an SQLAlchemy address (`postgresql://…`, `mysql://…`); empty takes an SQLite file in the data
    folder."""

    storage_url: str = ""
    """Where picture files live: `s3://bucket/prefix`, with the keys in the usual AWS_* variables; empty takes the data
    folder."""

    storage_endpoint: str = ""
    """Address of an S3-compatible server that is not Amazon's."""

    secret_key: SecretStr = SecretStr("")
    """Signs access tokens, at least 32 characters; empty takes the one kept in the data folder. Several servers over
    one database need the same."""

    public_url: str = ""
    """The address people open, where a proxy stands in front (`https://fitting.example`)."""

    trusted_proxies: str = ""
    """Addresses of proxies, separated by commas, whose `X-Forwarded-For` is believed."""

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
    """Engine that is asked when a request names none; empty takes the built-in one, `instant`."""

    commercial: bool = False
    """Whether this installation is used commercially: engines whose licence forbids that are refused then."""

    remote_budget: float = Field(default=5.0, ge=0)
    """US dollars that paid engines may cost a day (UTC), all users together, by the prices below; 0 sets no limit."""

    health_seconds: float = Field(default=30.0, gt=0)
    """How often engines that work elsewhere are asked how they are."""

    wait_seconds: float = Field(default=600.0, gt=0)
    """How long a try-on request that waits for its picture is kept waiting; the task goes on after that."""

    tryon_waiting: int = Field(default=500, ge=1)
    """Try-ons that one account may have unfinished at the same time, in server mode; a guest a tenth of it."""

    generate_engine: str = ""
    """Engine that draws pictures from words when a request names none; empty takes the first one that is set up."""

    generate_waiting: int = Field(default=200, ge=1)
    """Pictures from words, and batches of them, that one account may have unfinished at the same time, in server
    mode."""

    idm_vton_url: str = ""
    """Address of an IDM-VTON service, or of anything with its Gradio interface (`http://127.0.0.1:7860`)."""

    idm_vton_token: SecretStr = SecretStr("")
    """Access token for a service that asks for one."""

    idm_vton_seconds: float = Field(default=600.0, gt=0)
    """How long one picture may take there, its queue included."""

    gemini_api_key: SecretStr = SecretStr("")
    """Key of the Gemini API."""

    gemini_model: str = "gemini-nano-banana-2.1"
    """Image model of the Gemini API."""

    gemini_url: str = ""
    """Address of the Gemini API, where it is not Google's own."""

    gemini_seconds: float = Field(default=180.0, gt=0)
    """How long one picture may take there."""

    gemini_price: float = Field(default=0.05, ge=0)
    """What a picture of up to 2K is taken to cost there, in US dollars, for the budget; in a batch half of it."""

    gemini_price_4k: float = Field(default=0.10, ge=0)
    """What a picture of 4K is taken to cost there, in US dollars."""

    gemini_models: str = ""
    """Image models of the Gemini API that the studio offers, separated by commas; empty takes those that the service
    lists, the one above first."""

    fashn_api_key: SecretStr = SecretStr("")
    """Key of the FASHN API."""

    fashn_model: str = "tryon-v1.6"
    """Try-on model of the FASHN API."""

    fashn_url: str = "https://api.fashn.ai/v1"
    """Address of the FASHN API."""

    fashn_seconds: float = Field(default=240.0, gt=0)
    """How long one picture may take there."""

    fashn_price: float = Field(default=0.075, ge=0)
    """What a picture is taken to cost there, in US dollars, for the budget."""

    sandbox_on: bool = False
    """Whether there is the engine `sandbox`, which draws a placeholder instead of a picture: for trying out programs
    that call this one."""

    garment_kinds: bool = True
    """Whether what clothes dress (the upper body, the lower, both) is told by itself after they come in, one picture at
    a time and only while nobody waits for a preview."""

    workers: int = Field(default=0, ge=0, le=64)
    """Try-ons computed at the same time; 0 takes one for every two processor cores."""

    max_upload_bytes: int = Field(default=25 * 1024 * 1024, ge=1_000)
    """Largest picture file that is accepted, in bytes."""

    max_pixels: int = Field(default=100_000_000, ge=10_000)
    """Largest picture that is accepted, in pixels; checked before memory for them is taken."""

    max_side: int = Field(default=4096, ge=64, le=16_384)
    """Longest side of a picture as it is kept, in pixels; larger ones are made smaller when they come in."""

    max_files: int = Field(default=200, ge=1, le=1_000)
    """Files in one upload."""

    quota_bytes: int = Field(default=0, ge=0)
    """Bytes of pictures one account may keep, its trash included; 0 sets no limit. An account can have its own."""

    guest_quota_bytes: int = Field(default=200_000_000, ge=0)
    """Bytes of pictures one guest may keep in server mode; 0 sets no limit."""

    trash_days: int = Field(default=30, ge=1)
    """Days until the trash forgets a deleted picture for good."""

    guest_days: int = Field(default=30, ge=1)
    """Days without a visit until a guest and their pictures are deleted, in server mode."""

    session_days: int = Field(default=7, ge=1, le=365)
    """Days a browser stays signed in where the person asked for it."""

    registration: bool = True
    """Whether people may make their own accounts in server mode."""

    sign_in_rate: str = "10/minute"
    """How often one address, and one account, may try to sign in."""

    upload_rate: str = "600/minute"
    """How often one caller may upload, in server mode."""

    fetch_seconds: float = Field(default=15.0, gt=0)
    """How long fetching a picture from the web may take."""

    fetch_private_hosts: str = ""
    """Hosts of one's own network (`name:port`, separated by commas) that pictures may be fetched from."""

    task_lease_seconds: float = Field(default=60.0, gt=0)
    """How long a worker that went silent keeps a task before another takes it."""

    remote_workers: int = Field(default=16, ge=1, le=256)
    """Tasks that wait for services elsewhere at the same time."""

    engine_concurrency: dict[str, int] = Field(default_factory=dict)
    """Tasks of one engine at the same time, as JSON (`{"name": 2}`); by default what the engine suits."""

    metrics_token: SecretStr = SecretStr("")
    """Bearer token with which `/metrics` may be read in server mode, besides accounts that may see statistics."""

    log_format: Literal["text", "json"] = "text"
    """Form of the log lines: for people, or one JSON object a line."""

    cache_bytes: int = Field(default=256_000_000, ge=0)
    """Memory for what was found out about the pictures used last, in bytes: it makes the next garment on the same
    person fast. What was found out lies beside the pictures, too."""

    @property
    def is_loopback(self) -> bool:
        """Whether it listens where only programs of this machine can reach it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def is_local(self) -> bool:
        """Local mode: one person, no signing in."""
        return self.mode == "local" or (self.mode == "auto" and self.is_loopback)

    @property
    def data_folder(self) -> Path:
        """Where everything is kept; not made here."""
        return self.data or platformdirs.user_data_path("vtonlab", appauthor=False)

    @property
    def signing_folder(self) -> Path:
        """Where the keys are that pictures are signed with; not made here."""
        return self.data_folder / "signing"

    @property
    def database_address(self) -> str:
        """The database as an address, also where none was set."""
        return self.database_url or f"sqlite:///{self.data_folder / 'vtonlab.db'}"


def for_engine(chosen: Settings, name: str) -> dict[str, object]:
    """What ``chosen`` holds for the engine ``name``: settings that begin with its name, without that; for engines of
    other packages, the variables of the environment that do. Keys come as plain strings."""
    begins = f"{PREFIX}{name.upper()}_"
    found: dict[str, object] = {
        variable.removeprefix(begins).lower(): value
        for variable, value in os.environ.items()
        if variable.startswith(begins)
    }
    for field in Settings.model_fields:
        if field.startswith(f"{name}_"):
            value = getattr(chosen, field)
            found[field.removeprefix(f"{name}_")] = value.get_secret_value() if isinstance(value, SecretStr) else value
    return found


@dataclass(frozen=True)
class Variable:
    """A setting as it is told of to people: never its value."""

    name: str
    """Of the environment: ``VTONLAB_FASHN_API_KEY``."""
    is_secret: bool
    """A key or token."""
    is_set: bool
    """Somebody gave it another value than its default."""


def variables_of_engine(chosen: Settings, name: str) -> list[Variable]:
    """The settings by which the engine ``name`` of this program is set up."""
    found = []
    for field, about in Settings.model_fields.items():
        if field.startswith(f"{name}_"):
            value = getattr(chosen, field)
            found.append(Variable(PREFIX + field.upper(), isinstance(value, SecretStr), value != about.default))
    return found


def load() -> Settings:
    """The settings of this process. Raises ``BadSetting`` naming the variable whose value cannot be used."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        variable = PREFIX + str(first["loc"][0]).upper()
        raise BadSetting(setting=variable, reason=Text(first["msg"], f"值无效（{first['msg']}）")) from error
