"""Whether the service is there, found out within a bounded time and without disturbing it."""

from __future__ import annotations

import concurrent.futures
import json
import threading
from typing import Any, Final
from urllib.parse import urljoin

import httpx

from vtonlab.engines.contract import Health, HealthStatus
from vtonlab.engines.idm_vton.address import NAME, TOKEN_SETTING, Address
from vtonlab.engines.idm_vton.failures import HOW_TO_START, explain, explain_status
from vtonlab.engines.idm_vton.interface import Form, Interface, recognise
from vtonlab.engines.idm_vton.wire import Wire
from vtonlab.errors import KeyRefused, NotThatService, Text, VtonError

CONNECT_SECONDS: Final = 1.5
ANSWER_SECONDS: Final = 2.0
WHOLE_SECONDS: Final = 2.8
"""For the whole answer, name look-up included."""
MOST_BYTES: Final = 16 * 1024 * 1024
"""Of a configuration."""

NOT_SET_UP = Health(
    HealthStatus.NOT_SET_UP,
    Text("No address of a service is set.", "尚未设置服务地址。"),
    Text("Start one: {how}", "请启动一个服务：{how}").with_values(how=HOW_TO_START),
)
SILENT = Health(
    HealthStatus.DOWN,
    Text("The service does not answer in time.", "服务没有及时响应。"),
    Text("Look whether it hangs, and start it anew: {how}", "请检查它是否卡住，并重新启动：{how}").with_values(
        how=HOW_TO_START
    ),
)


class Doctor:
    """Asks one engine's service how it is. Keeps what it learned of an address's interface."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, tuple[str, Interface]] = {}
        self._asking: tuple[Address, Wire, concurrent.futures.Future[Health]] | None = None
        self._threads = concurrent.futures.ThreadPoolExecutor(max_workers=2, thread_name_prefix=f"{NAME}-health")

    def examine(self, address: Address | None) -> Health:
        """How the service at ``address`` is."""
        if address is None:
            return NOT_SET_UP
        with self._lock:
            if self._asking is None or self._asking[0] != address or self._asking[2].done():
                wire = Wire(address, CONNECT_SECONDS, ANSWER_SECONDS)
                self._asking = (address, wire, self._threads.submit(self._ask, wire))
            _, wire, answer = self._asking
        if not concurrent.futures.wait([answer], timeout=WHOLE_SECONDS).done:
            wire.cut()
            return SILENT
        error = answer.exception()
        if error is not None:
            return _tell(explain(error, wire, connecting=True), address)
        return answer.result()

    def _ask(self, wire: Wire) -> Health:
        address = wire.address
        with httpx.Client(auth=wire, verify=wire.tls, trust_env=not address.is_here) as line:
            if address.sign_in:
                name, password = address.sign_in
                _check(line.post(urljoin(address.url, "login"), data={"username": name, "password": password}), 400)
            config = _load(line, urljoin(address.url, "config"))
            mark = _mark(config)
            known = self._known.get(address.url)
            if known is None or known[0] != mark:
                prefix = str(config.get("api_prefix") or "").strip("/")
                info = _load(line, urljoin(address.url, f"{prefix}/info?serialize=False".lstrip("/")))
                found = recognise(info, config)
                if found is None:
                    raise NotThatService(engine=NAME)
                known = (mark, found)
                self._known[address.url] = known
        return _well(known[1], str(config.get("version", "?")))


def _load(line: httpx.Client, url: str) -> dict[str, Any]:
    """The JSON object at ``url``."""
    found = bytearray()
    with line.stream("GET", url) as response:
        _check(response)
        for part in response.iter_bytes():
            found += part
            if len(found) > MOST_BYTES:
                raise NotThatService(engine=NAME)
    answer = json.loads(bytes(found))
    if not isinstance(answer, dict):
        raise NotThatService(engine=NAME)
    return answer


def _check(response: httpx.Response, refusal: int = 401) -> None:
    if response.status_code == refusal:
        raise KeyRefused(engine=NAME, setting=TOKEN_SETTING)
    if not response.is_success:
        raise explain_status(response.status_code)


def _mark(config: dict[str, Any]) -> str:
    """What changes when the service's interface does."""
    asked = [
        (one.get("api_name"), one.get("inputs"), one.get("outputs"))
        for one in config.get("dependencies", [])
        if isinstance(one, dict)
    ]
    return json.dumps([config.get("version"), config.get("app_id"), config.get("api_prefix"), asked])


def _well(interface: Interface, version: str) -> Health:
    words = Text("files", "文件") if interface.form is Form.FILES else Text("data-URLs", "data-URL")
    text = Text(
        "The service answers (Gradio {version}, pictures as {words}).",
        "服务正常（Gradio {version}，以{words}传输图片）。",
    )
    return Health(HealthStatus.OK, text.with_values(version=version[:20], words=words))


def _tell(error: VtonError, address: Address) -> Health:
    """The same words that a fitting would get."""
    detail = Text(error.say("en"), error.say("zh-CN"))
    hint = Text(error.advise("en"), error.advise("zh-CN"))
    lacks_key = isinstance(error, KeyRefused) and not (address.token or address.sign_in)
    return Health(HealthStatus.NOT_SET_UP if lacks_key else HealthStatus.DOWN, detail, hint)
