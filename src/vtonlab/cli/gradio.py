"""``vtonlab gradio``: any engine behind IDM-VTON's own Gradio interface, for programs written for that."""

from __future__ import annotations

import importlib.util
import ipaddress
from typing import TYPE_CHECKING, Annotated

import typer

from vtonlab.cli.choosing import choose_engine
from vtonlab.cli.entry import FAILED, say_wrong
from vtonlab.cli.language import here, say
from vtonlab.cli.serve import find_address
from vtonlab.cli.try_on import ChosenEngine, Options, parse_options
from vtonlab.errors import BadOption
from vtonlab.gradio_app import MOST_WAITING, PORT, Offer, Shape

if TYPE_CHECKING:
    from vtonlab.settings import Settings


def gradio(
    engine: ChosenEngine = None,
    shape: Annotated[
        Shape,
        typer.Option(
            help=here(
                "Whose signature /tryon has at the address itself; the base64 one is always under /base64 too.",
                "该地址上 /tryon 使用的接口形式；base64 形式始终可在 /base64 下访问。",
            ),
        ),
    ] = Shape.IDM_VTON,
    host: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS",
            help=here(
                "Address to listen on. On any but this machine's own (127.0.0.1) everybody who can reach it can have "
                "pictures made, without signing in, at your cost where the engine is paid.",
                "监听的地址。若不是本机地址（127.0.0.1），任何能访问的人都可以无需登录地生成图片；"
                "使用付费引擎时费用由你承担。",
            ),
        ),
    ] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option(
            "--port",
            metavar="PORT",
            min=0,
            max=65535,
            help=here("Port to listen on; 0 takes a free one.", "监听的端口；0 表示任选一个空闲端口。"),
        ),
    ] = PORT,
    queue: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=1,
            max=1000,
            help=here(
                "How many may wait for their turn; others are told that it is full.",
                "最多可排队的请求数；超出时会告知队列已满。",
            ),
        ),
    ] = MOST_WAITING,
    option: Options = None,
) -> None:
    """Offer an engine to programs written for IDM-VTON: Gradio's /tryon, and POST /api/tryon. Ctrl+C stops it."""
    if importlib.util.find_spec("gradio") is None:
        _say_what_is_missing()
        raise typer.Exit(FAILED)
    name = choose_engine(engine)
    offer = Offer(name, shape, queue, parse_options(option))
    _check(offer)
    address, free_port = find_address(host, port)
    from vtonlab import settings

    chosen = settings.load().model_copy(update={"host": host, "port": free_port})
    from vtonlab.gradio_app.serving import run

    run(chosen, offer, address, free_port, lambda: _announce(chosen, offer, address))


def _say_what_is_missing() -> None:
    say_wrong(
        here("Gradio is not installed; it is an extra of vtonlab.", "未安装 Gradio，它是 vtonlab 的可选组件。"),
        here("Install it: pip install 'vtonlab[gradio]'", "请安装：pip install 'vtonlab[gradio]'"),
    )


def _check(offer: Offer) -> None:
    """An engine that cannot work, and options it does not have, are told before anybody asks."""
    from pydantic import ValidationError

    from vtonlab.engines import registry
    from vtonlab.engines.contract import HealthStatus

    engine = registry.get(offer.engine)
    try:
        engine.Options.model_validate(dict(offer.options))
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        raise BadOption(option=".".join(str(part) for part in fault["loc"]), reason=fault["msg"]) from error
    health = engine.health()
    if health.status is HealthStatus.NOT_SET_UP:
        guide = here("docs/guides/engines.md says what it needs.", "它需要什么，见 docs/guides/engines.md。")
        say_wrong(f"{say(engine.title)}: {say(health.detail)}", say(health.hint) if health.hint else guide)
        raise typer.Exit(FAILED)


def _announce(chosen: Settings, offer: Offer, address: str) -> None:
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)  # noqa: S104 - compared, not bound
    page = f"http://[{reached}]:{chosen.port}" if ":" in reached else f"http://{reached}:{chosen.port}"
    stops = here("(Ctrl+C stops it)", "（按 Ctrl+C 停止）")
    typer.echo(f"VTON Lab · {offer.engine}: {page}/   {stops}", err=True)
    typer.echo(f"  Gradio /tryon ({offer.shape.value}): {page}/", err=True)
    typer.echo(f"  Gradio /tryon (base64): {page}/base64", err=True)
    typer.echo(f"  POST: {page}/api/tryon", err=True)
    if not ipaddress.ip_address(address).is_loopback:
        typer.echo(
            here(
                "Everybody who can reach this machine can have pictures made here: there is no sign-in.",
                "能访问本机的人都可以在此生成图片：无需登录。",
            ),
            err=True,
        )
