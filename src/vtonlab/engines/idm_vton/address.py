"""Where the service is, and what it is told about who asks."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit

NAME: Final = "idm_vton"
URL_SETTING: Final = "VTONLAB_IDM_VTON_URL"
TOKEN_SETTING: Final = "VTONLAB_IDM_VTON_TOKEN"  # noqa: S105 - the setting's name
SECONDS: Final = 600.0
"""For one picture, where nothing was set."""


@dataclass(frozen=True)
class Address:
    """A service as the settings name it. What opens it stays out of ``repr``, and so out of logs."""

    url: str
    """``http`` or ``https``, without credentials, with a slash at its end."""
    host: str
    seconds: float
    """For one picture, the service's queue included."""
    token: str | None = field(default=None, repr=False)
    sign_in: tuple[str, str] | None = field(default=None, repr=False)
    """Name and password of Gradio's own sign-in; set as a token ``name:password``."""
    proxy_sign_in: tuple[str, str] | None = field(default=None, repr=False)
    """Name and password of a proxy before it; part of the address (``https://name:password@…``)."""

    @property
    def is_here(self) -> bool:
        """Whether the service runs on this machine."""
        if self.host == "localhost" or self.host.endswith(".localhost"):
            return True
        try:
            number = ipaddress.ip_address(self.host)
        except ValueError:
            return False
        return number.is_loopback or number.is_unspecified  # 0.0.0.0 leads to this machine, too


def read_address(values: Mapping[str, object]) -> Address | None:
    """The address in ``url``, ``token`` and ``seconds``; None where there is none that could be called."""
    text = str(values.get("url") or "").strip()
    if not text:
        return None
    parts = urlsplit(text if "://" in text else f"http://{text}")
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not host:
        return None
    place = f"[{host}]" if ":" in host else host
    place = f"{place}:{port}" if port else place
    token = str(values.get("token") or "").strip()
    name, colon, password = token.partition(":")
    seconds = values.get("seconds")
    return Address(
        url=f"{parts.scheme}://{place}{parts.path.rstrip('/')}/",
        host=host,
        seconds=float(seconds) if isinstance(seconds, int | float | str) and seconds else SECONDS,
        token=token if token and not colon else None,
        sign_in=(name, password) if colon else None,
        proxy_sign_in=(unquote(parts.username), unquote(parts.password or "")) if parts.username else None,
    )
