"""Whether the service would work now, by asking for the account's credits. Costs nothing there."""

from __future__ import annotations

from typing import Any, Final

import httpx

from vtonlab.engines.contract import Health, HealthStatus
from vtonlab.engines.fashn.setup import Setup
from vtonlab.errors import Text

SECONDS: Final = 2.5
"""For the connection to be made, and again for the answer."""


def ask_health(setup: Setup) -> Health:
    """How the service is."""
    if setup.missing:
        return Health(
            HealthStatus.NOT_SET_UP,
            Text("No key or no address is set.", "尚未设置密钥或地址。"),
            Text("Set {setting}.", "请设置 {setting}。").with_values(setting=setup.missing),
        )
    try:
        with httpx.Client(timeout=SECONDS, follow_redirects=False) as client:
            answer = client.get(f"{setup.address}/credits", headers=setup.headers)
        left = _read_credits(answer)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return Health(
            HealthStatus.DOWN,
            Text("{host} does not answer.", "{host} 没有响应。").with_values(host=setup.host),
            Text("Check the network connection.", "请检查网络连接。"),
        )
    if answer.status_code in {401, 403}:
        hint = Text("Check VTONLAB_FASHN_API_KEY.", "请检查 VTONLAB_FASHN_API_KEY。")
        return Health(HealthStatus.DOWN, Text("The key is not accepted.", "密钥不被接受。"), hint)
    if answer.status_code != httpx.codes.OK:
        said = Text("The service has trouble ({code}).", "服务出现问题（{code}）。").with_values(
            code=answer.status_code
        )
        return Health(HealthStatus.DEGRADED, said, Text("Try again later.", "请稍后再试。"))
    if left == 0:
        return Health(
            HealthStatus.DOWN,
            Text("The account has no credits left.", "账户额度已用完。"),
            Text("Buy credits at the provider.", "请在服务商处购买额度。"),
        )
    return Health(HealthStatus.OK, Text("Ready.", "已就绪。"))


def _read_credits(answer: httpx.Response) -> int | None:
    """How many pictures the account can still have; None where the answer does not say."""
    if answer.status_code != httpx.codes.OK:
        return None
    said: Any = answer.json()
    inside = said.get("credits") if isinstance(said, dict) else None
    total = inside.get("total") if isinstance(inside, dict) else None
    return total if isinstance(total, int) else None
