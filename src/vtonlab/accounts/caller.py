"""Who is asking: the one value by which everything above decides what may be seen and done."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from vtonlab.errors import NotAllowed, SignInNeeded


class Permission(StrEnum):
    """What a role may allow, and a token's scope may pass on."""

    IMAGES_READ = "images:read"
    IMAGES_UPLOAD = "images:upload"
    IMAGES_MANAGE = "images:manage"
    """Details, moving, favourites, trash, statistics of one's own library."""
    TRYON_CREATE = "tryon:create"
    GENERATE_CREATE = "generate:create"
    TASKS_READ = "tasks:read"
    """One's own tasks."""
    TASKS_CONTROL = "tasks:control"
    """Cancel and retry one's own tasks."""
    TOKENS_MANAGE = "tokens:manage"
    """One's own API tokens."""
    ACCOUNT_MANAGE = "account:manage"
    """One's own profile, password, sessions, export, deletion."""
    TASKS_MANAGE = "tasks:manage"
    """Everybody's tasks."""
    USERS_MANAGE = "users:manage"
    ROLES_MANAGE = "roles:manage"
    AUDIT_READ = "audit:read"
    STATS_READ = "stats:read"


P = Permission
VIEWER: Final = frozenset({P.IMAGES_READ, P.TASKS_READ, P.ACCOUNT_MANAGE})
GUEST: Final = frozenset({P.IMAGES_READ, P.IMAGES_UPLOAD, P.TRYON_CREATE, P.TASKS_READ, P.TASKS_CONTROL})
EDITOR: Final = VIEWER | GUEST | {P.IMAGES_MANAGE, P.GENERATE_CREATE, P.TOKENS_MANAGE}
BUILT_IN_ROLES: Final = {"admin": frozenset(Permission), "editor": EDITOR, "viewer": VIEWER, "guest": GUEST}
"""Come with the first migration; admins edit all but ``admin``'s."""


class CallerKind(StrEnum):
    """How well a caller is known."""

    STRANGER = "stranger"
    """Nothing known, nothing kept: has no user row. Becomes a guest by keeping something (server mode)."""
    GUEST = "guest"
    """A guest with a row of their own (server mode), or of the machine's default user (local mode)."""
    USER = "user"
    """Signed in."""


class Via(StrEnum):
    """By what a caller was recognised; the Origin rule of api.md asks for it."""

    NOTHING = "nothing"
    COOKIE = "cookie"
    JWT = "jwt"
    API_TOKEN = "api_token"  # noqa: S105 - a name, no secret


@dataclass(frozen=True)
class Caller:
    """Who is asking. ``user_id`` is whose data they see; None for strangers."""

    kind: CallerKind
    user_id: str | None
    username: str = ""
    role: str = "guest"
    permissions: frozenset[str] = GUEST
    via: Via = Via.NOTHING
    session_id: str | None = None
    """The session, refresh family or API token they came with."""
    address: str = ""
    """Where from (IP), for the audit log and rate limits."""
    agent: str = ""
    """The program's own name (User-Agent), cut to 200 characters."""

    @property
    def is_signed_in(self) -> bool:
        """Known by an account."""
        return self.kind is CallerKind.USER

    @property
    def owner(self) -> str:
        """The user whose data this is about. Raises ``SignInNeeded`` for a stranger."""
        if self.user_id is None:
            raise SignInNeeded
        return self.user_id

    def may(self, permission: Permission) -> bool:
        """Whether the role, and the token they came with, allow it."""
        return permission in self.permissions

    def require(self, permission: Permission, *, signed_in: bool = True) -> str:
        """The user id, when the caller may. Raises ``SignInNeeded`` (401) or ``NotAllowed`` (403)."""
        if signed_in and not self.is_signed_in:
            raise SignInNeeded
        if not self.may(permission):
            raise self.lacks(permission)
        return self.owner

    def lacks(self, permission: Permission) -> NotAllowed:
        """The refusal where the role, or the API token they came with, does not allow it."""
        return NotAllowed(permission=permission.value, by_token=self.via is Via.API_TOKEN)


@dataclass(frozen=True)
class Credentials:
    """What a request says about who sends it; all as sent, nothing checked."""

    session: str | None
    """Value of the session cookie."""
    bearer: str | None
    """JWT or API token."""
    address: str
    agent: str


@dataclass(frozen=True)
class SessionCookie:
    """What a browser is given. ``max_age`` in seconds; None: until the browser is closed; 0: forget it."""

    value: str
    max_age: int | None
