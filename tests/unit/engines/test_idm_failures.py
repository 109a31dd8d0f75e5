"""Every way in which a service of `idm_vton` is known to fail, and what a person is told about it."""

from __future__ import annotations

import socket
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.fakes.errand import Diary, Listener
from tests.fakes.gradio_424 import Gradio424, config, info
from tests.fakes.idm import PERSON, ask, make_engine, where_painted

from vtonlab.engines.contract import HealthStatus
from vtonlab.engines.idm_vton import engine as story
from vtonlab.engines.idm_vton import wire
from vtonlab.errors import (
    Cancelled,
    EngineBusy,
    EngineFailed,
    EngineFailedSilently,
    EngineTimeout,
    EngineUnavailable,
    KeyRefused,
    NotThatService,
    OutOfGpuMemory,
    PoseNotRecognised,
    ServiceNotRunning,
    VtonError,
)

PLAIN_TEXT = {"named_endpoints": {"/tryon": {"parameters": [{"component": "Textbox"}] * 7}}, "unnamed_endpoints": {}}


@pytest.fixture
def fake() -> Iterator[Gradio424]:
    with Gradio424() as server:
        yield server


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield
    assert list(tmp_path.iterdir()) == []


def fail(url: str, **values: object) -> VtonError:
    """The error of a fitting there."""
    with pytest.raises(VtonError) as caught:
        make_engine(url, **values).try_on(ask())
    return caught.value


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 7.79 GiB total capacity)", OutOfGpuMemory),
        ("torch.cuda.OutOfMemoryError", OutOfGpuMemory),
        ("list index out of range", PoseNotRecognised),
        ("No person detected in the image", PoseNotRecognised),
        ("未检测到人体姿态", PoseNotRecognised),
        ("You have exceeded your GPU quota (60s requested vs. 0s left)", EngineBusy),
        ("'NoneType' object has no attribute 'convert'", EngineFailed),
        (None, EngineFailedSilently),
    ],
)
def test_what_the_service_says_went_wrong(fake: Gradio424, words: str | None, kind: type[VtonError]) -> None:
    fake.behave.words = words
    error = fail(fake.address)
    assert type(error) is kind
    assert (words or "…") not in error.say(), "a service's own words may hold anything"


def test_the_advice_fits() -> None:
    assert "mask off" in PoseNotRecognised(engine="idm_vton").advise("en")
    assert "关闭自动遮罩" in PoseNotRecognised(engine="idm_vton").advise("zh-CN")
    assert "ewer steps" in OutOfGpuMemory(engine="idm_vton").advise("en")
    silent = EngineFailedSilently(engine="idm_vton")
    assert "mask" in silent.advise("en")
    assert "ewer steps" in silent.advise("en")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((401, {"detail": "Not authenticated"}), KeyRefused),
        ((403, {}), KeyRefused),
        ((404, {}), NotThatService),
        ((200, {"hello": "world"}), NotThatService),
        ((200, [1, 2]), NotThatService),
        ((200, {"version": "x.y", "dependencies": [], "components": []}), NotThatService),
        ((500, {}), EngineFailed),
        ((502, {}), EngineUnavailable),
        ((503, {}), EngineUnavailable),
        ((429, {}), EngineBusy),
        ((307, {}), NotThatService),
    ],
)
def test_what_answers_is_not_a_service_that_works(fake: Gradio424, answer: Any, kind: type[VtonError]) -> None:
    fake.behave.config = answer
    error = fail(fake.address)
    assert type(error) is kind
    health = make_engine(fake.address).health()
    assert health.status is (HealthStatus.NOT_SET_UP if kind is KeyRefused else HealthStatus.DOWN)
    assert health.hint is not None
    assert not [path for path in fake.paths if path.startswith(("/upload", "/queue"))]


@pytest.mark.parametrize("content", [PLAIN_TEXT, {}, [], {"named_endpoints": {"/other": {}}, "unnamed_endpoints": {}}])
def test_a_gradio_with_another_interface_gets_no_photo(fake: Gradio424, content: Any) -> None:
    fake.behave.info = (200, content)
    assert type(fail(fake.address)) is NotThatService
    assert make_engine(fake.address).health().status is HealthStatus.DOWN
    assert not [path for path in fake.paths if path.startswith(("/upload", "/queue"))]


def test_a_service_cannot_send_photos_elsewhere(fake: Gradio424) -> None:
    with Gradio424() as other:
        fake.behave.config = (200, {**config(fake.address), "api_prefix": f"{other.address}/"})
        assert type(fail(fake.address)) is NotThatService
        fake.behave.config = None
        away = {"path": f"{other.address}/file=x.png", "url": f"{other.address}/x.png", "meta": {}}
        fake.behave.pictures = lambda *_: (away, away)
        assert isinstance(fail(fake.address), EngineFailed)
        assert other.paths == []


def test_a_full_queue_is_asked_again_and_then_given_up(fake: Gradio424, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(story, "FULL_SECONDS", (0.3, 0.3))
    fake.behave.join_status = 503
    error = fail(fake.address)
    assert type(error) is EngineBusy
    assert error.retryable
    assert fake.paths.count("/queue/join") == 3
    assert fake.asked == []

    def make_room(_: float, stage: str) -> None:
        if stage == "remote_full":
            fake.behave.join_status = 200

    engine = make_engine(fake.address)
    assert engine.try_on(ask(), make_room).notes == ()
    assert len(fake.asked) == 1


@pytest.mark.parametrize("message", ["estimation", "process_starts"])
def test_a_line_that_goes_dead_may_be_tried_again(fake: Gradio424, message: str) -> None:
    fake.behave.cut_after = message
    error = fail(fake.address)
    assert type(error) is EngineUnavailable
    assert error.retryable
    assert fake.paths.count("/queue/join") == 1, "it was taken on: asking again could do it twice"
    fake.behave.cut_after = ""
    assert make_engine(fake.address).try_on(ask()).image.shape == PERSON.shape


def test_nobody_is_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    listener = Listener()
    began = time.monotonic()
    with pytest.raises(ServiceNotRunning) as caught:
        make_engine(f"http://127.0.0.1:{port}").try_on(ask(), listener)
    assert time.monotonic() - began < 10
    error = caught.value
    assert isinstance(error, EngineUnavailable)
    assert error.retryable
    for language in ("en", "zh-CN"):
        assert "vtonlab gradio" in error.advise(language)
        assert "gradio_demo/app.py" in error.advise(language)
    assert {stage for _, stage in listener.heard} == {"preparing", "connecting"}
    health = make_engine(f"http://127.0.0.1:{port}").health()
    assert health.status is HealthStatus.DOWN
    assert health.hint is not None
    assert "vtonlab gradio" in health.hint.en


def test_a_service_that_comes_up_in_between_is_found() -> None:
    fake = Gradio424()
    fake.behave.config = (502, {})

    def come_up(_: float, stage: str) -> None:
        if stage == "connecting" and fake.paths.count("/config") >= 1:
            fake.behave.config = None

    with fake:
        assert make_engine(fake.address).try_on(ask(), come_up).image.shape == PERSON.shape
    assert fake.paths.count("/config") >= 2


@pytest.fixture
def dumb() -> Iterator[str]:
    """The address of a server that takes connections and never says anything."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(20)
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_a_service_that_hangs(dumb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire.Wire.__init__, "__defaults__", (1.0, 0.7))
    error = fail(dumb)
    assert type(error) is EngineTimeout
    assert error.retryable


def test_a_service_that_hangs_is_down_within_3_seconds(dumb: str) -> None:
    engine = make_engine(dumb)
    began = time.monotonic()
    assert engine.health().status is HealthStatus.DOWN
    assert time.monotonic() - began < 3.5  # the promise is 3 s; the rest is for a busy machine


def test_who_gives_up_on_a_service_that_hangs_does_not_wait_for_it(dumb: str) -> None:
    heard: list[str] = []

    def stop(_: float, stage: str) -> None:
        heard.append(stage)
        if heard.count("connecting") == 2:
            raise Cancelled

    began = time.monotonic()
    with pytest.raises(Cancelled):
        make_engine(dumb).try_on(ask(), stop)
    assert time.monotonic() - began < 8


def test_the_time_for_one_picture_is_kept(fake: Gradio424) -> None:
    fake.behave.stuck = True
    listener = Listener()
    began = time.monotonic()
    with pytest.raises(EngineTimeout) as caught:
        make_engine(fake.address, seconds=2.0).try_on(ask(), listener)
    assert time.monotonic() - began < 10
    assert caught.value.values["seconds"] == 2
    until = time.monotonic() + 10
    while not fake.left and time.monotonic() < until:
        time.sleep(0.02)
    assert fake.left, "the service hears that nobody waits any more"


def encoded(size: tuple[int, int]) -> Image.Image:
    return Image.new("RGB", size, (120, 30, 30))


@pytest.mark.parametrize(
    "pictures",
    [
        (None, None),
        (),
        (b"no picture at all", b"nor this"),
        ("data:image/png;base64,bm8gcGljdHVyZQ==", None),
        (encoded((1024, 768)), None),
        (encoded((12, 16)), None),
        ([], None),
        (17, {"path": None}),
        ({"path": "/tmp/gradio/nowhere.png", "meta": {"_type": "gradio.FileData"}}, None),
    ],
    ids=["none", "nothing", "garbage", "words", "wide", "tiny", "empty gallery", "numbers", "missing file"],
)
def test_an_answer_without_a_usable_picture(fake: Gradio424, pictures: Sequence[object]) -> None:
    fake.behave.pictures = lambda *_: pictures
    error = fail(fake.address)
    assert type(error) is EngineFailed
    assert error.retryable


def test_a_file_that_cannot_be_fetched(fake: Gradio424) -> None:
    fake.behave.file_status = 500
    assert type(fail(fake.address)) is EngineFailed


@pytest.mark.parametrize("second", ["none", "garbage", "other", "missing"])
def test_without_the_masked_picture_the_change_is_found_by_looking(fake: Gradio424, second: str) -> None:
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (1024, 768, 3), dtype=np.uint8))
    seconds: dict[str, list[object]] = {"none": [None], "garbage": [b"no picture"], "other": [noise], "missing": []}
    instead = seconds[second]
    fake.behave.pictures = lambda result, _: [result, *instead]
    result = make_engine(fake.address).try_on(ask())
    assert [note.code for note in result.notes] == ["mask_guessed"]
    assert result.confidence < 1
    wanted = where_painted(PERSON) > 127
    assert (result.mask > 127)[wanted].mean() > 0.97
    assert (result.mask > 127)[~wanted].mean() < 0.12
    assert (result.image[result.mask <= 127] == PERSON[result.mask <= 127]).all()


def test_a_plain_mask_is_read_too(fake: Gradio424) -> None:
    def answer(result: Image.Image, masked: Image.Image) -> list[object]:
        grey = (np.asarray(masked) == 127).all(axis=2)
        return [result, Image.fromarray(np.where(grey, 255, 0).astype(np.uint8))]

    fake.behave.pictures = answer
    result = make_engine(fake.address).try_on(ask())
    wanted = where_painted(PERSON) > 127
    assert ((result.mask > 127) != wanted).mean() < 0.01
    assert result.notes == ()


def test_a_photo_that_comes_back_as_it_was(fake: Gradio424) -> None:
    fake.behave.pictures = lambda result, masked: [fake.asked[-1].photo.resize((768, 1024)), None]
    result = make_engine(fake.address).try_on(ask())
    assert [note.code for note in result.notes] == ["unchanged"]
    assert (result.image == PERSON).all()


def test_an_errand_that_says_no_keeps_everything_here(fake: Gradio424, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vtonlab.engines.idm_vton.address.Address.is_here", False)

    def refuse(_: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        make_engine(fake.address).try_on(ask(errand=Diary(before=refuse)))
    assert "/upload" not in fake.paths


def test_a_refused_upload(fake: Gradio424) -> None:
    fake.behave.upload_status = 413
    assert type(fail(fake.address)) is NotThatService
    fake.behave.upload_status = 401
    assert type(fail(fake.address)) is KeyRefused


def test_half_an_answer_is_none(monkeypatch: pytest.MonkeyPatch, fake: Gradio424) -> None:
    """The line goes dead in the middle of the picture's file."""

    def send_half(self: Gradio424, exchange: Any) -> None:
        if exchange.path.startswith("/file="):
            exchange.send_half(b"\x89PNG" * 1000, "image/png")
        else:
            original(self, exchange)

    original = Gradio424.get
    monkeypatch.setattr(Gradio424, "get", send_half)
    assert type(fail(fake.address)) is EngineUnavailable


def test_the_fakes_description_is_that_of_the_real_demo() -> None:
    """The names and kinds that are documented of IDM-VTON's `/tryon`."""
    named = info()["named_endpoints"]["/tryon"]["parameters"]
    assert [one["parameter_name"] for one in named] == [
        "dict", "garm_img", "garment_des", "is_checked", "is_checked_crop", "denoise_steps", "seed",
    ]  # fmt: skip
