"""The service's batches, through Google's own client library: handed in inline, or as a file where they are large."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx

from vtonlab.engines.gemini.calls import make_config, make_contents, talk
from vtonlab.engines.gemini.prompt import Prompt
from vtonlab.engines.gemini.setup import Setup
from vtonlab.engines.gemini.spool import Spool

if TYPE_CHECKING:
    from google.genai import types

MOST_INLINE: Final = 20_000_000
"""Bytes of a batch that is handed in as one request; larger ones go as a file."""
TRANSFER_SECONDS: Final = 1800.0
"""For a file to be sent or fetched."""
PAGE: Final = 100
"""Batches on a page of the list of all."""


@dataclass(frozen=True)
class Told:
    """A batch as the service tells of it. ``state``: ``JOB_STATE_…``; ``finished``: prompts; ``error``: why it failed
    as a whole; ``answers``: one for each prompt, in any order, or ``file``: the name of the file with them."""

    state: str
    finished: int
    error: Mapping[str, Any] | None
    answers: Sequence[Mapping[str, Any]]
    file: str | None


def weigh(prompts: Sequence[Prompt]) -> int:
    """About how many bytes the prompts are on the wire, rather too many: words may be escaped, pictures are base64."""
    return sum(2 * prompt.weight - sum(len(data) for data in prompt.pictures) * 2 // 3 + 512 for prompt in prompts)


async def upload(http: httpx.AsyncClient, setup: Setup, title: str, prompts: Sequence[Prompt]) -> str:
    """Send the prompts as a file, one in a line; the file's name at the service. Raises as
    :func:`vtonlab.engines.gemini.calls.draw`."""
    with tempfile.TemporaryDirectory(prefix="vtonlab-") as folder:
        path = Path(folder) / "batch.jsonl"
        with path.open("w", encoding="utf-8") as file:
            for index, prompt in enumerate(prompts):
                file.write(json.dumps({"key": str(index), "request": write_request(prompt)}) + "\n")
        with talk(http, setup) as client:
            async with asyncio.timeout(TRANSFER_SECONDS):
                sent = await client.aio.files.upload(
                    file=str(path), config={"mime_type": "jsonl", "display_name": title}
                )
            return _name_of(sent)


async def create(http: httpx.AsyncClient, setup: Setup, title: str, prompts: Sequence[Prompt], file: str) -> str:
    """Hand the batch in, ``prompts`` themselves where there is no ``file`` of them; what the service calls it.

    Asked once, as :func:`vtonlab.engines.gemini.calls.draw`, and raises as that does.
    """
    from google.genai import types

    with talk(http, setup) as client:
        source = types.BatchJobSource(file_name=file) if file else _inline(prompts)
        async with asyncio.timeout(setup.seconds):
            job = await client.aio.batches.create(model=prompts[0].model, src=source, config={"display_name": title})
        return _name_of(job)


async def find(http: httpx.AsyncClient, setup: Setup, title: str) -> str:
    """What the service calls the batch that we called ``title``; empty where it has none."""
    with talk(http, setup) as client:
        async with asyncio.timeout(setup.seconds):
            async for job in await client.aio.batches.list(config={"page_size": PAGE}):
                if job.display_name == title:
                    return _name_of(job)
    return ""


async def ask(http: httpx.AsyncClient, setup: Setup, remote_id: str, spool: Spool) -> Told:
    """How the batch stands, and what it answered. ``spool`` listens to ``http``."""
    with talk(http, setup) as client:
        async with asyncio.timeout(TRANSFER_SECONDS):
            job = await client.aio.batches.get(name=remote_id)
        # The library drops what is counted, and what went wrong.
        heard = spool.heard if isinstance(spool.heard, dict) else {}
        about = heard.get("metadata") or {}
        counts = about.get("batchStats") or {}
        output = about.get("output") or heard.get("response") or {}
        return Told(
            state=str(getattr(job.state, "value", job.state) or ""),
            finished=sum(int(counts.get(f"{name}RequestCount", 0)) for name in ("successful", "failed")),
            error=heard.get("error"),
            answers=(output.get("inlinedResponses") or {}).get("inlinedResponses") or (),
            file=job.dest.file_name if job.dest is not None else None,
        )


async def download(http: httpx.AsyncClient, setup: Setup, file: str) -> list[Mapping[str, Any]]:
    """The answers in a file of the service, their pictures left to the spool that listens to ``http``."""
    with tempfile.TemporaryDirectory(prefix="vtonlab-") as folder:
        path = Path(folder) / "answers.jsonl"
        with talk(http, setup) as client:
            async with asyncio.timeout(TRANSFER_SECONDS):
                await client.aio.files.download(file=file, destination=str(path))
            return list(_read_lines(path))


async def cancel(http: httpx.AsyncClient, setup: Setup, remote_id: str) -> None:
    """Ask the service to stop."""
    with talk(http, setup) as client:
        async with asyncio.timeout(setup.seconds):
            await client.aio.batches.cancel(name=remote_id)


def write_request(prompt: Prompt) -> dict[str, Any]:
    """A request as it stands in a file."""
    form: dict[str, Any] = {"mode": "json", "by_alias": True, "exclude_none": True}
    chosen = {"response_modalities", "image_config", "seed"}
    return {
        "contents": [make_contents(prompt).model_dump(**form)],
        "generationConfig": make_config(prompt).model_dump(include=chosen, **form),
    }


def _name_of(thing: types.File | types.BatchJob) -> str:
    """What the service calls it. Raises ``ValueError``."""
    if not thing.name:
        raise ValueError("an answer without a name")
    return thing.name


def _inline(prompts: Sequence[Prompt]) -> Any:
    from google.genai import types

    return types.BatchJobSource(
        inlined_requests=[
            types.InlinedRequest(
                contents=make_contents(prompt), config=make_config(prompt), metadata={"key": str(index)}
            )
            for index, prompt in enumerate(prompts)
        ]
    )


def _read_lines(path: Path) -> Iterator[Mapping[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.strip():
                yield json.loads(line)
