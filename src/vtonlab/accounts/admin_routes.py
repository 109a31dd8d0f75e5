"""Administration of accounts on the studio interface: ``/api/v1/admin/{users,roles,audit}``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response

from vtonlab.accounts.admin_schemas import (
    ActionsOut,
    AuditOut,
    AuditPageOut,
    LinkOut,
    ListedRole,
    ListedUser,
    NewRole,
    NewUser,
    NewUserOut,
    RoleOut,
    RolePermissions,
    RolesOut,
    UserEdit,
    UserPageOut,
)
from vtonlab.accounts.asking import permitted
from vtonlab.accounts.caller import Caller, Permission
from vtonlab.accounts.listings import Use, UserFilter, UserSort
from vtonlab.accounts.names import fold
from vtonlab.accounts.people import Changes, NewPerson
from vtonlab.accounts.repository import AuditFilter
from vtonlab.accounts.schemas import EXAMPLE_ID, Deleted, ProfileOut, UserOut
from vtonlab.accounts.service import Accounts
from vtonlab.errors import BadRequest

PREFIX = "/api/v1/admin"
LARGEST_PAGE = 100
LAST_PAGE = 1_000_000

UserManager = Annotated[Caller, permitted(Permission.USERS_MANAGE)]
RoleManager = Annotated[Caller, permitted(Permission.ROLES_MANAGE)]
AuditReader = Annotated[Caller, permitted(Permission.AUDIT_READ)]
UserId = Annotated[str, Path(max_length=96, examples=[EXAMPLE_ID])]
RoleName = Annotated[str, Path(max_length=64, examples=["editor"])]
Page = Annotated[int, Query(ge=1, le=LAST_PAGE, description="From 1; beyond the end it is empty.")]
PageSize = Annotated[int, Query(ge=1, description="More than 100 is 100.")]
Cursor = Annotated[str | None, Query(max_length=200, description="`next_cursor` of the page before; wins over page.")]
Id = Annotated[str | None, Query(max_length=96)]


def make_router(accounts: Accounts) -> APIRouter:
    """The routes over ``accounts``."""
    router = APIRouter(prefix=PREFIX, tags=["admin"])
    _add_users(router, accounts)
    _add_user(router, accounts)
    _add_roles(router, accounts)
    _add_audit(router, accounts)
    return router


def _add_users(router: APIRouter, accounts: Accounts) -> None:
    @router.get("/users", summary="List accounts")
    async def list_users(
        _: UserManager,
        *,
        q: Annotated[str, Query(max_length=100, description="Part of the name or e-mail address.")] = "",
        kind: Literal["person", "guest", "default"] | None = None,
        role: Annotated[str | None, Query(max_length=32)] = None,
        is_active: bool | None = None,
        sort: Annotated[UserSort, Query(description="A cursor leads on in the order it was given for.")] = (
            UserSort.NEWEST
        ),
        page: Page = 1,
        page_size: PageSize = 50,
        cursor: Cursor = None,
    ) -> UserPageOut:
        """Newest first, unless `sort` says by name, or who was here last; guests are among them."""
        size = min(page_size, LARGEST_PAGE)
        wanted = UserFilter(words=fold(q.strip()) or None, kind=kind, role=role, is_active=is_active)
        found = await accounts.people.list(wanted, page, size, cursor, sort)
        items = [
            ListedUser.of_listed(user, accounts.quota_of(user), found.uses.get(user.user_id, Use()))
            for user in found.items
        ]
        return UserPageOut(items=items, total=found.total, page=page, page_size=size, next_cursor=found.next_cursor)

    @router.post("/users", summary="Make an account", status_code=201)
    async def create_user(caller: UserManager, response: Response, body: NewUser) -> NewUserOut:
        """Without a password, the answer holds the path of a one-time link to set one."""
        response.headers["Cache-Control"] = "no-store"
        user = await accounts.people.create(caller, NewPerson(body.username, body.email, body.password, body.role))
        path = None if body.password is not None else await accounts.links.make_for(caller, user.user_id)
        return NewUserOut(**UserOut.of(user).model_dump(), setup_path=path)


def _add_user(router: APIRouter, accounts: Accounts) -> None:
    @router.get("/users/{user_id}", summary="An account")
    async def get_user(_: UserManager, user_id: UserId) -> ProfileOut:
        """With what it may and has."""
        return ProfileOut.of_profile(await accounts.profile_of(user_id))

    @router.patch("/users/{user_id}", summary="Change an account")
    async def edit_user(caller: UserManager, user_id: UserId, body: UserEdit) -> ProfileOut:
        """Role, quota, e-mail address, and whether it may be used: disabling it ends its sessions. 409 for the last
        administrator, 403 where the role, old or new, may what one may not oneself."""
        await accounts.people.edit(caller, user_id, Changes(body.role, body.is_active, body.email, body.quota_bytes))
        return ProfileOut.of_profile(await accounts.profile_of(user_id))

    @router.delete("/users/{user_id}", summary="Delete an account")
    async def delete_user(caller: UserManager, user_id: UserId) -> Deleted:
        """Every row and every byte, at once and for good; the answer says what it was."""
        return Deleted.of(await accounts.deletion.delete_person(caller, user_id))

    @router.post("/users/{user_id}/reset-link", summary="Make a link to set a new password", status_code=201)
    async def reset_link(caller: UserManager, user_id: UserId, response: Response) -> LinkOut:
        """It works once, within 24 hours; a link made before it no longer does."""
        response.headers["Cache-Control"] = "no-store"
        return LinkOut(path=await accounts.links.make_for(caller, user_id))


def _add_roles(router: APIRouter, accounts: Accounts) -> None:
    @router.get("/roles", summary="List roles")
    async def list_roles(_: RoleManager) -> RolesOut:
        """And every permission there is."""
        users = await accounts.roles.count_users()
        roles = [
            ListedRole(**RoleOut.of(role).model_dump(), users=users.get(role.name, 0))
            for role in await accounts.roles.list()
        ]
        return RolesOut(items=roles, permissions=[permission.value for permission in Permission])

    @router.post("/roles", summary="Make a role", status_code=201)
    async def create_role(caller: RoleManager, body: NewRole) -> RoleOut:
        """Nobody gives a permission they do not have."""
        return RoleOut.of(await accounts.roles.create(caller, body.name, [p.value for p in body.permissions]))

    @router.put("/roles/{name}", summary="Change what a role may")
    async def edit_role(caller: RoleManager, name: RoleName, body: RolePermissions) -> RoleOut:
        """Holds for everybody who has it, at once. An administrator may always do everything."""
        return RoleOut.of(await accounts.roles.edit(caller, name, [p.value for p in body.permissions]))

    @router.delete("/roles/{name}", summary="Delete a role", status_code=204)
    async def delete_role(caller: RoleManager, name: RoleName) -> Response:
        """409 for a built-in one, and one that somebody has."""
        await accounts.roles.delete(caller, name)
        return Response(status_code=204)


def _add_audit(router: APIRouter, accounts: Accounts) -> None:
    @router.get("/audit", summary="Read the audit log")
    async def read_audit(
        _: AuditReader,
        *,
        user_id: Annotated[Id, Query(description="Who did it.")] = None,
        about: Annotated[Id, Query(description="Who did it, or to whom it was done.")] = None,
        action: Annotated[
            str | None, Query(max_length=64, description="One action, or all that begin so (`auth.`).")
        ] = None,
        target: Annotated[Id, Query(description="What it was done to.")] = None,
        since: Annotated[datetime | None, Query(description="Not before; without a zone it is UTC.")] = None,
        until: Annotated[datetime | None, Query(description="Before.")] = None,
        page: Page = 1,
        page_size: PageSize = 50,
        cursor: Cursor = None,
    ) -> AuditPageOut:
        """Newest first: who, what, when, from where; never a secret."""
        size = min(page_size, LARGEST_PAGE)
        wanted = AuditFilter(user_id, about, action, target, _in_utc(since), _in_utc(until))
        found = await accounts.audit.list(wanted, page, size, cursor)
        items = [AuditOut.of(entry, found.names.get(entry.target, "")) for entry in found.items]
        return AuditPageOut(items=items, total=found.total, page=page, page_size=size, next_cursor=found.next_cursor)

    @router.get("/audit/actions", summary="Which actions the audit log knows")
    async def list_actions(_: AuditReader) -> ActionsOut:
        """Those there is an entry of: what the log can be narrowed down to."""
        return ActionsOut(items=await accounts.audit.list_actions())


def _in_utc(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as error:  # the first day of the year 1, in a zone east of us
        raise BadRequest(part="since") from error
