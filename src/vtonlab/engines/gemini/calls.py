"""Talking to the service, through Google's own client library."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import httpx

from vtonlab.engines.gemini.prompt import Prompt
from vtonlab.engines.gemini.setup import Setup
from vtonlab.engines.line import certificates

if TYPE_CHECKING:
    from google.genai import Client, types

API_VERSION: Final = "v1"


class Refused(Exception):
    """The service answered with an error. ``details``: its JSON."""

    def __init__(self, code: int, status: str, message: str, details: Any) -> None:
        super().__init__(f"{code} {status}")
        self.code = code
        self.status = status
        self.message = message
        self.details = details


class Garbled(Exception):
    """The service answered with something that its own client library does not understand."""


async def draw(http: httpx.AsyncClient, setup: Setup, prompt: Prompt) -> types.GenerateContentResponse:
    """What the service answers to ``prompt``.

    Asked once: whoever gets no answer does not know whether the picture was made, and paid. (The library's own
    `HttpRetryOptions` asks again after time-outs too, whatever status codes it is given; its default, aiohttp where
    that is installed, does so after a lost connection even without them. Hence neither: ``http`` is our own client.)

    Raises :class:`Refused`, :class:`Garbled`, ``TimeoutError`` and the errors of httpx.
    """
    with talk(http, setup) as client:
        async with asyncio.timeout(setup.seconds):
            return await client.aio.models.generate_content(
                model=prompt.model or setup.model, contents=make_contents(prompt), config=make_config(prompt)
            )


async def list_models(http: httpx.AsyncClient, setup: Setup, seconds: float) -> list[types.Model]:
    """All models of the service, which may take ``seconds`` to answer. Raises as :func:`draw`."""
    with talk(http, setup) as client:  # loading the library may take longer than the service
        async with asyncio.timeout(seconds):
            return [model async for model in await client.aio.models.list(config={"page_size": 1000})]


@contextmanager
def talk(http: httpx.AsyncClient, setup: Setup) -> Iterator[Client]:
    """Google's client, talking through ``http``; its errors become :class:`Refused` and :class:`Garbled`."""
    from google.genai import errors

    try:
        # The second one talks to nobody: without it the library makes one, slowly, with certificates of its own.
        with httpx.Client(verify=certificates()) as idle:
            yield make_client(http, idle, setup)
    except errors.APIError as error:
        raise Refused(error.code, error.status or "", error.message or "", error.details) from error
    except (ValueError, KeyError) as error:  # not JSON, or JSON of another form
        raise Garbled from error


def make_client(http: httpx.AsyncClient, idle: httpx.Client, setup: Setup) -> Client:
    """Google's client, talking through ``http``; nothing is taken from the environment."""
    from google.genai import Client, types

    options = types.HttpOptions(
        base_url=setup.address,
        api_version=API_VERSION,
        timeout=round(setup.seconds * 1000),
        httpx_async_client=http,
        httpx_client=idle,
        retry_options=None,
    )
    return Client(api_key=setup.key, vertexai=False, http_options=options)


def make_contents(prompt: Prompt) -> types.Content:
    """The words and pictures, as the library takes them."""
    from google.genai import types

    parts = [
        types.Part.from_text(text=part)
        if isinstance(part, str)
        else types.Part.from_bytes(data=part, mime_type="image/jpeg")
        for part in prompt.parts
    ]
    return types.Content(role="user", parts=parts)


def make_config(prompt: Prompt) -> types.GenerateContentConfig:
    """Shape, size and seed, as the library takes them."""
    from google.genai import types

    # 1K is what every model draws unasked, and some know no other word for it.
    size = None if prompt.size == "1K" else prompt.size
    return types.GenerateContentConfig(
        response_modalities=["IMAGE"],
        image_config=types.ImageConfig(aspect_ratio=prompt.ratio, image_size=size),
        seed=prompt.seed,
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
    )
