"""``vtonlab roles``: what each role may, from the command line."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from vtonlab.cli.accounts import say_aside, with_accounts
from vtonlab.cli.commands import make_group
from vtonlab.cli.data_folder import Data
from vtonlab.cli.language import here
from vtonlab.errors import BadDetail, NotThere, Text

if TYPE_CHECKING:
    from vtonlab.accounts.models import Role
    from vtonlab.accounts.service import Accounts

app = make_group("roles")

Name = Annotated[str, typer.Argument(metavar="NAME", show_default=False)]
Add = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PERMISSION",
        help=here("What it may from now on. May be given several times.", "增加的权限，可多次使用。"),
    ),
]


@app.command("list", help=here("Say what each role may, as a table.", "以表格列出各角色的权限。"))
def list_roles(
    as_json: Annotated[bool, typer.Option("--json", help=here("As JSON.", "以 JSON 输出。"))] = False,
    data: Data = None,
) -> None:
    """Say what each role may."""

    async def work(accounts: Accounts) -> tuple[Sequence[Role], dict[str, int]]:
        return await accounts.roles.list(), await accounts.roles.count_users()

    roles, users = with_accounts(data, work)
    if not as_json:
        print("\n".join(draw_table(roles, users)))
        return
    told = [
        {
            "name": role.name,
            "is_built_in": role.is_built_in,
            "users": users.get(role.name, 0),
            "permissions": role.permissions,
        }
        for role in roles
    ]
    print(json.dumps(told, ensure_ascii=False, indent=2))


@app.command(help=here("Make a role.", "新建角色。"))
def create(
    name: Name,
    add: Add = None,
    like: Annotated[
        str | None,
        typer.Option(metavar="ROLE", help=here("It may all that ROLE may.", "以 ROLE 的权限为基础。")),
    ] = None,
    data: Data = None,
) -> None:
    """Make a role."""
    from vtonlab.accounts.people import OPERATOR

    async def work(accounts: Accounts) -> Role:
        permissions = {*(add or ()), *(() if like is None else await _permissions_of(accounts, like))}
        return await accounts.roles.create(OPERATOR, name, permissions)

    _tell(with_accounts(data, work))


@app.command(help=here("Change what a role may; it holds at once for all who have it.", "更改角色的权限，立即生效。"))
def edit(
    name: Name,
    add: Add = None,
    remove: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PERMISSION",
            help=here("What it may no longer. May be given several times.", "取消的权限，可多次使用。"),
        ),
    ] = None,
    data: Data = None,
) -> None:
    """Change what a role may."""
    from vtonlab.accounts.people import OPERATOR

    if not add and not remove:
        raise BadDetail(part="--add, --remove", reason=Text("nothing is to be changed", "没有需要更改的内容"))
    _tell(with_accounts(data, lambda accounts: accounts.roles.change(OPERATOR, name, add or (), remove or ())))


@app.command(help=here("Delete a role that nobody has.", "删除没有用户使用的角色。"))
def delete(name: Name, data: Data = None) -> None:
    """Delete a role that nobody has."""
    from vtonlab.accounts.people import OPERATOR

    with_accounts(data, lambda accounts: accounts.roles.delete(OPERATOR, name))
    say_aside(here(f"Deleted {name}.", f"已删除 {name}。"))


def draw_table(roles: Sequence[Role], users: dict[str, int]) -> list[str]:
    """A line for each permission, a column for each role; how many have it at the end."""
    from vtonlab.accounts.caller import Permission

    def line(first: str, cells: Collection[str]) -> str:
        padded = [cell.center(len(role.name)) for role, cell in zip(roles, cells, strict=True)]
        return "  ".join([first.ljust(width), *padded]).rstrip()

    width = max(len(permission.value) for permission in Permission)
    return [
        line("", [role.name for role in roles]),
        *(line(one.value, ["x" if one in role.permissions else "-" for role in roles]) for one in Permission),
        line("(users)", [str(users.get(role.name, 0)) for role in roles]),
    ]


async def _permissions_of(accounts: Accounts, name: str) -> Collection[str]:
    from vtonlab.accounts.roles import ROLE

    found = [role for role in await accounts.roles.list() if role.name == name]
    if not found:
        raise NotThere(thing=ROLE, id=name[:32])
    return found[0].permissions


def _tell(role: Role) -> None:
    told = ", ".join(role.permissions) or here("nothing", "无")
    say_aside(here(f"{role.name} may: {told}", f"{role.name} 的权限：{told}"))
