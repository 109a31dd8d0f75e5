"""Whatever /openapi.json allows, and much of what it does not, is answered as it says: never with our fault.

Schemathesis makes the requests from the description, against the real server; as an administrator and as a guest.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.errors import SchemathesisError
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.api.house import PASSWORD, make_photo
from tests.live import LiveServer, serve

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 3
EXAMPLES_OF_A_SEARCH = 150

LEFT_OUT = {
    ("POST", "/api/logout"): "ends the session that the others come with",
    ("DELETE", "/api/v1/users/me"): "deletes the account that the others come with",
    ("POST", "/api/v1/auth/password"): "ends the other sessions",
    ("DELETE", "/api/v1/auth/sessions"): "the same",
    ("DELETE", "/api/v1/auth/sessions/{session_id}"): "the same",
}


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    often = "100000/minute"
    # Without any engine that draws it would say 503.
    with serve(
        "--mode", "server", sign_in_rate=often, upload_rate=often, log_level="warning", sandbox_on="1"
    ) as server:
        yield server


@pytest.fixture(scope="module")
def admin(server: LiveServer) -> dict[str, str]:
    """The cookie of an administrator who has pictures."""
    with httpx.Client(base_url=server.address) as client:
        wanted = {"token": server.setup, "username": "boss", "password": PASSWORD, "email": "boss@lab.example"}
        assert client.post("/api/v1/auth/setup", json=wanted).status_code == 200
        for seed in range(3):
            client.post("/api/upload-file", files={"file": ("a.png", make_photo(seed))})
        return dict(client.cookies)


@pytest.fixture(scope="module")
def guest(server: LiveServer) -> dict[str, str]:
    """The cookie of somebody who kept a picture without an account."""
    with httpx.Client(base_url=server.address) as client:
        assert client.post("/api/upload-file", files={"file": ("a.png", make_photo(9))}).status_code == 200
        return dict(client.cookies)


@dataclass
class Search:
    """Requests made from the description, by one caller; ``wrong`` gathers what was not as it should be."""

    server: LiveServer
    cookies: dict[str, str]
    examples: int
    wrong: dict[str, str] = field(default_factory=dict)
    asked: int = 0

    def run(self) -> None:
        """Try every operation with what is described and with what is not, with ids of nobody and with real ones."""
        described = schemathesis.openapi.from_url(f"{self.server.address}/openapi.json")
        for found in described.get_all_operations():
            operation: Any = found.ok()  # type: ignore[union-attr]
            if (operation.method.upper(), operation.path) in LEFT_OUT:
                continue
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                self._try(operation, mode, None)
            if known := self._real(operation):
                self._try(operation, GenerationMode.POSITIVE, known)

    def _try(self, operation: Any, mode: GenerationMode, known: dict[str, str] | None) -> None:
        try:
            cases = operation.as_strategy(generation_mode=mode, path_parameters=known)
        except SchemathesisError:
            return  # nothing of it can be made wrong

        @settings(max_examples=self.examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=cases)
        def attempt(case: Any) -> None:
            name = f"{operation.method.upper()} {operation.path}"
            if name in self.wrong:
                return
            self.asked += 1
            try:
                case.call_and_validate(
                    base_url=self.server.address,
                    cookies=self.cookies,
                    headers={"Accept-Language": "en"},
                    timeout=60,
                    checks=CHECKS,
                )
            except FailureGroup as failure:
                self.wrong[name] = "\n".join(str(one) for one in failure.exceptions)[:2000]

        with contextlib.suppress(Unsatisfiable):
            attempt()

    def _real(self, operation: Any) -> dict[str, str]:
        """Values for the operation's path that lead to something."""
        if not hasattr(self, "_known"):
            self._known = find_things(self.server, self.cookies)
        wanted = re.findall(r"{(\w+)}", operation.path)
        if operation.method.upper() == "DELETE" or not set(wanted) <= self._known.keys():
            return {}
        return {name: self._known[name] for name in wanted}


def find_things(server: LiveServer, cookies: dict[str, str]) -> dict[str, str]:
    """Names of things that the caller has."""
    with httpx.Client(base_url=server.address, cookies=cookies) as client:
        image = client.get("/api/images").json()["images"][0]
        known = {"image_id": image["id"], "user_id": image["user_id"], "filename": image["filename"]}
        return known | {"category": image["category"], "name": "editor"}


def how_many() -> int:
    return EXAMPLES_OF_A_SEARCH if os.environ.get("HYPOTHESIS_PROFILE") == "searching" else EXAMPLES


@pytest.mark.parametrize("who", ["admin", "guest"])
def test_the_server_answers_as_it_is_described(server: LiveServer, who: str, request: pytest.FixtureRequest) -> None:
    search = Search(server, request.getfixturevalue(who), how_many())
    search.run()
    assert not search.wrong, "\n\n".join(f"{name}\n{told}" for name, told in search.wrong.items())
    assert search.asked > 200
    assert not [line for line in server.said if "unexpected error" in line]
