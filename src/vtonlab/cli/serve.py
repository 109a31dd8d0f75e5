"""``vtonlab serve``: the server. What would keep it from starting is said in a sentence, before it starts."""

from __future__ import annotations

import errno
import http
import http.client
import ipaddress
import os
import socket
import sys
import threading
import time
import webbrowser
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vtonlab.cli.language import here
from vtonlab.cli.orphans import end_with_parent
from vtonlab.errors import AddressTaken, Text

if TYPE_CHECKING:
    from vtonlab.settings import Settings
    from vtonlab.web.app import Application


class Mode(StrEnum):
    """Who may use the server."""

    LOCAL = "local"
    SERVER = "server"


SECONDS_TO_START = 60.0
SECONDS_TO_FINISH = 15
"""What is still being computed when the server is told to stop has so long."""
WHY_NOT_LISTEN = {
    errno.EADDRINUSE: Text("another program uses this port", "该端口已被其他程序占用"),
    errno.EACCES: Text("ports under 1024 need the administrator's rights", "1024 以下的端口需要管理员权限"),
    errno.EADDRNOTAVAIL: Text("this machine does not have that address", "本机没有这个地址"),
}


def serve(
    host: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help=here("Address to listen on.  [default: 127.0.0.1]", "监听的地址。  [默认：127.0.0.1]"),
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            metavar="PORT",
            min=0,
            max=65535,
            help=here(
                "Port to listen on; 0 takes a free one.  [default: 8080]",
                "监听的端口；0 表示任选一个空闲端口。  [默认：8080]",
            ),
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help=here(
                "Folder for the pictures and the database.  [default: the system's place for programs' data]",
                "图片和数据库所在的文件夹。  [默认：系统的程序数据目录]",
            ),
        ),
    ] = None,
    mode: Annotated[
        Mode | None,
        typer.Option(
            help=here(
                "local: one person on this machine, without signing in; server: accounts.  "
                "[default: local on a loopback address, else server]",
                "local：本机单人使用，无需登录；server：多账户。  [默认：回环地址为 local，其他为 server]",
            ),
        ),
    ] = None,
    no_browser: Annotated[
        bool,
        typer.Option("--no-browser", help=here("Do not open the page in the browser.", "不自动打开浏览器。")),
    ] = False,
) -> None:
    """Open the fitting room in the browser: two photos in, a dressed person out. Ctrl+C stops it."""
    from vtonlab import settings

    chosen = settings.load()
    chosen = chosen.model_copy(
        update={
            "host": chosen.host if host is None else host,
            "port": chosen.port if port is None else port,
            "data": chosen.data if data is None else data.absolute(),
            "mode": chosen.mode if mode is None else mode.value,
            "open_browser": chosen.open_browser and not no_browser,
        }
    )
    address, port = find_address(chosen.host, chosen.port)
    link = _prepare(chosen)
    _listen(chosen, address, port, link)


def _prepare(chosen: Settings) -> str | None:
    """Everything that could keep the server from starting, in this process, where it ends in a sentence. The path that
    makes the first administrator, where one is needed."""
    import asyncio

    from vtonlab.web.ground import make_ready

    return asyncio.run(make_ready(chosen))


def find_address(host: str, port: int) -> tuple[str, int]:
    """The IP address and port where the server can listen; port 0 becomes a free one. Raises ``AddressTaken``."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as trial:
            # As the server does: a port whose last owner has just left may be taken, one that is listened on may not.
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
            trial.listen(1)
            ip, free_port = trial.getsockname()[:2]
            return str(ip), int(free_port)
    except socket.gaierror as error:
        raise AddressTaken(host=host, port=port, reason=Text("there is no such address", "没有这个地址")) from error
    except OSError as error:
        reason = WHY_NOT_LISTEN.get(error.errno or 0, Text("the system refused", "系统拒绝了请求"))
        raise AddressTaken(host=host, port=port, reason=reason) from error


def _listen(chosen: Settings, address: str, port: int, link: str | None) -> None:
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    from vtonlab.settings import PREFIX
    from vtonlab.web.logs import describe_logging

    # The worker is a process of its own and reads its settings there.
    told = {"HOST": chosen.host, "PORT": str(port), "MODE": chosen.mode, "DATA": str(chosen.data_folder)}
    os.environ |= {PREFIX + name: value for name, value in told.items()}
    threading.Thread(target=_announce, args=(chosen, address, port, link), daemon=True).start()
    Granian(
        "vtonlab.cli.serve:create_app",
        factory=True,
        address=address,
        port=port,
        interface=Interfaces.ASGI,
        websockets=True,
        workers_kill_timeout=SECONDS_TO_FINISH,
        log_level=LogLevels.info if chosen.log_level == "debug" else LogLevels.warning,
        log_dictconfig=describe_logging(chosen.log_level, chosen.log_format),
    ).serve()


def create_app() -> Application:
    """The application, in the process that serves it; it ends when the main process does."""
    from vtonlab.web.app import create_app

    end_with_parent()
    return create_app()


def _announce(chosen: Settings, address: str, port: int, link: str | None) -> None:
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)  # noqa: S104 - compared, not bound
    if not _wait_until_it_answers(reached, port):
        return
    page = f"http://[{reached}]:{port}/" if ":" in reached else f"http://{reached}:{port}/"
    page = chosen.public_url.rstrip("/") + "/" if chosen.public_url else page
    typer.echo(f"VTON Lab: {page}   {here('(Ctrl+C stops it)', '（按 Ctrl+C 停止）')}", err=True)
    if link is not None:
        link = page.rstrip("/") + link
        typer.echo(
            here(
                f"Make the first administrator here (once, within 24 hours): {link}",
                f"请在此创建首位管理员（一次有效，24 小时内）：{link}",
            ),
            err=True,
        )
    if chosen.is_local and not ipaddress.ip_address(address).is_loopback:
        typer.echo(
            here(
                "Everybody who can reach this machine can use it and sees its pictures: local mode has no sign-in.",
                "能访问本机的人都可以使用并看到图片：本地模式无需登录。",
            ),
            err=True,
        )
    if _may_open_browser(chosen):
        webbrowser.open(page)


def _wait_until_it_answers(address: str, port: int) -> bool:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection(address, port, timeout=1)
        try:
            connection.request("GET", "/healthz", headers={"Host": "localhost"})
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
        finally:
            connection.close()
    return False


def _may_open_browser(chosen: Settings) -> bool:
    has_display = sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return chosen.open_browser and has_display and not os.environ.get("CI")
