"""``vtonlab tokens``: tokens of programs, from the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vtonlab.cli.accounts import say_aside, with_accounts
from vtonlab.cli.commands import make_group
from vtonlab.cli.data_folder import Data
from vtonlab.cli.language import here

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vtonlab.accounts.models import ApiToken
    from vtonlab.accounts.service import Accounts

app = make_group("tokens")

LONGEST_DAYS = 3650

Name = Annotated[str, typer.Argument(metavar="NAME", show_default=False)]


@app.command("list", help=here("List somebody's tokens, those that ran out too.", "列出用户的令牌（含已过期的）。"))
def list_tokens(
    name: Name,
    as_json: Annotated[bool, typer.Option("--json", help=here("As JSON.", "以 JSON 输出。"))] = False,
    data: Data = None,
) -> None:
    """List somebody's tokens."""
    from vtonlab.accounts.people import OPERATOR
    from vtonlab.db.base import now

    async def work(accounts: Accounts) -> Sequence[ApiToken]:
        user = await accounts.people.find(name)
        return await accounts.api_tokens.list_of(OPERATOR, user.user_id)

    tokens = with_accounts(data, work)
    if as_json:
        print(json.dumps([_describe(token) for token in tokens], ensure_ascii=False, indent=2))
        return
    for token in tokens:
        told = _describe(token)
        used = told["last_used_at"] or here("never used", "从未使用")
        ends = told["expires_at"] or here("never", "永久有效")
        state = f"  [{here('ran out', '已过期')}]" if token.expires_at and token.expires_at <= now() else ""
        print(f"{token.id}  {token.prefix}…  {token.name}  {','.join(token.scopes)}  {used}  {ends}{state}")


@app.command(
    help=here(
        "Make a token of somebody's for a program, and print it: it is shown only now.",
        "为用户的程序创建令牌并显示，令牌只显示这一次。",
    )
)
def create(
    name: Name,
    label: Annotated[str, typer.Option("--name", metavar="NAME", help=here("What it is for.", "令牌的用途。"))],
    scope: Annotated[
        list[str],
        typer.Option(
            metavar="PERMISSION",
            help=here(
                "What it may do, at most what the role may (see “vtonlab roles list”). May be given several times.",
                "令牌的权限，不超过用户角色的权限（见“vtonlab roles list”），可多次使用。",
            ),
        ),
    ],
    days: Annotated[
        int | None,
        typer.Option(min=1, max=LONGEST_DAYS, help=here("Until it runs out; else never.", "有效天数，默认永久有效。")),
    ] = None,
    data: Data = None,
) -> None:
    """Make a token of somebody's."""
    from vtonlab.accounts.people import OPERATOR

    async def work(accounts: Accounts) -> tuple[ApiToken, str]:
        user = await accounts.people.find(name)
        return await accounts.api_tokens.make_for(OPERATOR, user.user_id, label, scope, days)

    token, secret = with_accounts(data, work)
    print(secret)
    say_aside(
        here(
            f"Keep it now: nobody can show it again. To take it back: vtonlab tokens delete {token.id}",
            f"请立即保存，之后无法再次查看。撤销：vtonlab tokens delete {token.id}",
        )
    )


@app.command(help=here("Take a token back; it opens nothing any more.", "撤销令牌，立即失效。"))
def delete(
    token_id: Annotated[str, typer.Argument(metavar="ID", show_default=False)],
    data: Data = None,
) -> None:
    """Take a token back."""
    from vtonlab.accounts.people import OPERATOR

    done = with_accounts(data, lambda accounts: accounts.api_tokens.delete_any(OPERATOR, token_id))
    say_aside(here(f"Deleted “{done.name}” ({done.prefix}…).", f"已撤销“{done.name}”（{done.prefix}…）。"))


def _describe(token: ApiToken) -> dict[str, Any]:
    moments = {name: getattr(token, name) for name in ("created_at", "last_used_at", "expires_at")}
    return {
        "id": token.id,
        "name": token.name,
        "prefix": token.prefix,
        "scopes": token.scopes,
        **{name: moment.isoformat(timespec="seconds") if moment else None for name, moment in moments.items()},
    }
