"""What of accounts crosses the studio interface."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from vtonlab.accounts.api_tokens import LONGEST_NAME
from vtonlab.accounts.caller import Permission
from vtonlab.accounts.deletion import Erased
from vtonlab.accounts.models import ApiToken, User
from vtonlab.accounts.names import MOST_PASSWORD_BYTES
from vtonlab.accounts.service import Profile
from vtonlab.accounts.sessions import Listed
from vtonlab.accounts.tokens import TokenPair

EXAMPLE_ID = "019ab3c4d5e6f708192a3b4c5d6e7f80"
EXAMPLE_TIME = "2026-11-22T10:15:00.123456Z"
LONGEST_SECRET = 200

Password = Annotated[str, Field(max_length=MOST_PASSWORD_BYTES, examples=["correct horse battery"])]
Secret = Annotated[str, Field(min_length=1, max_length=LONGEST_SECRET)]
Name = Annotated[str, Field(max_length=64, examples=["mei"])]
Email = Annotated[str, Field(max_length=320, examples=["mei@example.org"])]
Scopes = Annotated[list[Permission], Field(min_length=1, max_length=64, examples=[["images:read", "images:upload"]])]
Language = Literal["en", "zh-CN", ""]


class Body(BaseModel):
    """What a client of the studio interface sends: nothing that is not asked for."""

    model_config = ConfigDict(extra="forbid")


class Refreshing(Body):
    """A refresh token."""

    refresh_token: Secret


class NewApiToken(Body):
    """A token for a program."""

    name: Annotated[str, Field(max_length=LONGEST_NAME, examples=["Browser extension"])]
    scopes: Scopes
    expires_in_days: Annotated[int | None, Field(ge=1, le=3650)] = None
    """None: never."""


class PasswordChange(Body):
    """The old and the new one."""

    current_password: Password
    new_password: Password


class Setup(Body):
    """What redeems a one-time link: ``token`` is its ``setup`` or ``reset`` part. The name only for the first
    administrator."""

    token: Secret
    password: Password
    username: Name | None = None
    email: Email | None = None


class OwnEdit(Body):
    """What is to be different of one's own account; null leaves it, empty takes it away."""

    email: Email | None = None
    language: Language | None = None


class OwnDeletion(Body):
    """The password; of an account without one its name, in ``confirm``."""

    password: Password | None = None
    confirm: Name | None = None


class Tokens(BaseModel):
    """RFC 6749 5.1."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the name of a kind
    expires_in: int
    """Seconds."""
    refresh_token: str

    @classmethod
    def of(cls, pair: TokenPair) -> Self:
        """As it is answered."""
        return cls(access_token=pair.access_token, expires_in=pair.expires_in, refresh_token=pair.refresh_token)


class UserOut(BaseModel):
    """An account."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "user_id": EXAMPLE_ID,
                "username": "mei",
                "email": "mei@example.org",
                "kind": "person",
                "role": "editor",
                "is_active": True,
                "has_password": True,
                "created_at": EXAMPLE_TIME,
                "last_login": EXAMPLE_TIME,
                "last_seen_at": EXAMPLE_TIME,
                "quota_bytes": None,
                "language": None,
                "cloud_sync_enabled": False,
            }
        }
    )
    user_id: str
    username: str
    email: str | None
    kind: str
    """``person``, ``default`` or ``guest``."""
    role: str
    is_active: bool
    has_password: bool
    created_at: datetime
    last_login: datetime | None
    last_seen_at: datetime
    quota_bytes: int | None
    language: str | None
    cloud_sync_enabled: bool

    @classmethod
    def of(cls, user: User) -> Self:
        """As it is answered."""
        return cls(**_of_user(user))


class ProfileOut(UserOut):
    """An account with what it may and has."""

    permissions: list[str]
    quota: int
    """Bytes; 0: no limit."""
    usage: dict[str, int]
    """``images``, ``bytes`` …"""

    @classmethod
    def of_profile(cls, profile: Profile) -> Self:
        """As it is answered."""
        more = {"permissions": profile.permissions, "quota": profile.quota, "usage": profile.usage}
        return cls(**_of_user(profile.user), **more)


class SignedIn(BaseModel):
    """Who is signed in now; the session came as a cookie."""

    user: UserOut


class ApiTokenOut(BaseModel):
    """A token of a program, without its text."""

    id: str
    name: str
    scopes: list[str]
    prefix: Annotated[str, Field(examples=["vtl_I7Leapyn"])]
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None

    @classmethod
    def of(cls, row: ApiToken, **more: Any) -> Self:
        """As it is answered."""
        names = ("id", "name", "scopes", "prefix", "created_at", "last_used_at", "expires_at")
        return cls(**{name: getattr(row, name) for name in names}, **more)


class NewApiTokenOut(ApiTokenOut):
    """A new token, with its text, which is shown only here."""

    token: str


class ApiTokens(BaseModel):
    """All of one's own."""

    items: list[ApiTokenOut]


class SessionOut(BaseModel):
    """A place where one is signed in."""

    session_id: str
    kind: str
    """``browser``, or ``program`` for one with refresh tokens."""
    device: Annotated[str, Field(examples=["Firefox · Windows"])]
    agent: str
    address: str
    created_at: datetime
    last_used_at: datetime
    """To about five minutes."""
    expires_at: datetime
    is_remembered: bool
    is_current: bool

    @classmethod
    def of(cls, listed: Listed) -> Self:
        """As it is answered."""
        return cls(**vars(listed))


class SessionsOut(BaseModel):
    """All of one's own."""

    items: list[SessionOut]


class Ended(BaseModel):
    """How many sessions ended."""

    ended: int


class Deleted(BaseModel):
    """What was deleted, by feature."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "user_id": EXAMPLE_ID,
                "deleted": {"library": {"images": 12, "bytes": 3456}, "accounts": {"accounts": 1, "sessions": 2}},
            }
        }
    )
    user_id: str
    deleted: dict[str, dict[str, int]]

    @classmethod
    def of(cls, erased: Erased) -> Self:
        """As it is answered."""
        return cls(user_id=erased.user_id, deleted={name: dict(counts) for name, counts in erased.deleted.items()})


def _of_user(user: User) -> dict[str, Any]:
    names = [name for name in UserOut.model_fields if name != "has_password"]
    return {name: getattr(user, name) for name in names} | {"has_password": user.password_hash is not None}
