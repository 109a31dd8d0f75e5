"""Three sites as they are at different times: a first visit, a library in use, and a server for many."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from tests.e2e.site import Site, run_site

TRY_ON = "/api/v1/tryon"
WAITED_MS = 60_000


@dataclass
class World:
    """``empty``: nobody was here yet. ``full``: pictures, fittings, favourites, a trash. ``server``: for many."""

    empty: Site
    full: Site
    server: Site
    photos: dict[str, Path]
    """Of ``full``: ``person``, and garments by name."""
    images: dict[str, str] = field(default_factory=dict)
    """Ids in the library of ``full``, by the same names; ``batch``: the name of a batch."""

    def site(self, name: str) -> Site:
        """By its name."""
        return {"empty": self.empty, "full": self.full, "server": self.server}[name]

    def rest(self) -> None:
        """Stop what a window has left running in ``full``."""
        with self.full.client() as client:
            for task in client.get("/api/v1/tasks", params={"status": "running"}).json().get("items", []):
                client.post(f"/api/v1/tasks/{task['id']}/cancel")


@contextmanager
def make_world(folder: Path, photos: dict[str, Path]) -> Iterator[World]:
    """The three sites, running."""
    settings = {"engine": "instant", "sandbox_on": "1"}
    with ExitStack() as running:
        empty, full = (running.enter_context(run_site(folder / name, **settings)) for name in ("empty", "full"))
        server = running.enter_context(run_site(folder / "server", "--mode", "server", engine="instant"))
        world = World(empty, full, server, photos)
        fill(world)
        yield world


def fill(world: World) -> None:
    """Put pictures into ``full``, try some on, like one, throw one away, let one fitting fail, and draw a batch."""
    for name, path in world.photos.items():
        category = "char" if name in {"person", "another", "nobody"} else "clothes"
        world.images[name] = str(world.full.add(path, category=category)[0]["id"])
    with world.full.client() as client:
        ask = _asker(client, world.images["person"])
        garments = [name for name in world.photos if name not in {"person", "another", "nobody"}]
        for name in garments[:3]:
            ask(world.images[name])
        ask(world.images[garments[0]], engine="sandbox", options={"fail": "content_refused"})
        client.put(f"/api/v1/library/images/{world.images[garments[1]]}/favorite").raise_for_status()
        world.images["batch"] = ask_for_batch(client)
        gone = world.full.add_bytes("old.png", world.photos[garments[-1]].read_bytes() + b"\0", "clothes")["id"]
        client.delete(f"/api/v1/library/images/{gone}").raise_for_status()


def ask_for_batch(client: httpx.Client) -> str:
    """The name of a batch that has ended, of which one prompt has failed."""
    prompts = [
        "A white cotton shirt on a hanger, soft daylight, plain background",
        "The same shirt in navy blue, worn by a woman in her thirties, half length",
        "sandbox: fail=prompt_refused A shirt with the name of a famous brand",
        "A folded linen shirt on a wooden table, seen from above",
        "A white cotton shirt on a hanger, soft daylight, plain background",
    ]
    body = {"prompts": prompts, "provider": "sandbox", "aspect_ratio": "3:4"}
    made = client.post("/api/v1/images/batch-generate", json=body).raise_for_status().json()
    wait_for(client, made["task_id"])
    return str(made["batch_name"])


def _asker(client: httpx.Client, person: str) -> Callable[..., Any]:
    def ask(garment: str, **more: Any) -> Any:
        body = {"human_image": person, "garment_image": garment, **more}
        answer = client.post(TRY_ON, json=body).raise_for_status().json()
        task = answer["task_id"] if "task_id" in answer else answer["id"]
        wait_for(client, task)
        return answer

    return ask


def wait_for(client: httpx.Client, task: str) -> dict[str, Any]:
    """The task once it has ended."""
    end = time.monotonic() + WAITED_MS / 1000
    while time.monotonic() < end:
        state: dict[str, Any] = client.get(f"/api/v1/tasks/{task}").raise_for_status().json()
        if state["status"] in {"succeeded", "failed", "cancelled"}:
            return state
        time.sleep(0.1)
    raise AssertionError(f"task {task} has not ended")
