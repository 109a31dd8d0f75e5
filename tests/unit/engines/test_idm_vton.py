"""The engine `idm_vton` against a server that speaks Gradio 4.24's protocol, through gradio_client itself."""

from __future__ import annotations

import io
import re
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from tests.drawn_people import Figure, draw_person
from tests.fakes.errand import Diary, Listener
from tests.fakes.gradio_424 import Gradio424, config
from tests.fakes.idm import GARMENT, PERSON, ask, make_engine, where_painted
from tests.fakes.pretended import auto_mask, colour_of, pretend

from vtonlab.engines import registry
from vtonlab.engines.contract import ConfiguredEngine, GarmentKind, HealthStatus, Mask, Picture
from vtonlab.engines.idm_vton.address import Address, read_address
from vtonlab.engines.idm_vton.asking import choose_seed
from vtonlab.engines.idm_vton.greyed import read_mask
from vtonlab.engines.idm_vton.interface import Form, Interface, Span
from vtonlab.errors import BadOption, Cancelled, EngineNotSetUp, MaskNeeded, WrongKind
from vtonlab.imaging.provenance import SourceType
from vtonlab.imaging.read import read_picture

DATA = Path(__file__).parents[4] / "shared/data"
STAGE = re.compile(r"[a-z_]+( [a-z_]+=\d+)*")


@pytest.fixture
def fake() -> Iterator[Gradio424]:
    with Gradio424() as server:
        yield server


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Photos lie in files while they are sent; none may stay behind, however a fitting ends."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield
    assert list(tmp_path.iterdir()) == []


def differ(one: Mask, other: Mask) -> bool:
    """More than by three or four pixels along the edge (the service works at another size), and by a few grains."""
    near = np.ones((9, 9), np.uint8)
    missing = (one <= 127) & (cv2.erode(other, near) > 127)
    beyond = (one > 127) & (cv2.dilate(other, near) <= 127)
    return bool(missing.any() or beyond.mean() > 0.0005)


def check(photo: Picture, image: Picture, mask: Mask, wanted: Mask) -> None:
    """Painted in the garment's own colour where it should be, and the photo's own pixels everywhere else."""
    assert image.shape == photo.shape
    assert mask.shape == photo.shape[:2]
    assert wanted.any()
    assert not differ(mask, wanted)
    assert (image[mask <= 127] == photo[mask <= 127]).all()
    deep = cv2.erode(np.minimum(mask, wanted), np.ones((25, 25), np.uint8)) > 127
    light = np.quantile(image[deep], 0.85, axis=0)  # between its dark stripes
    assert np.abs(light - colour_of(Image.fromarray(GARMENT))).max() < 7


def test_only_what_the_service_changed_differs_from_the_photo(fake: Gradio424) -> None:
    result = make_engine(fake.address).try_on(ask(seed=7))
    check(PERSON, result.image, result.mask, where_painted(PERSON))
    assert result.engine == "idm_vton"
    assert result.source_type is SourceType.COMPOSITE_GENERATED
    assert result.confidence == 1
    assert result.notes == ()
    assert set(result.timings) == {"preparing", "connecting", "remote_queue", "remote_work", "finishing"}
    assert fake.asked[0].values == ("a top", True, False, 30, 7)


@pytest.mark.parametrize(("width", "height"), [(240, 700), (700, 300), (1500, 2300)])
@pytest.mark.parametrize("crop", [False, True])
def test_photos_of_any_shape_are_sent_as_3_to_4_and_come_back_as_they_were(
    fake: Gradio424, width: int, height: int, crop: bool
) -> None:
    photo = np.asarray(Image.fromarray(PERSON).resize((width, height)))
    result = make_engine(fake.address).try_on(ask(photo, auto_crop=crop))
    sent = fake.asked[0].photo
    assert abs(sent.width / sent.height - 3 / 4) < 0.005
    wanted = where_painted(photo)
    if crop:
        wide, tall = min(width, round(height * 3 / 4)), min(height, round(width * 4 / 3))
        left, top = (width - wide) // 2, (height - tall) // 2
        wanted = np.zeros(photo.shape[:2], np.uint8)
        part = where_painted(photo[top : top + tall, left : left + wide])
        wanted[top : top + tall, left : left + wide] = part
    check(photo, result.image, result.mask, wanted)


def test_what_is_sent_is_not_stretched_and_says_nothing_but_its_pixels(fake: Gradio424) -> None:
    make_engine(fake.address).try_on(ask())
    for picture in (fake.asked[0].photo, fake.asked[0].garment):
        assert abs(picture.width / picture.height - 3 / 4) < 0.005
        assert not picture.getexif()
        assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    sent = np.asarray(fake.asked[0].photo.convert("RGB"))
    height, width = PERSON.shape[:2]
    top, left = (sent.shape[0] - height) // 2, (sent.shape[1] - width) // 2
    assert np.abs(sent[top : top + height, left : left + width].astype(int) - PERSON).mean() < 2
    garment = np.asarray(fake.asked[0].garment.convert("RGB"))
    across = (garment.shape[1] - GARMENT.shape[1]) // 2
    down = (garment.shape[0] - GARMENT.shape[0]) // 2
    assert (garment[down : down + GARMENT.shape[0], across : across + GARMENT.shape[1]] == GARMENT).all()


@pytest.mark.parametrize("auto_mask", [False, True])
def test_an_own_mask_is_sent_and_nothing_beyond_it_changes(fake: Gradio424, auto_mask: bool) -> None:
    mask = np.zeros(PERSON.shape[:2], np.uint8)
    cv2.circle(mask, (PERSON.shape[1] // 2, PERSON.shape[0] // 3), 60, (255,), -1)
    result = make_engine(fake.address).try_on(ask(mask=mask, auto_mask=auto_mask))
    asked = fake.asked[0]
    assert asked.mask is not None
    assert asked.mask.size == asked.photo.size
    assert asked.values[1] is False
    assert (result.mask == mask).all()
    check(PERSON, result.image, result.mask, mask)


@pytest.mark.parametrize("mask", [None, np.zeros(PERSON.shape[:2], np.uint8)])
def test_without_automatic_mask_one_is_needed(fake: Gradio424, mask: Mask | None) -> None:
    with pytest.raises(MaskNeeded):
        make_engine(fake.address).try_on(ask(mask=mask, auto_mask=False))
    assert fake.paths == []


def test_the_raw_picture_is_the_services_own(fake: Gradio424) -> None:
    result = make_engine(fake.address).try_on(ask(composite=False))
    assert result.image.shape == PERSON.shape
    assert (result.mask == 255).all()
    assert (result.image != PERSON).any(axis=2).mean() > 0.9
    assert result.source_type is SourceType.GENERATED


@pytest.mark.parametrize(("asked", "sent"), [(1, 20), (25, 25), (50, 40)])
def test_steps_are_brought_to_what_the_service_takes(fake: Gradio424, asked: int, sent: int) -> None:
    result = make_engine(fake.address).try_on(ask(denoise_steps=asked))
    assert fake.asked[0].values[3] == sent
    assert [note.code for note in result.notes] == (["steps_changed"] if asked != sent else [])


def test_seeds() -> None:
    interface = Interface(Form.FILES, seeds=Span(-1, 2147483647))
    assert [choose_seed(seed, interface) for seed in (42, 0, 2**31 + 5)] == [42, 0, 5]
    by_chance = {choose_seed(seed, interface) for seed in (None, None, -1, -1)}
    assert len(by_chance) == 4, "none, and a negative one, draw another picture each time"
    assert all(0 <= seed < 2**31 for seed in by_chance)
    assert choose_seed(1000, Interface(Form.FILES, seeds=Span(0, 255))) == 1000 % 256


def test_description_and_kind(fake: Gradio424) -> None:
    engine = make_engine(fake.address)
    engine.try_on(ask(description=" Short Sleeve Round Neck T-shirt "))
    result = engine.try_on(ask(kind=GarmentKind.DRESS))
    assert [note.code for note in result.notes] == ["upper_only"], "the automatic mask is one for tops"
    assert engine.try_on(ask(kind=GarmentKind.LOWER, mask=where_painted(PERSON))).notes == ()
    words = [asked.values[0] for asked in fake.asked]
    assert words == ["Short Sleeve Round Neck T-shirt", "a dress", "trousers"]


@pytest.mark.parametrize("options", [{"denoise_steps": 0}, {"denoise_steps": 51}, {"seed": "x"}, {"colour": "red"}])
def test_options_it_does_not_have_are_refused(fake: Gradio424, options: dict[str, object]) -> None:
    with pytest.raises(BadOption) as caught:
        make_engine(fake.address).try_on(ask(PERSON, None, **options))
    assert caught.value.values["option"] == next(iter(options))
    assert fake.paths == []


def test_it_does_one_garment_at_a_time(fake: Gradio424) -> None:
    with pytest.raises(WrongKind):
        make_engine(fake.address).try_on(ask(lower=GARMENT))


def test_position_and_progress_are_told(fake: Gradio424) -> None:
    fake.behave.ranks = ((2, 3, 42.0), (0, 1, 12.0))
    fake.behave.rank_seconds, fake.behave.seconds, fake.behave.steps = 0.6, 1.4, 10
    listener = Listener()
    make_engine(fake.address).try_on(ask(), listener)
    stages = [stage for _, stage in listener.heard]
    assert all(STAGE.fullmatch(stage) and len(stage) <= 64 for stage in stages), stages
    assert "remote_queue position=3 size=3 seconds=42" in stages
    assert any(re.fullmatch(r"remote_work done=[4-9] of=10 seconds=\d+", stage) for stage in stages), stages
    fractions = [fraction for fraction, _ in listener.heard]
    assert fractions == sorted(fractions)
    assert max(fractions) < 1
    words = list(dict.fromkeys(stage.partition(" ")[0] for stage in stages))
    assert words == ["preparing", "connecting", "sending", "remote_queue", "remote_work", "fetching", "finishing"]


def test_without_progress_the_usual_time_says_how_long_it_will_take(fake: Gradio424) -> None:
    fake.behave.ranks, fake.behave.seconds = ((0, 1, 2.0),), 1.2
    listener = Listener()
    make_engine(fake.address).try_on(ask(), listener)
    assert any(re.fullmatch(r"remote_work seconds=[01]", stage) for _, stage in listener.heard), listener.heard


@pytest.mark.parametrize("stage", ["remote_queue position=1 size=1", "remote_work"])
def test_who_does_not_want_it_any_more_is_heard_at_once(fake: Gradio424, stage: str) -> None:
    fake.behave.stuck = True
    fake.behave.rank_seconds = 20.0 if "queue" in stage else 0.0
    began = time.monotonic()
    with pytest.raises(Cancelled):
        make_engine(fake.address).try_on(ask(), Listener(stop_at=stage))
    assert time.monotonic() - began < 10
    wait_for(lambda: len(fake.left) == 1)  # so its place in the queue is free: Gradio forgets who hung up
    wait_for(lambda: not [one for one in threading.enumerate() if one.name.startswith("idm_vton_")])


def wait_for(condition: object, seconds: float = 10.0) -> None:
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:  # type: ignore[operator]
        time.sleep(0.02)
    assert condition()  # type: ignore[operator]


def test_several_at_once_do_not_disturb_each_other(fake: Gradio424) -> None:
    fake.behave.seconds = 0.3
    engine = make_engine(fake.address)
    sizes = [(200, 300), (300, 300), (320, 240), (180, 400)]
    photos = [np.asarray(Image.fromarray(PERSON).resize(size)) for size in sizes]
    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(lambda photo: engine.try_on(ask(photo)), photos))
    for photo, result in zip(photos, results, strict=True):
        check(photo, result.image, result.mask, where_painted(photo))


def test_pictures_that_leave_the_machine_are_told_of_first(fake: Gradio424, monkeypatch: pytest.MonkeyPatch) -> None:
    here = Diary()
    make_engine(fake.address).try_on(ask(errand=here))
    assert here.told == [], "a service on this machine sends nothing away"
    monkeypatch.setattr(Address, "is_here", False)
    fake.paths.clear()
    away = Diary(before=lambda _: fake.paths.append("TOLD"))
    mask = where_painted(PERSON)
    make_engine(fake.address).try_on(ask(errand=away, mask=mask))
    ((kind, host, pictures, size, price),) = away.told
    assert (kind, host, pictures, price) == ("leaving", "127.0.0.1", 3, 0.0)
    assert isinstance(size, int)
    assert size > 10_000
    assert fake.paths.index("TOLD") < fake.paths.index("/upload")


def test_what_it_is_depends_on_where_it_is() -> None:
    here, away = make_engine("http://127.0.0.1:7860"), make_engine("https://eva:pw@gpu.example:8443/idm")
    assert here.capabilities.remote_host is None
    assert away.capabilities.remote_host == "gpu.example"
    assert "gpu.example" in away.capabilities.privacy.en
    assert "gpu.example" in away.capabilities.privacy.zh
    for engine in (here, away):
        assert engine.capabilities.waits
        assert not engine.capabilities.commercial_use
        assert "NC" in engine.capabilities.weights_licence


@pytest.mark.parametrize(
    ("url", "wanted", "is_here"),
    [
        ("127.0.0.1:7860", "http://127.0.0.1:7860/", True),
        ("http://localhost", "http://localhost/", True),
        ("http://[::1]:7860/app", "http://[::1]:7860/app/", True),
        ("https://eva:secret@gpu.example/", "https://gpu.example/", False),
        ("http://192.168.1.20:7860", "http://192.168.1.20:7860/", False),
        ("ftp://gpu.example", None, False),
        ("http://:7860", None, False),
        ("http://gpu.example:port", None, False),
        ("  ", None, False),
    ],
)
def test_addresses(url: str, wanted: str | None, is_here: bool) -> None:
    address = read_address({"url": url, "token": "key-of-mine"})
    assert (address and address.url) == wanted
    if address is not None:
        assert address.is_here is is_here
        assert "secret" not in repr(address)
        assert "key-of-mine" not in repr(address)


def test_without_an_address_it_is_not_set_up() -> None:
    engine = registry.get("idm_vton")
    assert isinstance(engine, ConfiguredEngine)
    engine.equip({"url": "", "token": "", "seconds": 600.0})
    health = engine.health()
    assert health.status is HealthStatus.NOT_SET_UP
    assert health.hint is not None
    assert "vtonlab gradio" in health.hint.en
    assert "gradio_demo/app.py" in health.hint.zh
    with pytest.raises(EngineNotSetUp):
        engine.try_on(ask())


def test_health_asks_little_and_learns_of_changes(fake: Gradio424) -> None:
    engine = make_engine(fake.address)
    assert engine.health().status is HealthStatus.OK
    assert engine.health().status is HealthStatus.OK
    assert fake.paths == ["/config", "/info", "/config"]
    fake.behave.config = (200, {**config(fake.address), "app_id": 1, "dependencies": []})
    fake.behave.info = (200, {"named_endpoints": {}, "unnamed_endpoints": {}})
    assert engine.health().status is HealthStatus.DOWN


def test_keys_go_to_the_service_and_nowhere_else(
    fake: Gradio424, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_of_whoever_runs_this")
    told: list[object] = []
    monkeypatch.setattr("gradio_client.client.send_telemetry", lambda *_, **__: told.append(1))
    caplog.set_level("DEBUG")
    make_engine(fake.address, token="key-of-mine").try_on(ask())
    assert fake.headers
    for path, headers in zip(fake.paths, fake.headers, strict=True):
        assert headers["authorization"] == "Bearer key-of-mine", path
        assert "hf_of_whoever_runs_this" not in str(headers)
    fake.headers.clear()
    make_engine(fake.address.replace("//", "//eva:pass%20word@")).try_on(ask())
    assert {headers["authorization"] for headers in fake.headers} == {"Basic ZXZhOnBhc3Mgd29yZA=="}
    assert "hf_of_whoever_runs_this" not in str(fake.headers)
    assert told == []
    assert "key-of-mine" not in caplog.text
    assert "pass" not in caplog.text


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
def test_the_mask_is_read_from_grey_clothes_before_a_grey_wall(kind: str) -> None:
    """What is masked is greyed out, so there the second picture alone does not tell."""
    photo = draw_person(Figure(top=(127, 128, 126), ground=(128, 127, 127))).picture
    photo = np.asarray(Image.fromarray(photo).resize((768, 1024)))
    drawn, masked = pretend(Image.fromarray(photo), Image.fromarray(GARMENT), None)
    file = io.BytesIO()
    masked.save(file, kind)
    mask = read_mask(read_picture(file.getvalue()), photo, np.asarray(drawn))
    assert mask is not None
    assert not differ(mask, np.asarray(auto_mask()))


def test_a_second_picture_that_says_nothing_is_no_mask() -> None:
    photo = np.asarray(Image.fromarray(PERSON).resize((768, 1024)))
    drawn, _ = (np.asarray(one) for one in pretend(Image.fromarray(photo), Image.fromarray(GARMENT), None))
    assert read_mask(photo, photo, drawn) is None
    assert read_mask(drawn, photo, drawn) is None
    assert read_mask(np.zeros_like(photo), photo, drawn) is None
    assert read_mask(np.full_like(photo, 255), photo, drawn) is None


@pytest.mark.skipif(not (DATA / "manifest.csv").exists(), reason="no photos at ../shared/data")
@pytest.mark.parametrize("number", [2, 12, 17, 66])
def test_real_photos(fake: Gradio424, number: int) -> None:
    photo = read_picture(sorted((DATA / "persons").iterdir())[number])
    result = make_engine(fake.address).try_on(ask(photo))
    check(photo, result.image, result.mask, where_painted(photo))
    assert result.notes == ()
