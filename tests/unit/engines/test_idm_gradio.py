"""The engine `idm_vton` against the Gradio that is installed, in a process that is killed, stopped and started."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image
from tests.fakes.errand import Listener
from tests.fakes.gradio_server import NAME, PASSWORD, PLACES, GradioServer, gradio_server
from tests.fakes.idm import PERSON, ask, make_engine, where_painted

from vtonlab.engines.contract import HealthStatus
from vtonlab.engines.idm_vton import engine as story
from vtonlab.errors import (
    Cancelled,
    EngineBusy,
    EngineFailed,
    EngineUnavailable,
    KeyRefused,
    NotThatService,
    OutOfGpuMemory,
    PoseNotRecognised,
    ServiceNotRunning,
    VtonError,
)


@pytest.fixture(scope="module")
def process() -> Iterator[GradioServer]:
    with gradio_server() as server:
        yield server


@pytest.fixture
def server(process: GradioServer) -> GradioServer:
    """Running, also when the test before this one ended it."""
    process.start()
    return process


@pytest.mark.parametrize("form", ["files", "data"])
def test_both_published_interfaces(server: GradioServer, form: str) -> None:
    photo = np.asarray(Image.fromarray(PERSON).resize((420, 300)))
    engine = make_engine(f"{server.address}/{form}")
    health = engine.health()
    assert health.status is HealthStatus.OK, health
    listener = Listener()
    result = engine.try_on(ask(photo, description="slow:1.6"), listener)
    wanted = where_painted(photo) > 127
    assert ((result.mask > 127) != wanted).mean() < 0.02
    assert (result.image[result.mask <= 127] == photo[result.mask <= 127]).all()
    assert (result.image != photo).any(axis=2)[wanted].mean() > 0.9
    assert result.notes == ()
    assert any(stage.startswith("remote_work done=") and " of=8" in stage for _, stage in listener.heard)


@pytest.mark.parametrize("form", ["files", "data"])
@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("fail:CUDA out of memory", OutOfGpuMemory),
        ("crash:list index out of range", PoseNotRecognised),
        ("fail:something else", EngineFailed),
        ("nothing", EngineFailed),
        ("garbage", EngineFailed),
        ("wide", EngineFailed),
    ],
)
def test_failures(server: GradioServer, form: str, words: str, kind: type[VtonError]) -> None:
    with pytest.raises(kind) as caught:
        make_engine(f"{server.address}/{form}").try_on(ask(description=words))
    assert type(caught.value) is kind


def test_an_own_mask(server: GradioServer) -> None:
    mask = np.zeros(PERSON.shape[:2], np.uint8)
    mask[200:400, 150:300] = 255
    result = make_engine(f"{server.address}/files").try_on(ask(mask=mask, auto_mask=False))
    assert (result.mask == mask).all()
    changed = (result.image != PERSON).any(axis=2)
    assert not changed[mask == 0].any()
    assert changed[mask > 0].mean() > 0.9
    result = make_engine(f"{server.address}/data").try_on(ask(mask=mask))
    assert [note.code for note in result.notes] == ["mask_kept_here"]
    assert not (result.image != PERSON).any(axis=2)[mask == 0].any()


def test_names_and_passwords(server: GradioServer) -> None:
    url = f"{server.address}/locked"
    for token, status in (("", HealthStatus.NOT_SET_UP), (f"{NAME}:wrong", HealthStatus.DOWN)):
        engine = make_engine(url, token=token)
        assert engine.health().status is status
        with pytest.raises(KeyRefused):
            engine.try_on(ask())
    engine = make_engine(url, token=f"{NAME}:{PASSWORD}")
    assert engine.health().status is HealthStatus.OK
    assert engine.try_on(ask()).image.shape == PERSON.shape


@pytest.mark.parametrize("path", ["/other", "/nowhere", ""])
def test_something_else(server: GradioServer, path: str) -> None:
    engine = make_engine(server.address + path)
    assert engine.health().status is HealthStatus.DOWN
    with pytest.raises(NotThatService):
        engine.try_on(ask())


def test_the_queue(server: GradioServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """One is worked on, as many wait as there are places, the next one is told that there is none; who stops waiting
    makes room."""
    monkeypatch.setattr(story, "FULL_SECONDS", (0.2,))
    engine = make_engine(f"{server.address}/files")
    stop = threading.Event()
    heard: list[list[str]] = [[] for _ in range(1 + PLACES)]

    def wait(number: int) -> None:
        def report(_: float, stage: str) -> None:
            heard[number].append(stage)
            if stop.is_set():
                raise Cancelled

        with pytest.raises(Cancelled):
            engine.try_on(ask(description="slow:30"), report)

    with ThreadPoolExecutor(1 + PLACES) as threads:
        waiting = [threads.submit(wait, 0)]
        until(lambda: any("remote_work" in stage for stage in heard[0]))
        waiting += [threads.submit(wait, number) for number in range(1, 1 + PLACES)]
        until(lambda: all(any("remote_queue" in stage for stage in stages) for stages in heard[1:]))
        with pytest.raises(EngineBusy):
            engine.try_on(ask())
        stop.set()
        for one in waiting:
            one.result(20)
    places = {stage.partition(" ")[2].partition(" ")[0] for stages in heard[1:] for stage in stages if "queue" in stage}
    assert {"position=1", "position=2"} <= places
    began = time.monotonic()
    assert engine.try_on(ask()).image.shape == PERSON.shape, "their places are free again"
    assert time.monotonic() - began < 20, "and what ran for 30 s holds none"


def test_killed_while_it_works_and_started_again(server: GradioServer) -> None:
    engine = make_engine(f"{server.address}/files")

    def kill(_: float, stage: str) -> None:
        if stage.startswith("remote_work done="):
            server.kill()

    with pytest.raises(EngineUnavailable) as caught:
        engine.try_on(ask(description="slow:30"), kill)
    assert caught.value.retryable
    assert engine.health().status is HealthStatus.DOWN
    with pytest.raises(ServiceNotRunning):
        engine.try_on(ask())
    server.start()
    assert engine.health().status is HealthStatus.OK
    assert engine.try_on(ask()).image.shape == PERSON.shape


def test_frozen_while_it_works(server: GradioServer) -> None:
    engine = make_engine(f"{server.address}/files")
    assert engine.health().status is HealthStatus.OK
    stopped: list[float] = []

    def freeze(_: float, stage: str) -> None:
        if stage.startswith("remote_work") and not stopped:
            server.freeze()
            stopped.append(time.monotonic())
            assert engine.health().status is HealthStatus.DOWN
        elif stopped:
            raise Cancelled

    try:
        with pytest.raises(Cancelled):
            engine.try_on(ask(description="slow:30"), freeze)
        assert time.monotonic() - stopped[0] < 15, "nobody waits for a service that hangs"
    finally:
        server.thaw()
    until(lambda: engine.health().status is HealthStatus.OK)


def until(condition: object, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:  # type: ignore[operator]
        time.sleep(0.05)
    assert condition()  # type: ignore[operator]
