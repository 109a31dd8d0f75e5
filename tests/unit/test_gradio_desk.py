"""Behind the door, without Gradio: who waits, who is stopped, and what clients' arguments come to."""

from __future__ import annotations

import asyncio
import base64
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vtonlab.engines import registry
from vtonlab.engines.contract import (
    Capabilities,
    Health,
    HealthStatus,
    Options,
    Report,
    TryOnRequest,
    TryOnResult,
    silent,
)
from vtonlab.errors import (
    BadOption,
    BadRequest,
    BudgetSpent,
    Cancelled,
    EngineBusy,
    EngineFault,
    ImageTooLarge,
    ImageTooSmall,
    ImageUnreadable,
    MaskNeeded,
    NotForCommerce,
    Text,
)
from vtonlab.gradio_app import Offer
from vtonlab.gradio_app.desk import Asked, Desk
from vtonlab.gradio_app.forms import Form, grey_out, read_data_url, take_editor, take_file
from vtonlab.gradio_app.sweep import sweep, sweep_on_and_on
from vtonlab.imaging.mannequin import draw_person, draw_shirt
from vtonlab.imaging.write import encode_picture
from vtonlab.settings import Settings

PERSON, GARMENT = encode_picture(draw_person(), ".png"), encode_picture(draw_shirt(), ".png")


class Tailor:
    """An engine that does what a test tells it to."""

    name = "tailor"
    title = Text("Tailor", "裁缝")

    class Options(Options):
        """Some of what clients send."""

        auto_mask: bool = True
        denoise_steps: int = 20
        thread: str = "silk"

    def __init__(self, work: Callable[[TryOnRequest, Report], None], **capabilities: Any) -> None:
        self.capabilities = Capabilities(**capabilities)
        self.asked: list[TryOnRequest] = []
        self._work = work

    def health(self) -> Health:
        return Health(HealthStatus.OK, Text("here", "在"))

    def try_on(self, request: TryOnRequest, report: Report = silent) -> TryOnResult:
        self.asked.append(request)
        self._work(request, report)
        return TryOnResult(request.person, np.zeros(request.person.shape[:2], np.uint8), self.name)


Hire = Callable[..., tuple[Desk, Tailor]]


@pytest.fixture
def hire(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hire]:
    """A desk with a tailor whose ``work`` is given, and that has those capabilities."""
    desks = []

    def make(
        work: Callable[[TryOnRequest, Report], None] = lambda *_: None,
        settings: Settings | None = None,
        options: dict[str, Any] | None = None,
        **capabilities: Any,
    ) -> tuple[Desk, Tailor]:
        tailor = Tailor(work, **capabilities)
        monkeypatch.setattr(registry, "get", lambda _: tailor)
        desks.append(Desk(settings or Settings(workers=1), Offer("tailor", waiting=1, options=options or {})))
        return desks[-1], tailor

    yield make
    for desk in desks:
        desk.close()


async def never() -> bool:
    return False


def make_asked(**changes: Any) -> Asked:
    usual: dict[str, Any] = {"mask": None, "auto_mask": True, "description": "red", "options": {}}
    return Asked(draw_person(), draw_shirt(), **(usual | changes))


async def fit(desk: Desk, gone: Callable[[], Any] = never, **changes: Any) -> TryOnResult:
    return await desk.fit(lambda: make_asked(**changes), lambda _, made, png: made, silent, gone)


@pytest.mark.anyio
async def test_an_engine_gets_what_it_knows_and_no_more(hire: Hire) -> None:
    desk, tailor = hire(options={"thread": "wool"})
    await fit(desk, options={"denoise_steps": 30, "seed": 42, "auto_crop": False})
    assert tailor.asked[0].options == {"auto_mask": True, "denoise_steps": 30, "thread": "wool"}
    assert tailor.asked[0].description == ""
    mask = np.full((512, 384), 255, np.uint8)
    await fit(desk, auto_mask=False, mask=mask)
    assert tailor.asked[1].mask is None, "one that takes no mask finds out by itself"
    desk, tailor = hire(mask=True, description=True)
    await fit(desk, auto_mask=False, mask=mask, options={"denoise_steps": None})
    assert tailor.asked[0].options == {"auto_mask": False}
    assert tailor.asked[0].mask is mask
    assert tailor.asked[0].description == "red"
    await fit(desk, auto_mask=True, mask=mask)
    assert tailor.asked[1].mask is None
    for nothing in (None, np.zeros_like(mask)):
        with pytest.raises(MaskNeeded):
            await fit(desk, auto_mask=False, mask=nothing)


@pytest.mark.anyio
async def test_whoever_comes_when_all_places_are_taken_is_told_so(hire: Hire) -> None:
    go = threading.Event()
    desk, _ = hire(lambda *_: go.wait(30) and None)
    inside = [asyncio.create_task(fit(desk)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(EngineBusy):
        await fit(desk)
    go.set()
    await asyncio.gather(*inside)
    await fit(desk)


def make_watcher() -> tuple[Callable[[TryOnRequest, Report], None], threading.Event, threading.Event]:
    begun, stopped = threading.Event(), threading.Event()

    def work(_: TryOnRequest, report: Report) -> None:
        begun.set()
        try:
            for _step in range(3000):
                report(0.5, "sew")
                threading.Event().wait(0.01)
        except Cancelled:
            stopped.set()
            raise

    return work, begun, stopped


@pytest.mark.anyio
async def test_whoever_cancels_stops_the_engine(hire: Hire) -> None:
    work, begun, stopped = make_watcher()
    desk, _ = hire(work)
    task = asyncio.create_task(fit(desk))
    assert await asyncio.to_thread(begun.wait, 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(stopped.wait, 30)


@pytest.mark.anyio
async def test_whoever_hangs_up_stops_the_engine(hire: Hire) -> None:
    work, begun, stopped = make_watcher()
    desk, _ = hire(work)

    async def gone() -> bool:
        return begun.is_set()

    with pytest.raises(Cancelled):
        await fit(desk, gone)
    assert stopped.is_set()


@pytest.mark.anyio
async def test_closing_stops_the_engine_and_drops_who_waits(hire: Hire) -> None:
    work, begun, stopped = make_watcher()
    desk, tailor = hire(work)
    tasks = [asyncio.create_task(fit(desk)) for _ in range(2)]
    assert await asyncio.to_thread(begun.wait, 30)
    await asyncio.to_thread(desk.close)
    assert stopped.is_set()
    assert all(isinstance(end, Cancelled) for end in await asyncio.gather(*tasks, return_exceptions=True))
    assert len(tailor.asked) == 1


@pytest.mark.anyio
async def test_a_fault_of_the_engine_is_told_without_its_words(hire: Hire, caplog: pytest.LogCaptureFixture) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("key=s3cr3t at /home/somebody")

    desk, _ = hire(fail)
    with pytest.raises(EngineFault) as caught:
        await fit(desk)
    assert "s3cr3t" not in caught.value.say() + caught.value.advise()
    assert "the engine 'tailor' failed" in caplog.text


@pytest.mark.anyio
async def test_paid_pictures_end_with_the_days_budget_and_licences_are_kept(hire: Hire) -> None:
    def buy(request: TryOnRequest, _: Report) -> None:
        assert request.errand is not None
        request.errand.leaving("api.example", 2, 1000, 0.4)
        request.errand.keep("7")
        assert request.errand.remote_id == "7"

    desk, _ = hire(buy, Settings(remote_budget=1.0), waits=True, is_paid=True)
    await fit(desk)
    await fit(desk)
    with pytest.raises(BudgetSpent):
        await fit(desk)
    desk, tailor = hire(settings=Settings(commercial=True, workers=1), commercial_use=False)
    with pytest.raises(NotForCommerce):
        await fit(desk)
    assert not tailor.asked


def test_engines_that_only_wait_have_more_places(hire: Hire) -> None:
    assert hire()[0].workers == 1
    assert hire(settings=Settings(remote_workers=9), waits=True)[0].workers == 9
    assert hire(settings=Settings(engine_concurrency={"tailor": 3}), waits=True)[0].workers == 3


def test_only_an_engine_of_this_machine_is_warmed_up(hire: Hire) -> None:
    for capabilities, made in (({}, 1), ({"waits": True}, 0), ({"remote_host": "api.example"}, 0)):
        desk, tailor = hire(**capabilities)
        desk.warm_up()
        desk._pool.submit(lambda: None).result(30)
        assert len(tailor.asked) == made


def test_files_are_forgotten_when_they_are_old_enough(tmp_path: Path) -> None:
    for name in ("a/old.png", "b/new.png"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "empty").mkdir()
    kept = (tmp_path / "b/new.png").stat().st_ctime
    sweep(tmp_path, kept - 60)
    assert (tmp_path / "a/old.png").exists()
    sweep(tmp_path, kept + 60)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    sweep(tmp_path, time.time() + 60)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.anyio
async def test_sweeping_goes_on_until_it_is_told_to_end(tmp_path: Path) -> None:
    sweeping = asyncio.create_task(sweep_on_and_on(tmp_path, every=0.02, age=0))
    for _ in range(2):
        (tmp_path / "a.png").write_bytes(b"x")
        for _wait in range(500):
            if not (tmp_path / "a.png").exists():
                break
            await asyncio.sleep(0.02)
        assert not (tmp_path / "a.png").exists()
    sweeping.cancel()


# --- what clients send -----------------------------------------------------------------------------------------------


def make_form(**changes: Any) -> Form:
    usual: dict[str, Any] = {
        "person": PERSON, "garment": GARMENT, "layers": (), "description": "a shirt", "auto_mask": True,
        "auto_crop": False, "steps": 30, "seed": 42,
    }  # fmt: skip
    return Form(**(usual | changes))


def test_a_form_is_read_as_it_is_meant() -> None:
    asked = make_form().read(Settings())
    assert asked.person.shape == draw_person().shape
    assert asked.options == {"auto_crop": False, "denoise_steps": 30, "seed": 42}
    assert make_form(steps=None, seed=None, description=None).read(Settings()).options["seed"] is None
    assert make_form(seed=-1).read(Settings()).options["seed"] is None
    assert make_form(steps="25", seed=7.0).read(Settings()).options == {
        "auto_crop": False, "denoise_steps": 25, "seed": 7
    }  # fmt: skip
    for value, meant in ((True, True), ("true", True), (1, True), ("False", False), (0, False), (None, False)):
        assert make_form(auto_mask=value).read(Settings()).auto_mask is meant
    assert len(make_form(description="x" * 9999).read(Settings()).description) == 2000


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"person": None}, BadRequest),
        ({"garment": b"no picture"}, ImageUnreadable),
        ({"person": PERSON[:200]}, ImageUnreadable),
        ({"person": encode_picture(np.zeros((20, 20, 3), np.uint8), ".png")}, ImageTooSmall),
        ({"person": encode_picture(np.zeros((400, 400, 3), np.uint8), ".png")}, ImageTooLarge),
        ({"steps": 51}, BadOption),
        ({"steps": [30]}, BadOption),
        ({"seed": "nan"}, BadOption),
        ({"seed": float("inf")}, BadOption),
        ({"layers": (b"no picture",)}, ImageUnreadable),
    ],
)
def test_what_cannot_be_read_is_named(changes: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        make_form(**changes).read(Settings(max_pixels=150_000 if error is ImageTooLarge else 250_000))
    assert "bytes" not in str(caught.value)


def draw_layer(mode: str, colour: tuple[int, ...], size: tuple[int, int] = (384, 512)) -> bytes:
    import io

    from PIL.Image import new

    layer = new(mode, size)
    layer.paste(colour, (100, 200, 150, 300))
    file = io.BytesIO()
    layer.save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    "layer",
    [
        draw_layer("RGB", (255, 255, 255)),
        draw_layer("RGB", (0, 0, 9)),
        draw_layer("RGBA", (255, 0, 0, 255)),
        draw_layer("RGBA", (0, 0, 0, 255)),
        draw_layer("RGBA", (9, 9, 9, 30)),
    ],
)
def test_what_is_drawn_is_the_mask_whatever_the_ink(layer: bytes) -> None:
    mask = make_form(layers=(layer,)).read(Settings()).mask
    assert mask is not None
    assert set(np.unique(mask)) == {0, 255}
    assert mask[200:300, 100:150].all()
    assert mask.sum() == 255 * 50 * 100


def test_layers_are_taken_together_and_fitted_to_the_photo() -> None:
    other = draw_layer("RGBA", (1, 2, 3, 255), (768, 1024))
    mask = make_form(layers=(draw_layer("RGB", (9, 9, 9)), other)).read(Settings()).mask
    assert mask is not None
    assert mask.shape == (512, 384)
    assert mask[250, 120]
    assert mask[110, 60]


def test_an_editors_value_is_understood_in_each_of_its_forms() -> None:
    blobs: dict[str, Any] = {"a": {"background": PERSON, "layers": [None, b"x"], "composite": None}}
    assert take_editor({"id": "a", "background": None, "layers": []}, blobs.get) == (PERSON, (b"x",))
    assert take_editor({"id": "b", "background": {"path": "/x"}, "layers": None}, blobs.get) == (Path("/x"), ())
    assert take_editor({"background": None, "layers": [], "composite": {"path": "/y"}}, blobs.get) == (Path("/y"), ())
    assert take_editor(None, blobs.get) == (None, ())
    assert take_editor({"path": "/z"}, blobs.get)[0] is None
    many = {"background": None, "layers": [{"path": "/l"}] * 99}
    assert len(take_editor(many, blobs.get)[1]) == 16


def test_files_come_in_several_ways() -> None:
    url = "data:image/png;base64," + base64.b64encode(PERSON).decode()
    assert take_file({"path": None, "url": url}) == take_file(url) == take_file(PERSON) == PERSON
    assert take_file({"path": "/x", "url": "http://elsewhere"}) == Path("/x")
    assert take_file("") is None
    for wrong in (7, {"path": 7}, {"url": "http://elsewhere"}, ["x"], "data:image/png,xx", "data:;base64,!", "ä"):
        with pytest.raises(BadRequest):
            take_file(wrong)
    assert read_data_url("data:image/png;base64, aGVs\nbG8") == b"hello"


def test_the_masked_image_has_idm_vtons_grey() -> None:
    photo = draw_person()
    mask = np.zeros(photo.shape[:2], np.uint8)
    mask[100:200, 50:80] = 255
    mask[200:210, 50:80] = 128
    masked = grey_out(photo, mask)
    assert (masked[100:200, 50:80] == 127).all()
    assert np.array_equal(masked[mask == 0], photo[mask == 0])
    between = (photo[200:210, 50:80].astype(int) + 127) // 2
    assert np.abs(masked[200:210, 50:80].astype(int) - between).max() <= 1
    assert np.array_equal(grey_out(photo, np.zeros_like(mask)), photo)
