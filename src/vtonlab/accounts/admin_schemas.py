"""What of the administration of accounts crosses the studio interface."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, Field

from vtonlab.accounts.caller import Permission
from vtonlab.accounts.listings import Use
from vtonlab.accounts.models import AuditEntry, Role, User
from vtonlab.accounts.schemas import Body, Email, Name, Password, UserOut

RoleName = Annotated[str, Field(min_length=1, max_length=32, examples=["editor"])]


class NewUser(Body):
    """An account made by an administrator. Without a password the answer holds a link to set one."""

    username: Name
    email: Email | None = None
    password: Password | None = None
    role: RoleName = "editor"


class UserEdit(Body):
    """What is to be different; null leaves it."""

    role: RoleName | None = None
    is_active: bool | None = None
    email: Email | None = None
    """Empty takes it away."""
    quota_bytes: Annotated[int | None, Field(ge=-1, le=2**53)] = None
    """0: no limit; -1: the server's own."""


class RolePermissions(Body):
    """All that a role may."""

    permissions: Annotated[list[Permission], Field(max_length=64)]


class NewRole(RolePermissions):
    """A role."""

    name: RoleName


class NewUserOut(UserOut):
    """A new account."""

    setup_path: str | None = None
    """Where its owner sets a password, once, within 24 hours; shown only here."""


class ListedUser(UserOut):
    """An account as it is listed: with what it keeps."""

    quota: int = Field(description="bytes; 0: no limit")
    images: int = Field(description="pictures outside the trash")
    bytes: int = Field(description="of all its pictures, the trash too")

    @classmethod
    def of_listed(cls, user: User, quota: int, use: Use) -> Self:
        """As it is answered."""
        return cls(**UserOut.of(user).model_dump(), quota=quota, images=use.images, bytes=use.bytes)


class UserPageOut(BaseModel):
    """Some accounts."""

    items: list[ListedUser]
    total: int
    page: int
    page_size: int
    next_cursor: str | None


class LinkOut(BaseModel):
    """A path of this server that works once, within 24 hours; shown only here."""

    path: Annotated[str, Field(examples=["/login?reset=…"])]


class RoleOut(BaseModel):
    """A role."""

    name: str
    permissions: list[str]
    is_built_in: bool

    @classmethod
    def of(cls, role: Role) -> Self:
        """As it is answered."""
        return cls(name=role.name, permissions=role.permissions, is_built_in=role.is_built_in)


class ListedRole(RoleOut):
    """A role as it is listed."""

    users: int = Field(description="how many have it")


class RolesOut(BaseModel):
    """All roles, and all permissions there are."""

    items: list[ListedRole]
    permissions: list[str]


class AuditOut(BaseModel):
    """An entry of the audit log."""

    number: int
    at: datetime
    user_id: str | None
    """Who did it; null: nobody who was known."""
    username: str
    action: Annotated[str, Field(examples=["auth.sign_in"])]
    target: str
    """The id of what it was done to."""
    target_name: str = ""
    """Of a user who is still there; else empty."""
    details: dict[str, Any]
    address: str
    agent: str

    @classmethod
    def of(cls, entry: AuditEntry, target_name: str = "") -> Self:
        """As it is answered."""
        names = cls.model_fields.keys() - {"target_name"}
        return cls(**{name: getattr(entry, name) for name in names}, target_name=target_name)


class AuditPageOut(BaseModel):
    """Some entries, newest first."""

    items: list[AuditOut]
    total: int
    page: int
    page_size: int
    next_cursor: str | None


class ActionsOut(BaseModel):
    """Every action that the log has an entry of, by name."""

    items: Annotated[list[str], Field(examples=[["auth.sign_in", "users.edit"]])]
