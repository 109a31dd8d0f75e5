"""Access tokens (JWT, 15 minutes) and the refresh tokens that renew them, each used once."""

from __future__ import annotations

import base64
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import jwt
from sqlalchemy.ext.asyncio import AsyncSession

from vtonlab.accounts import repository
from vtonlab.accounts.caller import Caller
from vtonlab.accounts.ground import Ground, digest, new_secret
from vtonlab.accounts.limits import REFRESH_RATE
from vtonlab.accounts.models import RefreshToken, User
from vtonlab.db.base import new_id, now
from vtonlab.errors import TokenNotValid

ACCESS: Final = timedelta(minutes=15)
REFRESH: Final = timedelta(days=30)
RACE: Final = timedelta(seconds=5)
"""A spent token shown again within it is a client that asked twice at once, or lost our answer: it gets the same
successor again, not another. Later it is a stolen one, and the family ends."""

ALGORITHM: Final = "HS256"
ISSUER: Final = "vtonlab"
AUDIENCE: Final = "vtonlab-api"
PREFIX: Final = "vtr_"
CLAIMS: Final = ("iss", "aud", "sub", "fam", "iat", "exp", "jti")


@dataclass(frozen=True)
class TokenPair:
    """An access token, the refresh token that follows it, and how long the first is good for, in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int = int(ACCESS.total_seconds())


@dataclass(frozen=True)
class Access:
    """What a valid access token says."""

    user_id: str
    family_id: str
    expires_at: datetime


class Tokens:
    """Issues, renews and reads them. ``secret`` is the installation's."""

    def __init__(self, ground: Ground, secret: bytes) -> None:
        self._ground = ground
        # One secret, a key for each use: what signs the one can never pass for the other.
        self._access_key = hmac.digest(secret, b"vtonlab access token", "sha256")
        self._refresh_key = hmac.digest(secret, b"vtonlab refresh token", "sha256")

    def issue(self, session: AsyncSession, caller: Caller, user: User) -> TokenPair:
        """The first pair of a new family, for a program that ``caller`` signed in as ``user``."""
        family_id, refresh = new_id(), new_secret(PREFIX)
        self._add(session, caller, user.user_id, family_id, refresh)
        return TokenPair(self._sign(user.user_id, family_id), refresh)

    async def refresh(self, caller: Caller, refresh: str) -> TokenPair:
        """The next pair. ``refresh`` is spent by it; shown again later than ``RACE`` it ends its family.

        Raises ``TokenNotValid``, and ``TooManyRequests``.
        """
        self._ground.limits.take_from(REFRESH_RATE, "refresh", caller.address)
        pair = await self._ground.database.write(lambda session: self._renew(session, caller, refresh))
        if pair is None:
            raise TokenNotValid
        return pair

    async def _renew(self, session: AsyncSession, caller: Caller, refresh: str) -> TokenPair | None:
        moment, shown = now(), digest(refresh)
        is_first = await repository.spend_refresh(session, shown, moment)
        row = await repository.find_refresh(session, shown)
        if row is None or row.revoked_at is not None or row.expires_at <= moment:
            return None
        user = await repository.find_user(session, row.user_id)
        if user is None or not user.is_active:
            return None
        following = self._successor(refresh)
        if is_first:
            self._add(session, caller, row.user_id, row.family_id, following)
        elif row.spent_at is None or moment - row.spent_at > RACE:
            await repository.revoke_families(session, row.user_id, moment, only=row.family_id)
            self._ground.record(session, caller, "auth.refresh_reused", row.user_id, {"family": row.family_id})
            self._ground.changed(session, [row.user_id])
            return None
        return TokenPair(self._sign(row.user_id, row.family_id), following)

    async def revoke(self, caller: Caller, refresh: str) -> None:
        """End the family of ``refresh``. What is unknown or has ended already is no error (RFC 7009 2.2)."""
        self._ground.limits.take_from(REFRESH_RATE, "refresh", caller.address)

        async def work(session: AsyncSession) -> None:
            row = await repository.find_refresh(session, digest(refresh))
            if row is None or row.revoked_at is not None:
                return
            await repository.revoke_families(session, row.user_id, now(), only=row.family_id)
            self._ground.record(session, caller, "auth.revoke", row.user_id, {"family": row.family_id})
            self._ground.changed(session, [row.user_id])

        await self._ground.database.write(work)

    def read(self, token: str) -> Access:
        """What an access token says. Raises ``TokenNotValid`` for one that is not ours, or has run out."""
        try:
            claims = jwt.decode(
                token,
                self._access_key,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=ISSUER,
                options={"require": list(CLAIMS)},
            )
            moment = datetime.fromtimestamp(int(claims["exp"]), tz=now().tzinfo)
            return Access(user_id=str(claims["sub"]), family_id=str(claims["fam"]), expires_at=moment)
        except (jwt.InvalidTokenError, ValueError, OverflowError) as error:
            raise TokenNotValid from error

    def _sign(self, user_id: str, family_id: str) -> str:
        moment = now()
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": user_id, "fam": family_id, "iat": moment}
        claims |= {"exp": moment + ACCESS, "jti": secrets.token_hex(8)}
        return jwt.encode(claims, self._access_key, algorithm=ALGORITHM)

    def _add(self, session: AsyncSession, caller: Caller, user_id: str, family_id: str, refresh: str) -> None:
        moment = now()
        session.add(
            RefreshToken(
                token_hash=digest(refresh),
                family_id=family_id,
                user_id=user_id,
                created_at=moment,
                expires_at=moment + REFRESH,
                address=caller.address[:64],
                agent=caller.agent[:200],
            )
        )

    def _successor(self, refresh: str) -> str:
        # Computed, not drawn: who asks twice gets the same one, so a family never branches into two that live on
        # side by side. Without the installation's key nobody gets from one to the next.
        made = hmac.digest(self._refresh_key, refresh.encode("utf-8", "surrogatepass"), "sha256")
        return PREFIX + base64.urlsafe_b64encode(made).rstrip(b"=").decode()
