"""Pictures as they were when somebody last looked at them and found them good.

A change that is meant is looked at, then kept with ``pytest tests/unit/instant/test_golden.py --update-golden``.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from tests.drawn_clothes import DRESS, LONG, SHORTS, SKIRT, TANK, Lower, Upper
from tests.drawn_fittings import POSES, fit
from tests.drawn_people import Figure

from vtonlab.engines.contract import Picture

GOLDEN = Path(__file__).parents[2] / "golden"
STRIPED = Upper(print="stripes")
CASES: dict[str, tuple[Figure, Upper | Lower]] = {
    "tee-arms-down": (POSES["arms down"], Upper(print="check")),
    "stripes-akimbo": (POSES["akimbo"], STRIPED),
    "long-akimbo": (POSES["akimbo"], LONG),
    "tank-over-long-sleeves": (POSES["long sleeves"], TANK),
    "tee-tucked": (POSES["tucked, leaning, bare arms"], Upper(print="check")),
    "dress-arms-down": (POSES["arms down"], DRESS),
    "trousers": (POSES["arms down"], Lower(print="check")),
    "shorts": (POSES["tucked, leaning, bare arms"], SHORTS),
    "skirt": (POSES["tucked, leaning, bare arms"], SKIRT),
}
MEAN, WORST = 0.8, 14.0
"""Perceptual distances (ΔE) that pass: on average over the person, and for the worst hundredth of it."""


@pytest.mark.parametrize("case", CASES)
def test_the_picture_looks_as_it_did(case: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    figure, pattern = CASES[case]
    fitting = fit(figure, pattern)
    picture = half_size(fitting.picture)
    file = GOLDEN / f"{case}.png"
    if request.config.getoption("--update-golden"):
        GOLDEN.mkdir(exist_ok=True)
        cv2.imwrite(str(file), picture[..., ::-1])
        return
    assert file.exists(), "no golden picture yet: --update-golden"
    golden = cv2.imread(str(file), cv2.IMREAD_COLOR)
    assert golden is not None
    apart = distance(picture, np.ascontiguousarray(golden[..., ::-1]))
    person = half_size(cv2.merge([255 - fitting.drawn.person.mattes[0]] * 3))[..., 0] > 127
    mean, worst = float(apart[person].mean()), float(np.percentile(apart[person], 99))
    if mean > MEAN or worst > WORST:
        cv2.imwrite(str(tmp_path / "now.png"), picture[..., ::-1])
    assert mean <= MEAN, f"look at {tmp_path / 'now.png'} beside {file}"
    assert worst <= WORST, f"look at {tmp_path / 'now.png'} beside {file}"


def half_size(picture: Picture) -> Picture:
    return np.asarray(cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)


def distance(one: Picture, other: Picture) -> np.ndarray:  # type: ignore[type-arg]
    """ΔE (CIE 1976) at every pixel, after the blur of an eye that is not looking for single pixels."""
    assert one.shape == other.shape
    both = [cv2.GaussianBlur(picture.astype(np.float32) / 255, (0, 0), 1.0) for picture in (one, other)]
    labs = [cv2.cvtColor(picture, cv2.COLOR_RGB2LAB) for picture in both]
    return np.asarray(np.linalg.norm(labs[0] - labs[1], axis=2))


def test_the_distance_sees_what_an_eye_sees() -> None:
    """A shirt moved by two pixels, a hole in it or another colour is seen; a grey level of noise is not."""
    picture = half_size(fit(POSES["arms down"], STRIPED).picture)
    noisy = np.asarray(np.clip(picture + np.random.default_rng(0).normal(0, 1.5, picture.shape), 0, 255), np.uint8)
    assert distance(picture, noisy).mean() < MEAN
    assert np.percentile(distance(picture, noisy), 99) < WORST
    chest = (slice(60, 140), slice(70, 120))
    moved, holed, dyed = picture.copy(), picture.copy(), picture.copy()
    moved[chest] = np.roll(picture, 2, axis=0)[chest]
    holed[100:108, 90:98] = (222, 174, 146)
    dyed[chest] = np.clip(picture[chest].astype(int) + np.array([0, 25, 0]), 0, 255)
    for spoilt in (moved, holed, dyed):
        apart = distance(picture, spoilt)[chest]
        assert apart.mean() > MEAN or np.percentile(apart, 99) > WORST
