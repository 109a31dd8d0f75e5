"""``vtonlab users``: accounts, from the command line. Passwords are typed or piped in, never arguments."""

from __future__ import annotations

import getpass
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vtonlab.cli.accounts import say_aside, with_accounts
from vtonlab.cli.commands import make_group
from vtonlab.cli.data_folder import Data
from vtonlab.cli.language import here
from vtonlab.errors import BadDetail, Conflict, Text

if TYPE_CHECKING:
    from vtonlab.accounts.models import User
    from vtonlab.accounts.people import Changes
    from vtonlab.accounts.service import Accounts

app = make_group("users")

PAGE = 100
MOST = 2**53
"""Bytes."""

Name = Annotated[str, typer.Argument(metavar="NAME", show_default=False)]


@app.command("list", help=here("List the accounts; guests are not among them.", "列出账户（不含访客）。"))
def list_users(
    as_json: Annotated[bool, typer.Option("--json", help=here("As JSON.", "以 JSON 输出。"))] = False,
    data: Data = None,
) -> None:
    """List the accounts."""
    found = [_describe(user) for user in with_accounts(data, _find_all)]
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
        return
    for user in found:
        state = "" if user["is_active"] else f"  [{here('disabled', '已停用')}]"
        seen = user["last_login"] or here("never signed in", "从未登录")
        print(f"{user['username']}  {user['role']}  {user['email'] or '-'}  {seen}{state}")


@app.command(
    help=here(
        "Make an account. The password is asked for, or read from standard input.",
        "创建账户。密码会提示输入，或从标准输入读取。",
    )
)
def create(
    name: Name,
    role: Annotated[
        str, typer.Option("--role", metavar="ROLE", help=here("admin, editor, viewer …", "admin、editor、viewer 等"))
    ] = "editor",
    email: Annotated[str | None, typer.Option(metavar="ADDRESS", help=here("E-mail address.", "邮箱地址。"))] = None,
    data: Data = None,
) -> None:
    """Make an account."""
    from vtonlab.accounts.names import read_email, read_username
    from vtonlab.accounts.people import OPERATOR, NewPerson

    read_username(name)
    read_email(email)
    person = NewPerson(name, email, _ask_password(), role)
    user = with_accounts(data, lambda accounts: accounts.people.create(OPERATOR, person))
    say_aside(here(f"Made {user.username} ({user.role}).", f"已创建 {user.username}（{user.role}）。"))


@app.command(
    help=here(
        "Set a new password and end every session. It is asked for, or read from standard input.",
        "设置新密码并结束所有会话。密码会提示输入，或从标准输入读取。",
    )
)
def password(name: Name, data: Data = None) -> None:
    """Set a new password."""
    from vtonlab.accounts.people import OPERATOR

    async def work(accounts: Accounts) -> str:
        user = await accounts.people.find(name)
        await accounts.people.set_password(OPERATOR, user.user_id, _ask_password())
        return user.username

    done = with_accounts(data, work)
    say_aside(here(f"{done} has a new password.", f"已更新 {done} 的密码。"))


@app.command(help=here("Keep somebody out; what they have stays.", "停用账户，保留其数据。"))
def disable(name: Name, data: Data = None) -> None:
    """Keep somebody out."""
    done = _set_active(name, data, is_active=False)
    say_aside(here(f"{done} cannot sign in any more.", f"{done} 已停用。"))


@app.command(help=here("Let somebody in again.", "重新启用账户。"))
def enable(name: Name, data: Data = None) -> None:
    """Let somebody in again."""
    done = _set_active(name, data, is_active=True)
    say_aside(here(f"{done} can sign in.", f"{done} 已启用。"))


@app.command(help=here("Give somebody another role; it holds at once.", "更改用户的角色，立即生效。"))
def role(
    name: Name,
    new_role: Annotated[str, typer.Argument(metavar="ROLE", show_default=False)],
    data: Data = None,
) -> None:
    """Give somebody another role."""
    from vtonlab.accounts.people import Changes

    done = _edit(name, data, Changes(role=new_role))
    say_aside(here(f"{done.username} is {done.role} now.", f"{done.username} 的角色现在是 {done.role}。"))


@app.command(
    help=here(
        "Set how much somebody may keep: 500MB, 2GB, 0 for no limit, or “server” for what everybody has.",
        "设置用户的存储上限：500MB、2GB，0 表示不限，server 表示与其他人相同。",
    )
)
def quota(
    name: Name,
    size: Annotated[str, typer.Argument(metavar="SIZE", show_default=False)],
    data: Data = None,
) -> None:
    """Set how much somebody may keep."""
    from vtonlab.accounts.people import Changes

    done = _edit(name, data, Changes(quota_bytes=read_size(size)))
    told = here("what everybody may", "与其他人相同") if done.quota_bytes is None else f"{done.quota_bytes:,} B"
    if done.quota_bytes == 0:
        told = here("as much as they like", "不限")
    say_aside(here(f"{done.username} may keep: {told}.", f"{done.username} 的存储上限：{told}。"))


@app.command(
    help=here(
        "Delete an account with every picture it has, for good.",
        "永久删除账户及其全部图片。",
    )
)
def delete(
    name: Name,
    sure: Annotated[bool, typer.Option("--yes", help=here("Do not ask for the name again.", "不再要求确认。"))] = False,
    data: Data = None,
) -> None:
    """Delete an account."""
    from vtonlab.accounts.people import OPERATOR

    async def work(accounts: Accounts) -> dict[str, Any]:
        user = await accounts.people.find(name)
        if not sure:
            _confirm(user)
        erased = await accounts.deletion.delete_person(OPERATOR, user.user_id)
        return {feature: dict(counts) for feature, counts in erased.deleted.items()}

    for feature, counts in with_accounts(data, work).items():
        print(f"{feature}: " + ", ".join(f"{count} {what}" for what, count in counts.items()))
    say_aside(here(f"Deleted {name}.", f"已删除 {name}。"))


@app.command(
    "setup-link",
    help=here(
        "Print a link, good once and for 24 hours: to make the first administrator, or for NAME to set a password.",
        "生成一次性链接（24 小时内有效）：用于创建首位管理员，或让 NAME 设置密码。",
    ),
)
def setup_link(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", show_default=False)] = None,
    data: Data = None,
) -> None:
    """Print a link that works once."""
    from vtonlab.accounts.links import HAS_ADMIN
    from vtonlab.accounts.people import OPERATOR

    async def work(accounts: Accounts) -> str | None:
        if name is None:
            return await accounts.links.make_first(OPERATOR)
        return await accounts.links.make_for(OPERATOR, (await accounts.people.find(name)).user_id)

    path = with_accounts(data, work)
    if path is None:
        raise Conflict(reason=HAS_ADMIN)
    print(_address() + path)


async def _find_all(accounts: Accounts) -> list[User]:
    from vtonlab.accounts.listings import UserFilter

    found: list[User] = []
    cursor = None
    while True:
        page = await accounts.people.list(UserFilter(), 1, PAGE, cursor)
        found += [user for user in page.items if user.kind != "guest"]
        cursor = page.next_cursor
        if cursor is None:
            return found


def _set_active(name: str, data: Path | None, *, is_active: bool) -> str:
    from vtonlab.accounts.people import Changes

    return _edit(name, data, Changes(is_active=is_active)).username


def _edit(name: str, data: Path | None, changes: Changes) -> User:
    from vtonlab.accounts.people import OPERATOR

    async def work(accounts: Accounts) -> User:
        user = await accounts.people.find(name)
        return await accounts.people.edit(OPERATOR, user.user_id, changes)

    return with_accounts(data, work)


def read_size(text: str) -> int:
    """Bytes; 0: no limit, -1: what the server gives everybody. Raises ``BadDetail``.

    >>> read_size("2 GB"), read_size("500mb"), read_size("1.5kB"), read_size("0"), read_size("server")
    (2000000000, 500000000, 1500, 0, -1)
    """
    if text.strip().lower() == "server":
        return -1
    found = re.fullmatch(r"([0-9]{1,15}(?:\.[0-9]{1,3})?)\s*([kmgt]?)b?", text.strip().lower(), re.ASCII)
    size = round(float(found[1]) * 1000 ** ("", "k", "m", "g", "t").index(found[2])) if found else MOST + 1
    if size > MOST:
        reason = Text("a size reads like 500MB, 2GB or 0", "大小写作 500MB、2GB 或 0")
        raise BadDetail(part="size", reason=reason)
    return size


def _ask_password() -> str:
    """Typed twice at a terminal; else the first line of standard input. Raises ``BadDetail``."""
    from vtonlab.accounts.names import read_password

    if not sys.stdin.isatty():
        return read_password(sys.stdin.readline().rstrip("\r\n"))
    chosen = read_password(getpass.getpass(here("Password: ", "密码：")))
    if getpass.getpass(here("Once more: ", "再次输入：")) != chosen:
        raise BadDetail(part="password", reason=Text("the two are not the same", "两次输入不一致"))
    return chosen


def _confirm(user: User) -> None:
    """Raises ``BadDetail`` unless the name is written again."""
    from vtonlab.accounts.names import fold

    say_aside(here(f"Write “{user.username}” to delete it for good:", f"输入“{user.username}”以永久删除："))
    if fold(sys.stdin.readline().strip()) != user.username_key:
        raise BadDetail(
            part="name", reason=Text("it was not confirmed; nothing was deleted", "未确认，没有删除任何内容")
        )


def _describe(user: User) -> dict[str, Any]:
    return {
        "user_id": user.user_id,
        "username": user.username,
        "kind": user.kind,
        "role": user.role,
        "email": user.email,
        "is_active": user.is_active,
        "created_at": user.created_at.isoformat(timespec="seconds"),
        "last_login": user.last_login.isoformat(timespec="seconds") if user.last_login else None,
    }


def _address() -> str:
    """Where people open the server, as far as its settings say."""
    from vtonlab import settings

    chosen = settings.load()
    return chosen.public_url.rstrip("/") or f"http://{chosen.host}:{chosen.port}"
