"""A program's token is held to its scopes, on every route there is. A route that is not in the table fails the test.

Each route is asked with two tokens of the administrator, who may do everything: one that has every scope but the one
that the route needs, and one that has no other.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.api.house import House
from tests.api.test_permissions import ROWS, Cast, Row

from vtonlab.accounts.caller import Permission

pytestmark = pytest.mark.anyio

NEEDS = """
nothing
    GET /
    GET /images
    GET /tryon
    GET /generate
    GET /tutorial
    GET /login
    GET /settings
    GET /admin
    GET /assets/{name}
    HEAD /assets/{name}
    GET /health
    GET /healthz
    GET /readyz
    GET /openapi.json
    HEAD /openapi.json
    GET /state
    GET /sample/{role}
    GET /api/status
    POST /api/register
    POST /api/login
    GET /api/auth/check
    GET /api/user/profile
    GET /api/vton/check
    POST /api/v1/auth/local
    POST /api/v1/auth/setup
    POST /api/v1/auth/token
    POST /api/v1/auth/refresh
    POST /api/v1/auth/revoke
    GET /api/v1/users/me
    GET /api/v1/tryon/notes
    GET /api/v1/engines
in person
    POST /api/logout
    POST /api/v1/auth/password
    GET /api/v1/auth/api-tokens
    POST /api/v1/auth/api-tokens
    DELETE /api/v1/auth/api-tokens/{token_id}
    GET /api/v1/auth/sessions
    DELETE /api/v1/auth/sessions
    DELETE /api/v1/auth/sessions/{session_id}
    PATCH /api/v1/users/me
    DELETE /api/v1/users/me
account:manage
    GET /api/v1/users/me/export
audit:read
    GET /api/v1/admin/audit
    GET /api/v1/admin/audit/actions
images:manage
    PATCH /api/images/{image_id}
    DELETE /api/images/{image_id}
    POST /api/images/batch-delete
    POST /api/images/restore
    POST /api/favorites
    DELETE /api/favorites
    DELETE /api/favorites/{image_id}
    PATCH /api/v1/library/images/{image_id}
    DELETE /api/v1/library/images/{image_id}
    PUT /api/v1/library/images/{image_id}/favorite
    DELETE /api/v1/library/images/{image_id}/favorite
    POST /api/v1/library/images/delete
    POST /api/v1/library/images/restore
    POST /api/v1/library/images/move
    DELETE /api/v1/library/trash
    DELETE /api/v1/library/trash/{image_id}
images:read
    GET /api/images
    GET /api/user/images
    GET /api/images/{image_id}
    GET /api/categories/stats
    GET /api/user/paths
    GET /api/user/file-paths
    GET /api/user/{user_id}/file-paths
    GET /api/favorites
    GET /api/vton/history
    GET /api/user/{user_id}/images/{category}/{filename}
    HEAD /api/user/{user_id}/images/{category}/{filename}
    GET /api/user/{user_id}/images/{filename}
    HEAD /api/user/{user_id}/images/{filename}
    GET /api/user/current/images/{category}/{filename}
    HEAD /api/user/current/images/{category}/{filename}
    GET /api/user/{user_id}/thumbnails/{filename}
    HEAD /api/user/{user_id}/thumbnails/{filename}
    GET /api/user/{user_id}/vton_results/{filename}
    HEAD /api/user/{user_id}/vton_results/{filename}
    GET /api/v1/library/images
    GET /api/v1/library/ids
    GET /api/v1/library/images/{image_id}
    GET /api/v1/library/images/{image_id}/similar
    GET /api/v1/library/images/{image_id}/file
    HEAD /api/v1/library/images/{image_id}/file
    GET /api/v1/library/images/{image_id}/thumbnail
    HEAD /api/v1/library/images/{image_id}/thumbnail
    GET /api/v1/library/trash
    GET /api/v1/library/statistics
    POST /api/v1/library/download
    POST /api/v1/library/downloads
    GET /api/v1/library/downloads/{ticket}
    GET /api/v1/tryon/history
    GET /api/v1/tryon/{vton_id}
    GET /api/v1/tryon/{vton_id}/mask
images:upload
    POST /api/upload-clipboard
    POST /api/upload-file
    POST /api/receive-image
    POST /api/v1/library/images
    POST /api/v1/library/images/import
roles:manage
    GET /api/v1/admin/roles
    POST /api/v1/admin/roles
roles:manage and what is given
    PUT /api/v1/admin/roles/{name}
    DELETE /api/v1/admin/roles/{name}
stats:read
    GET /metrics
    GET /api/v1/admin/stats
tasks:read + images:read
    GET /api/v1/images/batch/{batch_name}/download
    POST /api/v1/images/batch/{batch_name}/download
tasks:control
    POST /api/v1/tasks/{task_id}/cancel
    POST /api/v1/tasks/{task_id}/retry
tasks:manage
    GET /api/v1/admin/tasks
    POST /api/v1/admin/tasks/{task_id}/cancel
    POST /api/v1/admin/tasks/{task_id}/retry
generate:create
    POST /api/v1/images/generate
    POST /api/v1/images/batch-generate
    POST /api/v1/images/templates
    PUT /api/v1/images/templates/{template_id}
    DELETE /api/v1/images/templates/{template_id}
tasks:read
    GET /api/v1/images
    GET /api/v1/images/tasks/{task_id}
    GET /api/v1/images/providers
    GET /api/v1/images/templates
    GET /api/v1/images/batch/{batch_name}
    GET /api/v1/images/batch/{batch_name}/status
    GET /api/v1/images/batch/{batch_name}/results
    GET /api/task/{task_id}
    GET /api/v1/users/me/departures
    GET /api/v1/tasks
    GET /api/v1/tasks/{task_id}
    WS /api/v1/ws/tasks
tryon:create
    POST /api/vton/tryon
    POST /api/v1/tryon
    POST /api/v1/tryon/preview
    GET /api/v1/tryon/advice
users:manage
    GET /api/v1/admin/users
    GET /api/v1/admin/users/{user_id}
users:manage and what is given
    POST /api/v1/admin/users
    PATCH /api/v1/admin/users/{user_id}
    POST /api/v1/admin/users/{user_id}/reset-link
    DELETE /api/v1/admin/users/{user_id}
"""
"""What a program's token needs for each route: its scopes, or ``nothing``. ``in person``: no token opens it.
``and what is given``: as the token needs every permission that the role has which is given, changed or taken away."""

GIVES = " and what is given"
EVERYTHING = [permission.value for permission in Permission]


def read_needs() -> dict[tuple[str, str], str]:
    found, need = {}, ""
    for line in NEEDS.strip().splitlines():
        if not line.startswith(" "):
            need = line
        else:
            method, _, path = line.strip().partition(" ")
            found[method, path] = need
    return found


NEEDED = read_needs()


def need_of(row: Row) -> str:
    return NEEDED.get((row.method, row.template), "nothing")


def scopes_of(row: Row) -> list[str]:
    need = need_of(row).removesuffix(GIVES)
    return [] if need in {"nothing", "in person"} else need.split(" + ")


def rows() -> list[Row]:
    """The lines of the table of permissions; nobody's session ends by what a token asks."""
    return [replace(row, is_final=False) for row in ROWS]


def rows_with_scopes() -> list[Row]:
    return [row for row in rows() if scopes_of(row)]


class Programs(Cast):
    """Programs with tokens of the administrator's, about whose things they ask."""

    async def gather(self) -> None:
        admin = await self.house.admin()
        await self.house.person("owner")  # whom the table's forms sign in
        self.clients["everything"] = await self.house.token(admin, *EVERYTHING)
        for scope in EVERYTHING:
            others = [other for other in EVERYTHING if other != scope]
            self.clients[f"all but {scope}"] = await self.house.token(admin, *others)
        for need in {need_of(row).removesuffix(GIVES) for row in rows_with_scopes()}:
            self.clients[f"only {need}"] = await self.house.token(admin, *need.split(" + "))
        self.owners = dict.fromkeys(self.clients, admin.user_id)

    async def status(self, who: str, row: Row, expected: int) -> str:
        """What the table says where it is as expected."""
        found = await self.ask(who, replace(row, expected={who: expected}))
        return "" if found == expected else f"{row.method} {row.template} with {who}: {found}, expected {expected}"


@pytest.fixture
async def programs(server_house: House) -> Programs:
    programs = Programs(server_house)
    await programs.gather()
    return programs


def usual(row: Row) -> int:
    """The status for whoever may, and whose things they are."""
    return row.expected["admin"] if "/admin/" in row.template or row.template == "/metrics" else row.expected["owner"]


def test_every_route_says_what_it_needs() -> None:
    listed = {(row.method, row.template) for row in ROWS}
    assert not listed - NEEDED.keys(), "routes whose scope is not told in NEEDS"
    assert not NEEDED.keys() - listed, "lines of NEEDS that no route answers"
    told = {scope for row in ROWS for scope in scopes_of(row)}
    assert told <= set(EVERYTHING)


async def test_without_the_scope_it_is_refused_whatever_the_role_may(programs: Programs) -> None:
    wrong = [
        await programs.status(f"all but {scope}", row, 4403 if row.method == "WS" else 403)
        for row in rows_with_scopes()
        for scope in scopes_of(row)
    ]
    assert not any(wrong), "\n".join(filter(None, wrong))
    told = await programs.clients["all but tasks:read"].get("/api/v1/tasks")
    assert "(tasks:read)" in told.json()["detail"]


async def test_with_the_scope_alone_it_is_done(programs: Programs) -> None:
    wrong = [
        await programs.status(f"only {need_of(row)}", row, usual(row))
        for row in rows_with_scopes()
        if not need_of(row).endswith(GIVES)
    ]
    assert not any(wrong), "\n".join(filter(None, wrong))


async def test_no_token_opens_what_is_for_people_or_gives_more_than_it_has(programs: Programs) -> None:
    wrong = [await programs.status("everything", row, 403) for row in rows() if need_of(row) == "in person"]
    giving = [row for row in rows_with_scopes() if need_of(row).endswith(GIVES)]
    assert giving
    for row in giving:
        wrong.append(await programs.status(f"only {need_of(row).removesuffix(GIVES)}", row, 403))
        wrong.append(await programs.status("everything", row, row.expected["admin"]))
    assert not any(wrong), "\n".join(filter(None, wrong))
