"""All SQL of accounts. Every function works in the session, and so in the transaction, of whoever calls it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.accounts.listings import is_id
from vtonlab.accounts.models import ApiToken, AuditEntry, RefreshToken, Role, Session, SetupLink, User

ADMIN = "admin"

# ---- users


async def find_user(session: AsyncSession, user_id: str) -> User | None:
    """The user of that id."""
    return await session.get(User, user_id) if is_id(user_id) else None


async def lock_user(session: AsyncSession, user_id: str) -> User | None:
    """The same, as it is now; nobody else changes it before this transaction ends."""
    query = select(User).where(User.user_id == user_id).with_for_update().execution_options(populate_existing=True)
    return (await session.execute(query)).scalar_one_or_none() if is_id(user_id) else None


async def find_by_name(session: AsyncSession, username_key: str) -> User | None:
    """The user who signs in by that name."""
    return (await session.execute(select(User).where(User.username_key == username_key))).scalar_one_or_none()


async def is_email_taken(session: AsyncSession, email_key: str, but_by: str = "") -> bool:
    """Whether somebody but the user ``but_by`` has it."""
    query = select(User.user_id).where(User.email_key == email_key, User.user_id != but_by)
    return (await session.execute(query)).first() is not None


async def find_default_user(session: AsyncSession) -> User | None:
    """The machine's own."""
    query = select(User).where(User.kind == "default").order_by(User.created_at, User.user_id).limit(1)
    return (await session.execute(query)).scalar_one_or_none()


async def delete_user(session: AsyncSession, user_id: str) -> None:
    """Delete the row, and by its keys every row that hangs on it."""
    await session.execute(delete(User).where(User.user_id == user_id))


async def stale_guests(session: AsyncSession, before: datetime, limit: int) -> Sequence[str]:
    """Guests not seen since ``before``."""
    query = select(User.user_id).where(User.kind == "guest", User.last_seen_at < before)
    return (await session.execute(query.order_by(User.last_seen_at).limit(limit))).scalars().all()


async def lock_admins(session: AsyncSession) -> None:
    """Wait for everybody else who may take an administrator away, so that two do not take away the last two."""
    await session.execute(select(Role.name).where(Role.name == ADMIN).with_for_update())


async def count_admins(session: AsyncSession, *, with_default: bool, but: str = "") -> int:
    """Administrators who can come in, ``but`` one; the machine's own only counts in local mode."""
    can_sign_in = and_(User.kind == "person", User.password_hash.is_not(None))
    who = or_(can_sign_in, User.kind == "default") if with_default else can_sign_in
    query = select(func.count()).select_from(User)
    query = query.where(User.role == ADMIN, User.is_active.is_(True), User.user_id != but, who)
    return (await session.execute(query)).scalar_one()


async def names_of(session: AsyncSession, user_ids: Collection[str]) -> dict[str, str]:
    """The names of those there are."""
    if not user_ids:
        return {}
    rows = await session.execute(select(User.user_id, User.username).where(User.user_id.in_(user_ids)))
    return {str(user_id): str(name) for user_id, name in rows}


# ---- roles


async def list_roles(session: AsyncSession) -> Sequence[Role]:
    """All, by name."""
    return (await session.execute(select(Role).order_by(Role.name))).scalars().all()


async def find_role(session: AsyncSession, name: str) -> Role | None:
    """The role of that name."""
    return await session.get(Role, name) if is_id(name) else None


async def users_of_role(session: AsyncSession, name: str, limit: int | None = None) -> Sequence[str]:
    """Ids of those who have it."""
    return (await session.execute(select(User.user_id).where(User.role == name).limit(limit))).scalars().all()


async def count_by_role(session: AsyncSession) -> dict[str, int]:
    """How many users have each role that somebody has."""
    rows = await session.execute(select(User.role, func.count()).group_by(User.role))
    return {str(role): int(count) for role, count in rows}


# ---- who is asking


async def find_session(session: AsyncSession, token_hash: str) -> tuple[Session, User, list[str]] | None:
    """The browser session, its user and what the role allows."""
    query = (
        select(Session, User, Role.permissions)
        .join(User, User.user_id == Session.user_id)
        .join(Role, Role.name == User.role)
        .where(Session.token_hash == token_hash)
    )
    row = (await session.execute(query)).one_or_none()
    return None if row is None else (row[0], row[1], row[2])


async def find_family(session: AsyncSession, family_id: str, moment: datetime) -> tuple[User, list[str]] | None:
    """The user of a refresh family that is neither revoked nor run out, and what the role allows."""
    query = (
        select(User, Role.permissions)
        .join(Role, Role.name == User.role)
        .join(RefreshToken, RefreshToken.user_id == User.user_id)
        .where(RefreshToken.family_id == family_id, RefreshToken.revoked_at.is_(None), RefreshToken.expires_at > moment)
        .limit(1)
    )
    row = (await session.execute(query)).one_or_none()
    return None if row is None else (row[0], row[1])


async def find_api_token(session: AsyncSession, token_hash: str) -> tuple[ApiToken, User, list[str]] | None:
    """The API token, its user and what the role allows."""
    query = (
        select(ApiToken, User, Role.permissions)
        .join(User, User.user_id == ApiToken.user_id)
        .join(Role, Role.name == User.role)
        .where(ApiToken.token_hash == token_hash)
    )
    row = (await session.execute(query)).one_or_none()
    return None if row is None else (row[0], row[1], row[2])


async def see_user(session: AsyncSession, user_id: str, moment: datetime) -> None:
    """Note that the user was here."""
    await session.execute(update(User).where(User.user_id == user_id).values(last_seen_at=moment))


# ---- sessions


async def touch_session(session: AsyncSession, session_id: str, moment: datetime, expires_at: datetime) -> bool:
    """Move its last use and end on; False when it was ended meanwhile."""
    change = update(Session).where(Session.session_id == session_id)
    return await _changed(session, change.values(last_used_at=moment, expires_at=expires_at)) > 0


async def list_sessions(session: AsyncSession, user_id: str, moment: datetime) -> Sequence[Session]:
    """Those that have not run out, last used first."""
    query = select(Session).where(Session.user_id == user_id, Session.expires_at > moment)
    return (await session.execute(query.order_by(Session.last_used_at.desc(), Session.session_id))).scalars().all()


async def end_sessions(session: AsyncSession, user_id: str, *, only: str | None = None, but: str | None = None) -> int:
    """Delete the user's sessions: all, ``only`` one, or all ``but`` one; how many."""
    change = delete(Session).where(Session.user_id == user_id)
    if only is not None:
        change = change.where(Session.session_id == only)
    if but is not None:
        change = change.where(Session.session_id != but)
    return await _changed(session, change)


# ---- refresh tokens


async def spend_refresh(session: AsyncSession, token_hash: str, moment: datetime) -> bool:
    """Spend it; True for exactly one of those who try."""
    change = update(RefreshToken).where(
        RefreshToken.token_hash == token_hash,
        RefreshToken.spent_at.is_(None),
        RefreshToken.revoked_at.is_(None),
        RefreshToken.expires_at > moment,
    )
    return await _changed(session, change.values(spent_at=moment)) > 0


async def find_refresh(session: AsyncSession, token_hash: str) -> RefreshToken | None:
    """As it is now."""
    query = select(RefreshToken).where(RefreshToken.token_hash == token_hash)
    return (await session.execute(query.execution_options(populate_existing=True))).scalar_one_or_none()


async def revoke_families(
    session: AsyncSession, user_id: str, moment: datetime, *, only: str | None = None, but: str | None = None
) -> int:
    """Revoke the user's families of refresh tokens: all, ``only`` one, or all ``but`` one; how many tokens."""
    change = update(RefreshToken).where(RefreshToken.user_id == user_id, RefreshToken.revoked_at.is_(None))
    if only is not None:
        change = change.where(RefreshToken.family_id == only)
    if but is not None:
        change = change.where(RefreshToken.family_id != but)
    return await _changed(session, change.values(revoked_at=moment))


async def list_families(session: AsyncSession, user_id: str, moment: datetime) -> Sequence[RefreshToken]:
    """The unspent token of each living family, newest first."""
    query = select(RefreshToken).where(
        RefreshToken.user_id == user_id,
        RefreshToken.revoked_at.is_(None),
        RefreshToken.spent_at.is_(None),
        RefreshToken.expires_at > moment,
    )
    return (await session.execute(query.order_by(RefreshToken.created_at.desc()))).scalars().all()


# ---- API tokens


async def list_api_tokens(session: AsyncSession, user_id: str) -> Sequence[ApiToken]:
    """Newest first, those that ran out too."""
    query = select(ApiToken).where(ApiToken.user_id == user_id).order_by(ApiToken.created_at.desc(), ApiToken.id)
    return (await session.execute(query)).scalars().all()


async def touch_api_token(session: AsyncSession, token_id: str, moment: datetime) -> None:
    """Note its use."""
    await session.execute(update(ApiToken).where(ApiToken.id == token_id).values(last_used_at=moment))


async def delete_api_token(session: AsyncSession, user_id: str, token_id: str) -> bool:
    """Whether the user had it."""
    return await _changed(session, delete(ApiToken).where(ApiToken.user_id == user_id, ApiToken.id == token_id)) > 0


# ---- links


async def delete_links(session: AsyncSession, purpose: str, user_id: str | None = None) -> None:
    """Those that were not used, of that purpose and user."""
    same = SetupLink.user_id.is_(None) if user_id is None else SetupLink.user_id == user_id
    await session.execute(delete(SetupLink).where(SetupLink.purpose == purpose, same, SetupLink.used_at.is_(None)))


async def find_link(session: AsyncSession, token_hash: str, moment: datetime) -> SetupLink | None:
    """The link, while it may be used."""
    query = select(SetupLink).where(
        SetupLink.token_hash == token_hash, SetupLink.used_at.is_(None), SetupLink.expires_at > moment
    )
    return (await session.execute(query)).scalar_one_or_none()


async def use_link(session: AsyncSession, token_hash: str, moment: datetime) -> bool:
    """Use it up; True for exactly one of those who try."""
    change = update(SetupLink).where(
        SetupLink.token_hash == token_hash, SetupLink.used_at.is_(None), SetupLink.expires_at > moment
    )
    return await _changed(session, change.values(used_at=moment)) > 0


# ---- the audit log


@dataclass(frozen=True)
class AuditFilter:
    """Which entries are asked for; None: all."""

    user_id: str | None = None
    about: str | None = None
    """By or about this user."""
    action: str | None = None
    """One action, or with a dot at its end all that begin so."""
    target: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """What such a row meets."""
        found: list[ColumnElement[bool]] = []
        if self.user_id is not None:
            found.append(AuditEntry.user_id == self.user_id)
        if self.about is not None:
            found.append(or_(AuditEntry.user_id == self.about, AuditEntry.target == self.about))
        if self.action is not None:
            whole = not self.action.endswith(".")
            begins = AuditEntry.action.startswith(self.action, autoescape=True)
            found.append(AuditEntry.action == self.action if whole else begins)
        if self.target is not None:
            found.append(AuditEntry.target == self.target)
        if self.since is not None:
            found.append(AuditEntry.at >= self.since)
        if self.until is not None:
            found.append(AuditEntry.at < self.until)
        return found


async def list_audit(
    session: AsyncSession, wanted: AuditFilter, limit: int, offset: int = 0, before: int | None = None
) -> Sequence[AuditEntry]:
    """Newest first; from ``offset``, or those with a number below ``before``."""
    query = select(AuditEntry).where(*wanted.conditions()).order_by(AuditEntry.number.desc()).limit(limit)
    query = query.offset(offset) if before is None else query.where(AuditEntry.number < before)
    return (await session.execute(query)).scalars().all()


async def count_audit(session: AsyncSession, wanted: AuditFilter) -> int:
    """How many there are."""
    return (await session.execute(select(func.count(AuditEntry.number)).where(*wanted.conditions()))).scalar_one()


async def list_actions(session: AsyncSession) -> list[str]:
    """Every action there is an entry of, by name; a step in the index for each, however long the log is."""
    found: list[str] = []
    last = ""
    while True:
        query = select(func.min(AuditEntry.action)).where(AuditEntry.action > last)
        action = (await session.execute(query)).scalar_one_or_none()
        if action is None:
            return found
        found.append(action)
        last = action


async def came_from(session: AsyncSession, user_id: str, address: str, since: datetime) -> bool:
    """Whether the user signed in from ``address`` since then."""
    query = select(AuditEntry.number).where(
        AuditEntry.user_id == user_id,
        AuditEntry.address == address,
        AuditEntry.at > since,
        AuditEntry.action.in_(("auth.sign_in", "auth.setup", "auth.token")),
    )
    return (await session.execute(query.limit(1))).first() is not None


async def forget_person(session: AsyncSession, user_id: str) -> None:
    """Take what is personal out of the entries by the user, and of strangers' about the user; the id stays."""
    blank: Mapping[str, Any] = {"username": "", "address": "", "agent": "", "details": {}}
    by_nobody = and_(AuditEntry.target == user_id, AuditEntry.user_id.is_(None))
    await session.execute(update(AuditEntry).where(or_(AuditEntry.user_id == user_id, by_nobody)).values(blank))


# ---- what ran out


async def delete_expired(session: AsyncSession, moment: datetime) -> int:
    """Sessions, refresh tokens and links whose time is over; how many."""
    changes = [delete(kind).where(kind.expires_at <= moment) for kind in (Session, RefreshToken, SetupLink)]
    return sum([await _changed(session, change) for change in changes])


async def _changed(session: AsyncSession, change: Any) -> int:
    result = await session.execute(change)
    assert isinstance(result, CursorResult)
    return result.rowcount
