"""What the image studio adds to the service that draws for it. ``python -m benchmarks.studio [--times 30]``.

The real server over an empty folder, asked as clients ask it, and a fake of Gemini's service over a real socket, whose
pictures are drawn at once. Each figure stands beside its floor, measured in the same run:

- *asked*: a picture is asked for, until 202; beside it one task read over the same connection.
- *told*: from when the service has sent its answer to the WebSocket's message with the result, so decoding, signing,
  thumbnails, files and the transaction; beside it what the service itself took to answer.
- *batch*: 100 pictures of 1K from the service's word that it is done to the end of the task; beside it the same
  pictures made into signed files with their thumbnails and written durably, one by one, and nothing else.
- *listed*: a page of the studio's tasks where there are 10,000; beside it one task.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from benchmarks._table import Row, machine, show
from sqlalchemy import create_engine, insert
from tests.fakes.gemini import KEY, FakeGemini
from tests.fakes.serving import Exchange
from tests.live import serve
from websockets.asyncio.client import ClientConnection, connect

from vtonlab.db.base import new_id, now
from vtonlab.engines.generating import GenerateResult
from vtonlab.generation.pictures import finish
from vtonlab.imaging.read import read_picture
from vtonlab.imaging.signing import Signer, open_signer
from vtonlab.tasks.models import Task

BATCH = 100
LISTED = 10_000
WARM = 3


class Clocked(FakeGemini):
    """Remembers when it had sent each answer, and what it had taken until then; and when it first said that a batch is
    done."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = 1.0
        self.batch.polls = 1
        self.sent: list[tuple[float, float]] = []
        self.done_at = 0.0

    def post(self, exchange: Exchange) -> None:
        begun = time.perf_counter()
        super().post(exchange)
        self.sent.append((begun, time.perf_counter()))

    def get(self, exchange: Exchange) -> None:
        super().get(exchange)
        if exchange.path.startswith("/v1/batches/") and not self.done_at:
            batch = self.batches.all.get(exchange.path.removeprefix("/v1/"))
            if batch is not None and batch.pictures:
                self.done_at = time.perf_counter()


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=30)
    chosen = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as folder, Clocked() as fake:
        settings: dict[str, Any] = {
            "data": folder,
            "gemini_url": fake.address,
            "gemini_api_key": KEY,
            "remote_budget": "0",
            "garment_kinds": "0",
        }
        with serve("--mode", "local", **settings) as server:
            asyncio.run(measure(server.address, Path(folder), fake, chosen.times))


async def measure(address: str, folder: Path, fake: Clocked, times: int) -> None:
    async with httpx.AsyncClient(base_url=address, timeout=60, trust_env=False) as client:
        entered = await client.post("/api/v1/auth/local", headers={"Origin": address, "Sec-Fetch-Site": "same-origin"})
        entered.raise_for_status()
        cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        socket = address.replace("http", "ws", 1) + "/api/v1/ws/tasks"
        async with connect(socket, additional_headers={"Cookie": cookie, "Origin": address}) as heard:
            show("studio", await measure_single(client, heard, fake, times))
            show("batch", await measure_batch(client, heard, fake, folder))
        user_id = entered.json()["user"]["user_id"]
        show("lists", await measure_lists(client, folder, user_id, times))


async def measure_single(client: httpx.AsyncClient, heard: ClientConnection, fake: Clocked, times: int) -> list[Row]:
    asked, told, service, ids = [], [], [], []
    for number in range(times + WARM):
        begun = time.perf_counter()
        answer = await client.post("/api/v1/images/generate", json={"prompt": f"a coat {number}"})
        asked.append(time.perf_counter() - begun)
        answer.raise_for_status()
        ids.append(answer.json()["id"])
        ended = await until_ended(heard, ids[-1])
        begun, sent = fake.sent[-1]
        told.append(ended - sent)
        service.append(sent - begun)
    one = await repeat(times, lambda: client.get(f"/api/v1/tasks/{ids[-1]}"))
    asked, told, service = asked[WARM:], told[WARM:], service[WARM:]
    return [
        Row("asked: POST generate, until 202", milliseconds(asked), "", None, against("one task read", asked, one)),
        Row(
            "told: the service's answer sent, until the message",
            milliseconds(told),
            "",
            None,
            against("the service's own time", told, service),
        ),
    ]


async def measure_batch(client: httpx.AsyncClient, heard: ClientConnection, fake: Clocked, folder: Path) -> list[Row]:
    prompts = [f"coat {number}" for number in range(BATCH)]
    answer = await client.post("/api/v1/images/batch-generate", json={"prompts": prompts})
    answer.raise_for_status()
    ended = await until_ended(heard, answer.json()["task_id"])
    taken = ended - fake.done_at
    (batch,) = fake.batches.all.values()
    floor = await asyncio.to_thread(write_all, list(batch.pictures.values()), open_signer(folder / "signing"))
    size = sum(map(len, batch.pictures.values())) / 1e6
    return [
        Row(
            f"batch: {BATCH} pictures of 1K ({size:.0f} MB as they come)",
            f"{taken:.1f} s, {BATCH / taken:.1f} pictures a second",
            "",
            None,
            f"{taken / floor:.2f} x the files signed and written one by one ({floor:.1f} s)",
        )
    ]


async def measure_lists(client: httpx.AsyncClient, folder: Path, user_id: str, times: int) -> list[Row]:
    task_id = fill(folder, user_id)
    one = await repeat(times, lambda: client.get(f"/api/v1/tasks/{task_id}"))
    rows = []
    for what, more in (("first page", {}), ("page 400", {"page": 400}), ("batches, none there", {"kind": "batch"})):
        asked: dict[str, Any] = {"page_size": 20, **more}
        taken = await repeat(times, lambda asked=asked: client.get("/api/v1/images", params=asked))  # type: ignore[misc]
        rows.append(
            Row(f"listed: {what} of {LISTED} tasks", milliseconds(taken), "", None, against("one task", taken, one))
        )
    return rows


def fill(folder: Path, user_id: str) -> str:
    """Rows of pictures that were drawn; the id of one."""
    engine = create_engine(f"sqlite:///{folder / 'vtonlab.db'}", connect_args={"timeout": 60})
    moment = now() - timedelta(days=1)
    rows = []
    for number in range(LISTED):
        at = moment + timedelta(seconds=number)
        picture = {"image_id": new_id(), "url": "/api/user/x/images/generated/x.png", "width": 1024, "height": 1024}
        rows.append(
            {
                "task_id": new_id(),
                "user_id": user_id,
                "kind": "generate",
                "lane": "gemini",
                "status": "succeeded",
                "progress": 1.0,
                "parameters": {"prompt": f"a coat {number} " * 20, "provider": "gemini", "resolution": "1K"},
                "result": {"images": [picture], "price": 0.05},
                **dict.fromkeys(("created_at", "updated_at", "run_at", "started_at", "finished_at"), at),
            }
        )
    with engine.begin() as connection:
        connection.execute(insert(Task), rows)
    engine.dispose()
    return str(rows[0]["task_id"])


def write_all(pictures: list[bytes], signer: Signer) -> float:
    """Seconds to make the files of these pictures, and to write them durably."""
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        for number, data in enumerate(pictures):
            made = finish(GenerateResult(np.asarray(read_picture(data)), "gemini", "m"), signer)
            for name, content in (("", made.data), *((f"_{size}", small) for size, small in made.thumbnails.items())):
                with (Path(folder) / f"{number}{name}").open("wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
    return time.perf_counter() - begun


async def until_ended(heard: ClientConnection, task_id: str) -> float:
    """When the message came that the task has succeeded."""
    async with asyncio.timeout(300):
        while True:
            message = json.loads(await heard.recv())
            if message.get("task_id") == task_id and message["status"] in {"succeeded", "failed", "cancelled"}:
                assert message["status"] == "succeeded", message
                return time.perf_counter()


async def repeat(times: int, work: Callable[[], Awaitable[httpx.Response]]) -> list[float]:
    """Seconds of each of so many times, after a few that do not count."""
    taken = []
    for _ in range(times + WARM):
        begun = time.perf_counter()
        (await work()).raise_for_status()
        taken.append(time.perf_counter() - begun)
    return taken[WARM:]


def milliseconds(taken: list[float]) -> str:
    return f"{1e3 * statistics.median(taken):.1f} ms (best {1e3 * min(taken):.1f})"


def against(name: str, taken: list[float], floor: list[float]) -> str:
    middle = statistics.median(floor)
    return f"{statistics.median(taken) / middle:.1f} x {name} ({1e3 * middle:.1f} ms)"


if __name__ == "__main__":
    main()
