"""Garments that were drawn are understood as they were drawn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.drawn import PATTERNS, DrawnGarment, draw_garment

from vtonlab.engines.contract import GarmentKind, Picture
from vtonlab.engines.instant.garment import advise_garment, analyse_garment
from vtonlab.engines.instant.records import Garment, Part
from vtonlab.errors import GarmentNotUnderstood, ImageTooSmall, VtonError

SLEEVED = {"tee", "long_sleeve", "polo", "dress"}


def errors_of(drawn: DrawnGarment, garment: Garment) -> dict[str, float]:
    """Distance of each known landmark from the one found, as a share of the garment's width.

    Compared in the garment's own frame: the axis, and the top and bottom of its cover.
    """
    rows = np.nonzero((garment.alpha > 127).any(1))[0]
    columns = np.nonzero((garment.alpha > 127).any(0))[0]
    ring = np.array([spot for spot in drawn.pattern.outline if spot is not None])
    scale = (rows[-1] - rows[0] + 1) / (ring[:, 1].max() - ring[:, 1].min())
    width = columns[-1] - columns[0] + 1
    known = {
        f"{name}_{side}": (sign * x, y)
        for name, (x, y) in drawn.pattern.landmarks.items()
        for side, sign in (("left", -1), ("right", 1))
    } | drawn.pattern.centre
    found = {}
    for name, (x, y) in known.items():
        spot = garment.landmarks[name]
        across = garment.axis_x + x * scale
        down = rows[0] + (y - ring[:, 1].min()) * scale
        found[name] = float(np.hypot(spot.x - across, spot.y - down) / width)
    return found


@pytest.mark.parametrize("name", PATTERNS)
def test_kind_cut_and_landmarks(name: str) -> None:
    drawn = draw_garment(name)
    garment = analyse_garment(drawn.picture)
    assert (garment.kind, garment.cut) == (drawn.pattern.kind, drawn.pattern.cut)
    assert max(errors_of(drawn, garment).values()) < 0.06
    assert garment.certainty > 0.6


@pytest.mark.parametrize("name", PATTERNS)
def test_left_and_right_agree(name: str) -> None:
    garment = analyse_garment(draw_garment(name).picture)
    width = np.ptp(np.nonzero((garment.alpha > 127).any(0))[0])
    for key, left in garment.landmarks.items():
        if key.endswith("_left"):
            right = garment.landmarks[key.replace("_left", "_right")]
            assert abs((garment.axis_x - left.x) - (right.x - garment.axis_x)) < 0.015 * width, key
            assert abs(left.y - right.y) < 0.015 * width, key


@pytest.mark.parametrize("name", PATTERNS)
def test_matte_follows_the_drawing(name: str) -> None:
    drawn = draw_garment(name, scale=0.8)
    garment = analyse_garment(drawn.picture)
    area = (drawn.cover / 255).sum()
    rows = np.nonzero(drawn.cover.max(1) > 127)[0]
    own = np.nonzero((garment.alpha > 127).any(1))[0]
    scale = (own[-1] - own[0] + 1) / (rows[-1] - rows[0] + 1)
    assert (garment.alpha / 255).sum() / scale**2 == pytest.approx(area, rel=0.02)


@pytest.mark.parametrize("name", ["tee", "polo", "trousers"])
@pytest.mark.parametrize("turn", [-12.0, 8.0])
def test_a_tilted_garment_is_set_upright(name: str, turn: float) -> None:
    drawn = draw_garment(name, turn=turn, scale=0.7)
    assert max(errors_of(drawn, analyse_garment(drawn.picture)).values()) < 0.07


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize(
    "colours", [((250, 250, 250), (255, 255, 255)), ((252, 252, 252), (244, 244, 244)), ((20, 20, 20), (90, 60, 40))]
)
def test_pale_on_pale_and_dark_on_dark(name: str, colours: tuple[tuple[int, int, int], tuple[int, int, int]]) -> None:
    drawn = draw_garment(name, colour=colours[0], ground=colours[1])
    garment = analyse_garment(drawn.picture)
    assert garment.kind is drawn.pattern.kind
    assert max(errors_of(drawn, garment).values()) < 0.10


@pytest.mark.parametrize("name", sorted(SLEEVED))
def test_sleeves_are_told_from_the_body(name: str) -> None:
    garment = analyse_garment(draw_garment(name).picture)
    for part, side in ((Part.LEFT_SLEEVE, "left"), (Part.RIGHT_SLEEVE, "right")):
        cuff = [garment.landmarks[f"cuff_{end}_{side}"] for end in ("outer", "inner")]
        pit = garment.landmarks[f"armpit_{side}"]
        x = round((cuff[0].x + cuff[1].x) / 2 * 0.9 + pit.x * 0.1)
        y = round((cuff[0].y + cuff[1].y) / 2 * 0.9 + pit.y * 0.1)
        assert garment.parts[y, x] == part
    middle = int((garment.landmarks["armpit_left"].y + garment.landmarks["hem_left"].y) / 2)
    assert garment.parts[middle, int(garment.axis_x)] == Part.BODY


def test_inner_back_is_set_apart() -> None:
    garment = analyse_garment(draw_garment("tee").picture)
    column = garment.parts[:, int(garment.axis_x)]
    assert (column == Part.INSIDE).sum() > 0.06 * (column != Part.NONE).sum()
    lowest = garment.neckline[:, 1].max()
    assert not (garment.parts[int(lowest) + 3 :] == Part.INSIDE).any()


def test_a_polo_has_a_collar() -> None:
    garment = analyse_garment(draw_garment("polo").picture)
    assert garment.has_collar
    assert (garment.parts == Part.COLLAR).any()


def test_no_backdrop_is_left_in_the_colours() -> None:
    garment = analyse_garment(draw_garment("tee", colour=(150, 20, 30), ground=(20, 200, 60)).picture)
    assert (garment.picture[..., 1].astype(int) - garment.picture[..., 0] < 0).all()


def test_kind_is_obeyed() -> None:
    garment = analyse_garment(draw_garment("tee").picture, GarmentKind.DRESS)
    assert garment.kind is GarmentKind.DRESS
    assert "waist_left" in garment.landmarks


def test_twice_the_same() -> None:
    picture = draw_garment("polo", grain=3).picture
    one, other = analyse_garment(picture), analyse_garment(picture)
    assert np.array_equal(one.picture, other.picture)
    assert np.array_equal(one.parts, other.parts)
    assert one.landmarks == other.landmarks


@pytest.mark.parametrize(
    "picture",
    [
        np.full((300, 200, 3), 200, np.uint8),
        np.zeros((64, 64, 3), np.uint8),
    ],
)
def test_nothing_there(picture: Picture) -> None:
    with pytest.raises(GarmentNotUnderstood):
        analyse_garment(picture)
    assert [note.level for note in advise_garment(picture)] == ["problem"]


def test_two_equal_garments_are_refused() -> None:
    one = draw_garment("tee", width=300, height=400).picture
    with pytest.raises(GarmentNotUnderstood):
        analyse_garment(np.hstack([one, one]))


def test_too_small() -> None:
    with pytest.raises(ImageTooSmall):
        analyse_garment(np.zeros((20, 300, 3), np.uint8))


def test_advice_names_what_is_wrong() -> None:
    assert advise_garment(draw_garment("tee").picture) == ()
    small = advise_garment(draw_garment("tee", scale=0.25).picture)
    assert "garment_small" in [note.code for note in small]
    cropped = draw_garment("tee", scale=0.9).picture[:420]
    assert "garment_cropped" in [note.code for note in advise_garment(cropped)]


@given(
    name=st.sampled_from(sorted(PATTERNS)),
    scale=st.floats(0.45, 0.95),
    height=st.integers(300, 900),
    hue=st.tuples(*[st.integers(0, 255)] * 3),
    stripes=st.booleans(),
    grain=st.sampled_from([0.0, 2.0]),
    at=st.tuples(st.floats(0.45, 0.55), st.floats(0.48, 0.52)),
)
@settings(max_examples=12, deadline=None, derandomize=True)
def test_any_size_place_and_colour(
    name: str,
    scale: float,
    height: int,
    hue: tuple[int, int, int],
    stripes: bool,
    grain: float,
    at: tuple[float, float],
) -> None:
    ground = (244, 244, 244) if min(hue) < 200 else (60, 90, 60)
    drawn = draw_garment(
        name,
        scale=scale * 0.9,
        height=height,
        width=int(0.8 * height),
        colour=hue,
        ground=ground,
        stripes=stripes,
        grain=grain,
        at=at,
    )
    garment = analyse_garment(drawn.picture)
    assert garment.kind is drawn.pattern.kind
    assert float(np.median(list(errors_of(drawn, garment).values()))) < 0.05


@given(
    height=st.integers(1, 400),
    width=st.integers(1, 400),
    seed=st.integers(0, 9),
    look=st.sampled_from(["noise", "smooth", "halves", "blobs"]),
)
@settings(max_examples=16, deadline=None, derandomize=True)
def test_any_picture_gives_a_garment_or_our_own_error(height: int, width: int, seed: int, look: str) -> None:
    picture = paint_nonsense(np.random.default_rng(seed), height, width, look)
    try:
        garment = analyse_garment(picture)
    except VtonError:
        return
    assert garment.alpha.shape == garment.parts.shape == garment.picture.shape[:2]
    assert max(garment.alpha.shape) <= 1024
    assert 0 <= garment.certainty <= 1


def paint_nonsense(random: np.random.Generator, height: int, width: int, look: str) -> Picture:
    noise = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
    if look == "noise":
        return noise
    if look == "halves":
        picture = np.full((height, width, 3), 240, np.uint8)
        picture[: height // 2] = 30
        return picture
    if look == "smooth":
        return np.broadcast_to(np.linspace(0, 255, height).astype(np.uint8)[:, None, None], (height, width, 3)).copy()
    picture = np.full((height, width, 3), 255, np.uint8)
    for _ in range(30):
        x, y, size = int(random.integers(0, width)), int(random.integers(0, height)), int(random.integers(1, 30))
        picture[y : y + size, x : x + size] = random.integers(0, 256, 3)
    return picture
