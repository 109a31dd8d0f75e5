"""Finding people: bad input, odd sizes, threads; and how well real photos are parsed, where they are at hand."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from tests.unit.instant.figure import draw_figure

from vtonlab.engines.instant import pose_graph
from vtonlab.engines.instant.person import advise_person, analyse_person, choose_frame, working_picture
from vtonlab.engines.instant.portrait import draw_person
from vtonlab.engines.instant.records import Frame, Label, Person
from vtonlab.engines.instant.storage import pack, unpack_person
from vtonlab.errors import ImageTooSmall, NoPersonFound

DATA = Path(__file__).parents[4] / "shared" / "data"


@pytest.fixture(scope="module")
def photos() -> Path:
    if not (DATA / "pairs.csv").exists():
        pytest.skip("the real photos (../shared/data beside the repository) are not here")
    return DATA


def load(path: Path) -> NDArray[np.uint8]:
    return np.ascontiguousarray(cv2.imread(str(path))[..., ::-1])


# ------------------------------------------------------------------------------------------------ bad input


@pytest.mark.parametrize("shape", [(64, 64), (300, 200), (90, 1500), (1500, 90), (1024, 768)])
def test_a_picture_of_nobody(shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (*shape, 3), np.uint8)
    for picture in (noise, np.full((*shape, 3), 128, np.uint8)):
        with pytest.raises(NoPersonFound):
            analyse_person(picture)
        assert [note.code for note in advise_person(picture)] == ["no_person_found"]


def test_a_thumbnail_is_too_small() -> None:
    with pytest.raises(ImageTooSmall) as caught:
        analyse_person(np.zeros((40, 30, 3), np.uint8))
    assert "30 × 40" in caught.value.say()
    assert advise_person(np.zeros((40, 30, 3), np.uint8))[0].level == "problem"


def test_clothes_without_anybody_in_them_are_nobody(photos: Path) -> None:
    for name in ("eg193.jpg", "g089.jpg", "g105.jpg", "g470.jpg"):
        with pytest.raises(NoPersonFound):
            analyse_person(load(photos / "garments" / name))


# ------------------------------------------------------------------------------------------------ the frame

JOINTS = draw_figure().joints


def frame_of(height: int, width: int, low: tuple[float, float], high: tuple[float, float]) -> Frame:
    """The frame of a person who fills the box from ``low`` to ``high`` (x, y) of a photo."""
    points = JOINTS.copy()
    spread = np.ptp(points[:, :2], axis=0)
    points[:, :2] = (points[:, :2] - points[:, :2].min(0)) / spread * np.subtract(high, low) + low
    return choose_frame((height, width), points, np.zeros((8, 8), np.float32), 1.0, 1024)


def test_an_ordinary_photo_is_used_whole() -> None:
    assert frame_of(1024, 768, (200, 60), (560, 1000)) == Frame(0, 0, 768, 1024, 1.0, 768, 1024)
    assert frame_of(512, 384, (100, 30), (280, 500)) == Frame(0, 0, 384, 512, 1.0, 384, 512)


def test_a_small_photo_is_enlarged_and_a_large_one_reduced() -> None:
    assert frame_of(256, 192, (50, 10), (140, 250)) == Frame(0, 0, 384, 512, 2.0, 192, 256)
    large = frame_of(4096, 3072, (800, 200), (2300, 4000))
    assert (large.width, large.height, large.scale) == (768, 1024, 0.25)


def test_a_distant_person_is_cut_out_with_a_margin() -> None:
    frame = frame_of(3000, 4000, (1900, 1200), (2200, 2000))
    assert 1000 < frame.x < 1800
    assert 900 < frame.y < 1150
    assert frame.height / frame.scale < 1400
    assert frame.height <= 1024
    assert frame.x + frame.width / frame.scale > 2300


@given(
    height=st.integers(64, 5000),
    width=st.integers(64, 5000),
    box=st.tuples(*[st.floats(-0.5, 1.5) for _ in range(4)]),
)
@settings(max_examples=200)
def test_any_frame_lies_in_its_photo(height: int, width: int, box: tuple[float, float, float, float]) -> None:
    low = (box[0] * width, box[1] * height)
    high = (low[0] + (abs(box[2]) + 0.01) * width, low[1] + (abs(box[3]) + 0.01) * height)
    frame = frame_of(height, width, low, high)
    assert frame.x >= 0
    assert frame.y >= 0
    assert frame.x + frame.width / frame.scale <= width + 1 / frame.scale
    assert frame.y + frame.height / frame.scale <= height + 1 / frame.scale
    assert 1 <= frame.height <= 1024
    assert frame.width <= 1.5 * 1024 + 1


def test_the_working_picture_is_the_frame_of_the_photo() -> None:
    photo = np.random.default_rng(2).integers(0, 255, (600, 800, 3), np.uint8)
    same = working_picture(photo, Frame(100, 50, 300, 200, 1.0, 800, 600))
    assert np.array_equal(same, photo[50:250, 100:400])
    half = working_picture(photo, Frame(100, 50, 150, 100, 0.5, 800, 600))
    assert half.shape == (100, 150, 3)


# ------------------------------------------------------------------------------------------------ real photos


@pytest.fixture(scope="module")
def somebody(photos: Path) -> NDArray[np.uint8]:
    return load(photos / "persons" / "p030.jpg")


@pytest.fixture(scope="module")
def analysed(somebody: NDArray[np.uint8]) -> Person:
    return analyse_person(somebody)


def test_everything_is_filled_and_of_its_shape(analysed: Person) -> None:
    assert analysed.labels.shape == analysed.hands.shape == (1024, 768)
    assert analysed.mattes.shape == (6, 1024, 768)
    assert set(np.unique(analysed.labels)) <= {int(label) for label in Label}
    assert analysed.joints.shape == (33, 3)
    assert len(analysed.face) == 36
    assert 0.5 < analysed.certainty <= 1
    body = analysed.body
    assert body.profile_t.shape == body.profile_left.shape == body.profile_right.shape
    assert np.all(np.diff(body.profile_t) > 0)
    assert body.left_arm.shoulder[0] < body.right_arm.shoulder[0]


def test_the_same_photo_gives_the_same_person_in_any_thread(somebody: NDArray[np.uint8], analysed: Person) -> None:
    with ThreadPoolExecutor(3) as pool:
        for other in pool.map(analyse_person, [somebody] * 3):
            assert pack(other) == pack(analysed)


def test_processes_are_spawned_not_forked(somebody: NDArray[np.uint8], analysed: Person, tmp_path: Path) -> None:
    """A forked child is told so instead of hanging; a process that has MediaPipe itself loaded works as well."""
    np.save(tmp_path / "photo.npy", somebody)
    code = f"""
import os, sys
import mediapipe
import numpy as np
from vtonlab.engines.instant.person import analyse_person
photo = np.load({str(tmp_path / "photo.npy")!r})
print(round(analyse_person(photo).body.unit, 3), flush=True)
child = os.fork()
if not child:
    try:
        analyse_person(photo)
    except RuntimeError as error:
        print("spawn" in str(error), flush=True)
    os._exit(0)
os.waitpid(child, 0)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.split() == [str(round(analysed.body.unit, 3)), "True"]


def test_a_real_person_survives_packing(analysed: Person) -> None:
    data = pack(analysed)
    assert pack(unpack_person(data)) == data
    assert len(data) < 500_000


def test_portrait_has_the_working_size(somebody: NDArray[np.uint8], analysed: Person) -> None:
    drawn = draw_person(somebody, analysed)
    assert drawn.shape == (1024, 768, 3)
    assert (drawn != somebody).mean() > 0.2


@pytest.mark.parametrize("size", [(64, 48), (131, 97), (700, 333), (333, 700), (2600, 1950)])
def test_any_size_is_analysed_or_refused(somebody: NDArray[np.uint8], size: tuple[int, int]) -> None:
    photo = np.asarray(cv2.resize(somebody, size[::-1], interpolation=cv2.INTER_AREA), np.uint8)
    try:
        person = analyse_person(photo)
    except NoPersonFound:
        return
    assert person.labels.shape == (person.frame.height, person.frame.width)
    assert np.isfinite(person.body.profile_left).all()


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_turned_photos_do_not_crash(somebody: NDArray[np.uint8], turns: int) -> None:
    photo = np.ascontiguousarray(np.rot90(somebody, turns))
    try:
        analyse_person(photo)
    except NoPersonFound:
        return


def test_of_two_people_the_larger_is_chosen(somebody: NDArray[np.uint8]) -> None:
    small = np.asarray(cv2.resize(somebody, (538, 717), interpolation=cv2.INTER_AREA), np.uint8)
    wide = np.full((1024, 1500, 3), somebody[2, 2], np.uint8)
    wide[:, :768] = somebody
    wide[200:917, 900:1438] = small
    person = analyse_person(wide)
    assert "several_people" in [note.code for note in person.notes]
    middle = person.body.shoulders[0] / person.frame.scale + person.frame.x
    assert middle < 768


def test_somebody_small_in_a_large_photo_is_found_and_cut_out(somebody: NDArray[np.uint8]) -> None:
    small = np.asarray(cv2.resize(somebody, (240, 320), interpolation=cv2.INTER_AREA), np.uint8)
    scene = np.full((1620, 3040, 3), somebody[2, 2], np.uint8)
    scene[900:1220, 1500:1740] = small
    person = analyse_person(scene)
    middle = person.body.shoulders / person.frame.scale + np.array([person.frame.x, person.frame.y])
    assert 1500 < middle[0] < 1740
    assert 900 < middle[1] < 1220
    assert (person.frame.source_width, person.frame.source_height) == (3040, 1620)
    assert person.frame.width / person.frame.scale < 1600


@pytest.mark.parametrize(("radius", "quality"), [(5, 100), (9, 75)])
def test_a_blurred_photo_is_noticed(somebody: NDArray[np.uint8], radius: int, quality: int) -> None:
    blurred = Image.fromarray(np.asarray(cv2.GaussianBlur(somebody, (0, 0), radius), np.uint8))
    file = io.BytesIO()
    blurred.save(file, "JPEG", quality=quality)  # whose blocks have edges of their own
    assert "blurred" in [note.code for note in advise_person(np.asarray(Image.open(file)))]


def test_a_sharp_photo_is_left_alone(somebody: NDArray[np.uint8]) -> None:
    assert "blurred" not in [note.code for note in advise_person(somebody)]


@pytest.mark.parametrize(("name", "code"), [("levi019_person.jpg", "from_behind"), ("p332.png", "seen_from_the_side")])
def test_notes_on_real_photos(photos: Path, name: str, code: str) -> None:
    assert code in [note.code for note in advise_person(load(photos / "persons" / name))]


def test_tops_are_parsed(photos: Path) -> None:
    """Every fifth pair: the worn garment's label against its true mask."""
    with (photos / "pairs.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["area"] == "upper"][::5]
    found = []
    for row in rows:
        photo = load(photos / row["person"])
        true = cv2.imread(str(photos / row["mask"]), cv2.IMREAD_GRAYSCALE) > 127
        person = analyse_person(photo)
        own = cv2.resize((person.labels == Label.UPPER).astype(np.uint8), true.shape[::-1]) > 0
        found.append(float((own & true).sum() / (own | true).sum()))
    assert min(found) > 0.75
    assert np.mean(found) > 0.93


def test_models_are_asked_with_small_pictures(somebody: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []
    trace = pose_graph.trace_figure

    def watch(picture: NDArray[np.uint8], circle: pose_graph.Circle) -> pose_graph.Figure | None:
        sizes.append(max(picture.shape))
        return trace(picture, circle)

    monkeypatch.setattr(pose_graph, "trace_figure", watch)
    analyse_person(np.asarray(cv2.resize(somebody, (3072, 4096)), np.uint8))
    assert max(sizes) <= 512
