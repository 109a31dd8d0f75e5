"""The library's front door, with an engine that paints."""

from __future__ import annotations

import io
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from PIL import Image

import vtonlab
from vtonlab.engines import contract
from vtonlab.engines.contract import Capabilities, Engine, GarmentKind, Health, HealthStatus, Note, TryOnRequest
from vtonlab.errors import Text
from vtonlab.imaging.provenance import SourceType, read_source_type
from vtonlab.imaging.read import read_picture
from vtonlab.session import LARGEST_GARMENT, Session, as_garment, as_person


class Painter:
    """Paints the person in the garment's colour; counts what it is asked."""

    name = "painter"
    title = Text("Painter", "画师")
    capabilities = Capabilities(analyses=True, outfits=True)
    Options = contract.Options

    def __init__(self) -> None:
        self.looked: list[str] = []
        self.asked: list[TryOnRequest] = []

    def health(self) -> Health:
        return Health(HealthStatus.OK, Text("Ready.", "就绪。"))

    def analyse_person(self, picture: contract.Picture) -> bytes:
        self.looked.append("person")
        return b"p" + picture.tobytes()[:3]

    def analyse_garment(self, picture: contract.Picture, kind: GarmentKind = GarmentKind.AUTO) -> bytes:
        self.looked.append(kind.value)
        return b"g" + picture.tobytes()[:3]

    def try_on(self, request: TryOnRequest, report: contract.Report = contract.silent) -> contract.TryOnResult:
        self.asked.append(request)
        image = np.empty_like(request.person)
        image[:] = request.garment[0, 0]
        return contract.TryOnResult(image, np.full(image.shape[:2], 255, np.uint8), self.name)


def plain(colour: tuple[int, int, int], width: int = 80, height: int = 100) -> np.ndarray[Any, Any]:
    return np.full((height, width, 3), colour, np.uint8)


ME, RED, BLUE = plain((200, 170, 150)), plain((180, 20, 20)), plain((20, 20, 180))


def test_a_picture_may_come_in_anything(tmp_path):
    path = tmp_path / "me.png"
    Image.fromarray(ME).save(path)
    opened = Image.open(path)
    with path.open("rb") as file, opened:
        for source in (path, str(path), path.read_bytes(), io.BytesIO(path.read_bytes()), file, opened, ME):
            assert np.array_equal(as_person(source).picture, ME)
    grey, clear = np.full((90, 70), 77, np.uint8), np.dstack([ME, np.zeros(ME.shape[:2], np.uint8)])
    assert (as_garment(grey) == 77).all()
    assert (as_garment(clear) == 255).all()


@pytest.mark.parametrize("array", [np.zeros((80, 80, 3)), np.zeros((80, 80, 2), np.uint8), np.zeros((9,), np.uint8)])
def test_arrays_that_are_no_pictures(array):
    with pytest.raises(vtonlab.ImageUnreadable):
        as_person(array)


@pytest.mark.parametrize(("shirt", "ground"), [((250, 250, 250), 190), ((190, 30, 40), 255), ((230, 225, 215), 120)])
def test_a_cut_out_garment_lies_on_a_ground_that_sets_it_off(shirt, ground):
    alpha = np.zeros((100, 80), np.uint8)
    alpha[20:80, 20:60] = 255
    alpha[19, 20:60] = 128
    picture = as_garment(np.dstack([plain(shirt), alpha]))
    assert (picture[0] == ground).all()
    assert (picture[50, 40] == shirt).all()
    halfway = (np.array(shirt) * 128 + ground * 127) / 255
    assert np.abs(picture[19, 40] - halfway).max() <= 1


def test_tiny_and_huge():
    with pytest.raises(vtonlab.ImageTooSmall):
        as_person(plain((9, 9, 9), 20, 20))
    assert max(as_garment(plain((9, 9, 9), 3000, 1000)).shape) == LARGEST_GARMENT


def test_try_on_leaves_the_analyses_to_the_engine():
    engine = Painter()
    result = vtonlab.try_on(ME, RED, engine, "upper", lower=BLUE, length="long")
    assert engine.looked == []
    assert engine.asked[0].kind is GarmentKind.UPPER
    assert engine.asked[0].options == {"length": "long"}
    assert engine.asked[0].lower is not None
    assert np.array_equal(engine.asked[0].lower, BLUE)
    assert (result.image == RED[0, 0]).all()


def test_a_session_looks_at_each_picture_once():
    engine = Painter()
    session = Session(ME, engine)
    for garment in (RED, BLUE, RED):
        session.try_on(garment)
    session.try_on(RED, kind="upper", lower=BLUE)
    session.try_on(RED, person=BLUE)
    assert engine.looked == ["person", "auto", "auto", "upper", "lower", "person"]
    assert engine.asked[-1].person_analysis == b"p" + BLUE.tobytes()[:3]
    assert engine.asked[0].person_analysis == engine.asked[3].person_analysis == b"p" + ME.tobytes()[:3]


def test_a_session_forgets_the_oldest():
    engine = Painter()
    session = Session(ME, engine, keep=2)
    for garment in (RED, BLUE, RED):
        session.try_on(garment)
    assert engine.looked.count("auto") == 3
    assert engine.looked.count("person") == 1


def test_a_session_without_anybody():
    with pytest.raises(TypeError, match="person"):
        Session(engine=Painter()).try_on(RED)


def test_a_very_large_photo_is_reduced_and_says_so(monkeypatch):
    monkeypatch.setattr("vtonlab.session.LARGEST_PERSON", 50)
    result = vtonlab.try_on(ME, RED, Painter())
    assert result.image.shape[:2] == (50, 40)
    assert [note.code for note in result.notes] == ["photo_reduced"]


def test_wrong_kinds_and_engines():
    with pytest.raises(vtonlab.WrongKind, match="hat"):
        vtonlab.try_on(ME, RED, Painter(), kind="hat")
    with pytest.raises(vtonlab.UnknownEngine, match="nobody"):
        vtonlab.try_on(ME, RED, "nobody")
    with pytest.raises(vtonlab.EngineUnavailable):
        vtonlab.advise(ME, engine=Painter())


def test_results_are_saved_with_their_mark(tmp_path):
    result = vtonlab.try_on(ME, RED, Painter())
    result.save(tmp_path / "out.png")
    result.save_mask(tmp_path / "mask.png")
    assert np.array_equal(read_picture(tmp_path / "out.png"), result.image)
    assert read_source_type((tmp_path / "out.png").read_bytes()) == SourceType.COMPOSITE.uri
    assert (read_picture(tmp_path / "mask.png") == 255).all()
    with pytest.raises(vtonlab.FileProblem):
        result.save(tmp_path / "out.xyz")


class Adviser(Painter):
    capabilities = Capabilities(advice=True)

    def advise(self, picture: contract.Picture, role: str = "person") -> tuple[Note, ...]:
        is_person = picture[0, 0, 0] == ME[0, 0, 0]
        good = is_person == (role == "person")
        return (Note(f"for_{role}", "info" if good else "problem", Text("…", "…")),)


def test_advice_finds_out_what_a_photo_shows():
    assert vtonlab.advise(ME, engine=Adviser())[0].code == "for_person"
    assert vtonlab.advise(RED, engine=Adviser())[0].code == "for_garment"
    assert vtonlab.advise(RED, "person", Adviser())[0].level == "problem"


# ------------------------------------------------------------------------------------------------ the package itself


def test_engines_is_a_package_and_a_function():
    import vtonlab.engines.registry as registry

    found = vtonlab.engines()
    assert all(isinstance(engine, Engine) for engine in found)
    assert {engine.name for engine in found} <= set(registry.names())


def test_every_public_name_is_there():
    for name in vtonlab.__all__:
        assert getattr(vtonlab, name) is not None
    assert set(vtonlab.__all__) <= set(dir(vtonlab))
    with pytest.raises(AttributeError, match="nothing"):
        _ = vtonlab.nothing


def test_importing_the_library_imports_nothing_heavy():
    code = (
        "import sys, vtonlab; print([m for m in ('numpy', 'cv2', 'PIL', 'pydantic', 'mediapipe') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_outfit_by_an_engine_of_one_garment_is_two_runs() -> None:
    painter = Painter()
    painter.capabilities = Capabilities()
    result = Session(ME, painter).try_on(RED, lower=BLUE, description="a shirt")
    lower, upper = painter.asked
    assert (lower.kind, lower.lower, lower.description) == (GarmentKind.LOWER, None, "")
    assert np.array_equal(lower.garment, BLUE)
    assert (upper.kind, upper.lower, upper.description) == (GarmentKind.UPPER, None, "a shirt")
    assert (upper.person == BLUE[0, 0]).all(), "what the first run made"
    assert (result.image == RED[0, 0]).all()
