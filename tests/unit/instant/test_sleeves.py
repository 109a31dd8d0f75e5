"""Sleeves on arms: they begin on the torso's seam without a step, end where a cuff can be, and follow the arm."""

from __future__ import annotations

import numpy as np
import pytest
from tests.drawn_clothes import LONG, TANK, Upper, draw_upper
from tests.drawn_fittings import POSES, fit
from tests.drawn_people import Figure, draw_person

from vtonlab.engines.instant.axes import SIDES, arm_curve, arm_of
from vtonlab.engines.instant.fit import fit_torso
from vtonlab.engines.instant.records import Part
from vtonlab.engines.instant.sleeves import ROWS, fit_sleeve, sleeve_edges
from vtonlab.engines.instant.warp import OUTSIDE, arc_lengths

SLEEVED = {"tee": Upper(), "long": LONG}
every_pose = pytest.mark.parametrize("pose", POSES)
every_sleeve = pytest.mark.parametrize("cut", sorted(SLEEVED))
PARTS = {"left": Part.LEFT_SLEEVE, "right": Part.RIGHT_SLEEVE}


def test_what_has_no_sleeves_gets_none() -> None:
    person, garment = draw_person(Figure()).person, draw_upper(TANK)
    torso = fit_torso(person, garment)
    assert [fit_sleeve(person, garment, torso, side) for side in SIDES] == [None, None]
    assert [piece.part for piece in fit(Figure(), TANK).draped.pieces] == [Part.BODY]


@every_sleeve
def test_the_edges_of_a_sleeve_run_from_the_seam_to_the_cuff(cut: str) -> None:
    pattern = SLEEVED[cut]
    for side, sign in (("left", -1), ("right", 1)):
        outer, inner = sleeve_edges(draw_upper(pattern), side)  # type: ignore[arg-type]
        assert len(outer) == len(inner) == ROWS
        wanted = (pattern.shoulder, pattern.cuff_outer, pattern.armpit, pattern.cuff_inner)
        for found, (out, down) in zip((outer[0], outer[-1], inner[0], inner[-1]), wanted, strict=True):
            assert np.hypot(found[0] - 240 - sign * out, found[1] - down) < 4


@every_sleeve
@pytest.mark.parametrize("pose", [pose for pose in POSES if pose != "arms away"])
def test_cloth_runs_on_across_the_seam_without_a_step(pose: str, cut: str) -> None:
    """On the seam the torso's map and the sleeve's mesh tell the same place of the garment, to a pixel of the photo."""
    person, garment = draw_person(POSES[pose]).person, draw_upper(SLEEVED[cut])
    torso = fit_torso(person, garment)
    for side in SIDES:
        sleeve = fit_sleeve(person, garment, torso, side)
        assert sleeve is not None
        seam = slice(1, -1)
        apart = torso.plate(sleeve.mesh.body[2, seam]) - sleeve.mesh.garment[2, seam]
        assert np.hypot(*apart.T).max() * torso.scale < 1.0, side


@every_sleeve
@every_pose
def test_there_is_no_gap_between_torso_and_sleeve(pose: str, cut: str) -> None:
    fitting = fit(POSES[pose], SLEEVED[cut])
    person = fitting.drawn.person
    torso = fit_torso(person, fitting.garment)
    for side in SIDES:
        shoulder, armpit = torso.seams[side]
        sleeve = fit_sleeve(person, fitting.garment, torso, side)
        assert sleeve is not None
        for row in (2, 3, 4):
            line = sleeve.mesh.body[row]
            for share in np.linspace(0.25, 0.8, 12):
                x, y = np.round(line[1] + (line[-2] - line[1]) * np.float32(share)).astype(int)
                assert fitting.cover[y, x] > 200, (side, row, share)
        assert np.linalg.norm(shoulder - armpit) > 0.2 * person.body.unit


@pytest.mark.parametrize("pose", ["long sleeves", "akimbo"])
def test_a_long_sleeve_ends_at_the_wrist(pose: str) -> None:
    fitting = fit(POSES[pose], LONG)
    for side in SIDES:
        length = float(arc_lengths(arm_curve(arm_of(fitting.drawn.person.body, side)))[-1])
        assert fitting.draped.wearing.cuffs[side] == pytest.approx(length, rel=0.05)


def test_a_short_sleeve_near_the_worn_one_ends_on_its_cuff() -> None:
    fitting = fit(Figure(sleeves=0.3), Upper())
    for side in SIDES:
        length = float(arc_lengths(arm_curve(arm_of(fitting.drawn.person.body, side)))[-1])
        assert fitting.draped.wearing.cuffs[side] == pytest.approx(0.3 * length, abs=0.06 * length)


def test_a_longer_sleeve_ends_further_down() -> None:
    cuffs = ((180, 160), (226, 260))
    patterns = [Upper(cuff_outer=(out, down), cuff_inner=(out - 40, down + 36)) for out, down in cuffs]
    short, longer = (fit(Figure(sleeves=0.0), pattern).draped.wearing.cuffs for pattern in patterns)
    for side in SIDES:
        assert longer[side] > short[side] + 20


@every_pose
def test_the_cloth_of_a_long_sleeve_lies_on_the_arm(pose: str) -> None:
    fitting = fit(POSES[pose], LONG)
    body = fitting.drawn.person.body
    for side in SIDES:
        curve = arm_curve(arm_of(body, side), 40)[8:36]
        for x, y in np.round(curve).astype(int):
            if 0 <= x < fitting.cover.shape[1]:
                assert fitting.cover[y, x] > 150, (side, x, y)
        piece = next(piece for piece in fitting.draped.pieces if piece.part is PARTS[side])
        rows, columns = np.nonzero(piece.alpha > 127)
        places = np.stack([columns + piece.region.x, rows + piece.region.y], 1)
        reach = np.hypot(*(places[:, None] - arm_curve(arm_of(body, side), 60)[None]).transpose(2, 0, 1)).min(1)
        assert np.percentile(reach, 95) < 0.33 * body.unit
        assert (piece.map_x[piece.alpha > 0] > OUTSIDE / 2).mean() > 0.97
