"""Whether the service would work now. Costs nothing there, and loads no client library."""

from __future__ import annotations

from typing import Final

import httpx

from vtonlab.engines.contract import Health, HealthStatus
from vtonlab.engines.gemini.calls import API_VERSION
from vtonlab.engines.gemini.setup import Setup
from vtonlab.errors import Text

SECONDS: Final = 2.5
"""For the connection to be made, and again for the answer."""


def ask_health(setup: Setup) -> Health:
    """How the service is, by asking for the model's description."""
    if setup.missing:
        return Health(
            HealthStatus.NOT_SET_UP,
            Text("No key or no address is set.", "尚未设置密钥或地址。"),
            Text("Set {setting}.", "请设置 {setting}。").with_values(setting=setup.missing),
        )
    address = f"{setup.address}/{API_VERSION}/models/{setup.model}"
    try:
        with httpx.Client(timeout=SECONDS, follow_redirects=False, auth=setup.auth) as client:
            answer = client.get(address, headers={"x-goog-api-key": setup.key})
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return Health(
            HealthStatus.DOWN,
            Text("{host} does not answer.", "{host} 没有响应。").with_values(host=setup.host),
            Text("Check the network connection.", "请检查网络连接。"),
        )
    return _read(answer.status_code, answer.text, setup)


def _read(code: int, said: str, setup: Setup) -> Health:
    check_key = Text("Check VTONLAB_GEMINI_API_KEY.", "请检查 VTONLAB_GEMINI_API_KEY。")
    match code:
        case 200:
            return Health(
                HealthStatus.OK, Text("Ready ({model}).", "已就绪（{model}）。").with_values(model=setup.model)
            )
        case 401 | 403:
            return Health(HealthStatus.DOWN, Text("The key is not accepted.", "密钥不被接受。"), check_key)
        case 400 if "API_KEY" in said or "API key" in said:
            return Health(HealthStatus.DOWN, Text("The key is not accepted.", "密钥不被接受。"), check_key)
        case 404:
            return Health(
                HealthStatus.DOWN,
                Text("There is no model {model}.", "没有模型 {model}。").with_values(model=setup.model),
                Text("Check VTONLAB_GEMINI_MODEL.", "请检查 VTONLAB_GEMINI_MODEL。"),
            )
        case _:
            return Health(
                HealthStatus.DEGRADED,
                Text("The service has trouble ({code}).", "服务出现问题（{code}）。").with_values(code=code),
                Text("Try again later.", "请稍后再试。"),
            )
