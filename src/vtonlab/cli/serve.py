"""``vtonlab serve``: the page, on this machine."""

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
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vtonlab.cli.language import here
from vtonlab.errors import AddressTaken, Text

if TYPE_CHECKING:
    from vtonlab.settings import Settings

SECONDS_TO_START = 60.0
SECONDS_TO_FINISH = 5
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
            metavar="PORT",
            min=0,
            max=65535,
            help=here(
                "Port to listen on; 0 takes a free one.  [default: 8080]",
                "监听的端口；0 表示任选一个空闲端口。  [默认：8080]",
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
            "open_browser": chosen.open_browser and not no_browser,
        }
    )
    address, port = find_address(chosen.host, chosen.port)
    _listen(chosen, address, port)


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


def _listen(chosen: Settings, address: str, port: int) -> None:
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    from vtonlab.settings import PREFIX

    # The worker is a process of its own and reads its settings there.
    os.environ |= {PREFIX + "HOST": chosen.host, PREFIX + "PORT": str(port), PREFIX + "LOG_LEVEL": chosen.log_level}
    threading.Thread(target=_announce, args=(chosen, address, port), daemon=True).start()
    Granian(
        "vtonlab.web.app:create_app",
        factory=True,
        address=address,
        port=port,
        interface=Interfaces.ASGI,
        websockets=False,
        workers_kill_timeout=SECONDS_TO_FINISH,
        log_level=LogLevels.info if chosen.log_level == "debug" else LogLevels.warning,
        log_dictconfig=_log_to_stderr(chosen.log_level),
    ).serve()


def _announce(chosen: Settings, address: str, port: int) -> None:
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)  # noqa: S104 - compared, not bound
    if not _wait_until_it_answers(reached, port):
        return
    page = f"http://[{reached}]:{port}/" if ":" in reached else f"http://{reached}:{port}/"
    typer.echo(f"VTON Lab: {page}   {here('(Ctrl+C stops it)', '（按 Ctrl+C 停止）')}", err=True)
    if not ipaddress.ip_address(address).is_loopback:
        typer.echo(
            here(
                "Everybody who can reach this machine can use it: there are no accounts yet.",
                "能访问本机的人都可以使用：目前还没有账户功能。",
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
            connection.request("GET", "/health", headers={"Host": "localhost"})
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
        finally:
            connection.close()
    return False


def _may_open_browser(chosen: Settings) -> bool:
    has_display = sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return chosen.open_browser and has_display and not os.environ.get("CI")


def _log_to_stderr(level: str) -> dict[str, Any]:
    own = {"handlers": ["stderr"], "level": level.upper(), "propagate": False}
    server = {"handlers": ["stderr"], "level": "INFO" if level == "debug" else "WARNING", "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stderr"}},
        "loggers": {"vtonlab": own, "_granian": server, "granian.access": server},
    }
