"""The drawn pair, and the board that it is drawn on."""

from __future__ import annotations

import numpy as np
import pytest

import vtonlab
from vtonlab.imaging.drawing import Board, mirror, trace
from vtonlab.imaging.mannequin import draw_person, draw_shirt

SQUARE = "M -10 10 L 10 10 L 10 30 L -10 30 Z"


def test_the_pair_is_drawn_at_any_size_and_stays_the_same() -> None:
    for draw in (draw_person, draw_shirt):
        small, large = draw(), draw(1024)
        assert small.shape == (512, 384, 3)
        assert large.shape == (1024, 768, 3)
        assert np.array_equal(small, draw())
        halved = large.reshape(512, 2, 384, 2, 3).mean((1, 3))
        assert np.abs(halved - small).mean() < 3, "the same drawing, only sharper"


def test_the_shirt_lies_on_white_and_the_person_fills_the_frame() -> None:
    shirt = draw_shirt()
    assert (shirt[[0, -1]] == 255).all()
    assert (shirt[:, [0, -1]] == 255).all()
    person = draw_person()
    assert person[-1, 192 - 40 : 192 - 20].mean() < 120, "the trousers run out of the picture"


def test_the_drawn_person_wears_the_drawn_shirt_well() -> None:
    result = vtonlab.try_on(draw_person(1024), draw_shirt(1024))
    assert result.confidence > 0.85
    assert not result.notes
    chest = result.image[420:470, 340:428].reshape(-1, 3).mean(0)
    assert chest[0] > chest[2] + 60, "the warm shirt, no longer the blue one"


def test_shapes_are_drawn_where_they_are_and_softly_where_asked() -> None:
    board = Board(40, 40, (255, 255, 255))
    board.shape(SQUARE, (0, 0, 0))
    hard = board.picture()
    assert hard.shape == (40, 30, 3)
    assert (hard[12:28, 8:22] == 0).all()
    assert (hard[:9] == 255).all()
    soft = Board(40, 40, (255, 255, 255))
    soft.cast(SQUARE, 0.5, soft=2, within="M -15 0 L 0 0 L 0 40 L -15 40 Z")
    seen = soft.picture()
    assert 120 < seen[20, 12].mean() < 200
    assert (seen[:, 16:] == 255).all(), "nothing beyond what it is kept within"
    assert len(np.unique(seen[:, 10, 0])) > 5, "no hard edge"


def test_a_mirrored_path_has_its_other_side() -> None:
    assert mirror("M 1 2 C -3 4 5.5 6 7 8 Z") == "M -1 2 C 3 4 -5.5 6 -7 8 Z"
    assert trace("M 0 0 L 4 0 L 4 4 Z") == [[(0, 0), (4, 0), (4, 4)]]
    assert trace("M 0 0 C 0 0 3 3 3 3")[0][-1] == (3, 3)


def test_a_path_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="L takes 2 numbers"):
        trace("M 0 0 L 1 2 3")
