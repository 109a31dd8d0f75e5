"""The tables of accounts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from vtonlab.db.base import Base, new_id, now
from vtonlab.db.types import JsonValue, UtcDateTime, identifier, json, words


def _user_key() -> ForeignKey:
    return ForeignKey("users.user_id", ondelete="CASCADE")


class User(Base):
    """A person, the machine's default user, or a guest with a row of their own."""

    __tablename__ = "users"
    __table_args__ = (Index(None, "kind", "last_seen_at"),)

    user_id: Mapped[str] = mapped_column(identifier(), primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(identifier(16), default="person")
    """``person``, ``default`` (the machine's, local mode) or ``guest``."""
    username: Mapped[str] = mapped_column(words(64), unique=True)
    username_key: Mapped[str] = mapped_column(words(64), unique=True)
    """The name by which two names are the same: NFKC, case folded."""
    email: Mapped[str | None] = mapped_column(words(254))
    email_key: Mapped[str | None] = mapped_column(words(254), unique=True)
    password_hash: Mapped[str | None] = mapped_column(words(200))
    """argon2id; None: no password opens this account."""
    role: Mapped[str] = mapped_column(identifier(32), ForeignKey("roles.name"), default="editor")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    last_login: Mapped[datetime | None] = mapped_column(UtcDateTime())
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    quota_bytes: Mapped[int | None] = mapped_column(BigInteger)
    """Own limit; None takes the setting's, 0 is none."""
    cloud_sync_enabled: Mapped[bool] = mapped_column(Boolean, default=False)
    cloud_user_id: Mapped[str | None] = mapped_column(identifier())
    language: Mapped[str | None] = mapped_column(identifier(8))


class Role(Base):
    """A named set of permissions."""

    __tablename__ = "roles"

    name: Mapped[str] = mapped_column(identifier(32), primary_key=True)
    permissions: Mapped[list[str]] = mapped_column(json())
    is_built_in: Mapped[bool] = mapped_column(Boolean, default=False)


class Session(Base):
    """A browser that is signed in, or a guest's. The cookie's value is kept hashed only."""

    __tablename__ = "sessions"

    session_id: Mapped[str] = mapped_column(identifier(), primary_key=True, default=new_id)
    token_hash: Mapped[str] = mapped_column(identifier(), unique=True)
    user_id: Mapped[str] = mapped_column(identifier(), _user_key(), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    last_used_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime(), index=True)
    is_remembered: Mapped[bool] = mapped_column(Boolean, default=False)
    address: Mapped[str] = mapped_column(words(64), default="")
    agent: Mapped[str] = mapped_column(words(200), default="")


class RefreshToken(Base):
    """One refresh token. Those that followed one another are a family; a spent one shown again ends it."""

    __tablename__ = "refresh_tokens"

    token_hash: Mapped[str] = mapped_column(identifier(), primary_key=True)
    family_id: Mapped[str] = mapped_column(identifier(), index=True)
    user_id: Mapped[str] = mapped_column(identifier(), _user_key(), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime(), index=True)
    address: Mapped[str] = mapped_column(words(64), default="")
    agent: Mapped[str] = mapped_column(words(200), default="")
    spent_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime())


class ApiToken(Base):
    """A named token of a program. Shown once, kept hashed."""

    __tablename__ = "api_tokens"

    id: Mapped[str] = mapped_column(identifier(), primary_key=True, default=new_id)
    token_hash: Mapped[str] = mapped_column(identifier(), unique=True)
    prefix: Mapped[str] = mapped_column(identifier(16))
    user_id: Mapped[str] = mapped_column(identifier(), _user_key(), index=True)
    name: Mapped[str] = mapped_column(words(100))
    scopes: Mapped[list[str]] = mapped_column(json())
    created_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime())


class SetupLink(Base):
    """A link that works once: the first account, or a forgotten password."""

    __tablename__ = "setup_links"

    token_hash: Mapped[str] = mapped_column(identifier(), primary_key=True)
    purpose: Mapped[str] = mapped_column(identifier(16))
    user_id: Mapped[str | None] = mapped_column(identifier(), _user_key())
    created_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime())
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime())


class AuditEntry(Base):
    """Who did what, when, from where. Never a secret; outlives the account."""

    __tablename__ = "audit_log"
    __table_args__ = (
        Index(None, "user_id", "number"),
        Index(None, "action", "number"),
        Index(None, "target", "number"),
        Index(None, "user_id", "action", "address"),
    )

    number: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    at: Mapped[datetime] = mapped_column(UtcDateTime(), default=now, index=True)
    user_id: Mapped[str | None] = mapped_column(identifier())
    username: Mapped[str] = mapped_column(words(64), default="")
    action: Mapped[str] = mapped_column(identifier(64))
    """``auth.sign_in``, ``users.delete`` …"""
    target: Mapped[str] = mapped_column(words(200), default="")
    details: Mapped[dict[str, JsonValue]] = mapped_column(json())
    address: Mapped[str] = mapped_column(words(64), default="")
    agent: Mapped[str] = mapped_column(words(200), default="")
