"""An answer that lies a little differently than what was sent is found by what both pictures show."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from tests.fakes.errand import textured

from vtonlab.engines.answers import PAINTED_ANEW, finish, prepare
from vtonlab.engines.contract import Picture
from vtonlab.engines.placing import find_placement, place
from vtonlab.imaging.read import read_picture

PHOTO = textured(480, 700, 5)


def answer_of(sent: Picture, size: tuple[int, int], into: list[list[float]]) -> Picture:
    """What a service gives back: ``sent`` moved by ``into``, with something new on its middle."""
    drawn = sent.copy()
    drawn[300:420, 200:330] = (200, 40, 40)
    moved = cv2.warpAffine(drawn, np.array(into), size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    noise = np.random.default_rng(3).integers(-4, 5, moved.shape)
    return np.asarray(np.clip(moved + noise, 0, 255), np.uint8)


@pytest.mark.parametrize(
    ("size", "into"),
    [
        ((510, 700), [[1.0, 0, 0], [0, 1.0, 0]]),
        ((864, 1184), [[1.65, 0, 0], [0, 1.69, 0]]),  # 3:4 as the service understands it
        ((510, 700), [[1.04, 0, -12], [0, 1.04, -9]]),  # a little nearer
        ((510, 700), [[0.97, 0.01, 5], [-0.01, 0.97, 14]]),  # further away, hardly turned
        ((360, 500), [[0.71, 0, -4], [0, 0.71, 3]]),
    ],
)
def test_it_is_laid_where_it_belongs(size: tuple[int, int], into: list[list[float]]) -> None:
    sent = prepare(PHOTO, (3, 4), 2048)
    answer = answer_of(sent.padded, size, into)
    found = find_placement(sent.padded, answer)
    assert found is not None
    corners = np.array([[0, 0, 1], [sent.frame.width, 0, 1], [0, sent.frame.height, 1]])
    assert np.abs(corners @ found.T - corners @ np.array(into).T).max() < 1.5

    result = finish("any", PHOTO, sent, answer, {}, composite=True)
    assert (result.image[result.mask == 0] == PHOTO[result.mask == 0]).all()
    assert 0.03 < (result.mask > 0).mean() < 0.12, "what changed, and a little around it; no edges of the rest"


def test_another_picture_is_said_to_be_one() -> None:
    sent = prepare(PHOTO, (3, 4), 2048)
    other = textured(900, 500, 77)
    assert place(other, PHOTO, sent.padded, sent.frame) is None
    result = finish("any", PHOTO, sent, other, {}, composite=True)
    assert result.image.shape == PHOTO.shape
    assert result.notes == (PAINTED_ANEW,)
    assert (result.mask == 255).all()


def test_a_picture_without_any_points_is_laid_by_its_outline() -> None:
    plain = np.full((400, 300, 3), 128, np.uint8)
    sent = prepare(plain, (3, 4), 2048)
    answer = np.full((1184, 864, 3), 128, np.uint8)
    answer[500:700, 300:560] = 30
    result = finish("any", plain, sent, answer, {}, composite=True)
    assert (result.image[:100] == 128).all()
    assert result.mask[200, 150] == 255


def test_what_is_sent_is_upright_padded_and_bare() -> None:
    sent = prepare(PHOTO, (1, 1), 500)
    assert sent.padded.shape[:2] == (500, 500)
    assert read_picture(sent.data).shape == sent.padded.shape
