"""How large a lower garment is on a body, and where its waistband sits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.instant.axes import SIDES, Side, Values, half_width, spine
from vtonlab.engines.instant.hips import Hips, crotch_point, measure_hips, waist_is_seen
from vtonlab.engines.instant.leg_lines import LegLines
from vtonlab.engines.instant.records import Cut, Garment, Label, Part, Person
from vtonlab.engines.instant.warp import smooth

LONG = 2.2
"""Length over waistband from which trousers are ankle-length: laid flat about 100 cm over 42 cm, on a body more."""

OVERLAP = 0.02
"""How far, in t, the new waistband goes on under what is worn above it."""


@dataclass(frozen=True)
class LowerHang:
    """Size and height of a lower garment on the body."""

    scale: float
    """Body px per garment px across."""
    length_scale: float
    """The same down the legs: cloth laid flat is wider than on a body, but not longer."""
    waist_t: dict[Side | str, float]
    """t of the waistband's upper edge at the left, the ``middle`` and the right."""
    waist_row: float
    """Garment row of the waistband's ends."""
    fork_row: float
    """Garment row at which the legs part; the hem's for a skirt."""
    long: bool
    """Trousers made to reach the ankles."""
    worn: Hips


def hang_lower(person: Person, garment: Garment, lines: LegLines) -> LowerHang:
    """Choose size and waist line."""
    body, marks = person.body, garment.landmarks
    waist_t = find_waist_line(person)
    middle_t = waist_t["middle"]
    worn = measure_hips(person, lines)
    waist = float(sum(worn.half(side, np.array([waist_t[side]], np.float32))[0] for side in SIDES))
    hips = float(sum(worn.half(side, np.array([1.0, 1.08, 1.16], np.float32)).max() for side in SIDES))
    band = max(marks["waist_right"].x - marks["waist_left"].x, 1.0)
    waist_row = (marks["waist_left"].y + marks["waist_right"].y) / 2
    hem_row = (marks["hem_outer_left"].y + marks["hem_outer_right"].y) / 2
    scale = 1.01 * waist / band
    if "crotch" not in marks:
        return LowerHang(scale, 1.05 * scale, waist_t, waist_row, hem_row, False, worn)
    long = garment.cut is not Cut.SKIRT and hem_row - waist_row > LONG * band
    fork_row = _fork_row(_gap_top(garment, waist_row, hem_row), waist_row, hem_row, long)
    scale = float(np.sqrt(scale * 1.03 * hips / max(marks["hip_right"].x - marks["hip_left"].x, 1.0)))
    drop = float((crotch_point(body) - spine(body, np.array([middle_t], np.float32))[0][0]) @ body.down)
    length_scale = float(np.clip(drop / max(fork_row - waist_row, 1.0), 0.95 * scale, 1.3 * scale))
    return LowerHang(scale, length_scale, waist_t, waist_row, fork_row, long, worn)


def _fork_row(crotch: float, waist: float, hem: float, long: bool) -> float:
    """Where the legs part: the crotch, but in long trousers never so low as only legs lying together could make it.

    The rise of long trousers is a quarter to a third of their length (common size tables: 25–34 of 100–108 cm).
    """
    share = (crotch - waist) / max(hem - waist, 1.0)
    if long and not 0.2 < share < 0.38:
        share = 0.31
    return float(waist + np.clip(share, 0.15, 0.93) * (hem - waist))


def _gap_top(garment: Garment, waist_row: float, hem_row: float) -> float:
    """Row of the crotch: where the backdrop between the legs begins, or the landmark's where the legs lie together."""
    crotch = garment.landmarks["crotch"]
    column = int(np.clip(round(crotch.x), 2, garment.alpha.shape[1] - 3))
    start = int(waist_row + 0.15 * (hem_row - waist_row))
    empty = (garment.alpha[start : int(hem_row) - 2, column - 2 : column + 3] < 127).any(1)
    below = np.cumsum(empty[::-1])[::-1] / np.arange(len(empty), 0, -1)
    lasting = np.flatnonzero(empty & (below > 0.8))
    return float(start + lasting[0]) if len(lasting) and len(empty) - lasting[0] > 8 else crotch.y


# ------------------------------------------------------------------------------------------------ the body's waist


def find_waist_line(person: Person) -> dict[Side | str, float]:
    """t of the new waistband's upper edge at the left, the middle and the right of the body.

    Where the worn waistband is seen it is followed, a little beyond, so that what is worn above it stays as it is.
    Under a top worn loose it lies at the height of an ordinary rise.
    """
    body = person.body
    if not waist_is_seen(body):
        t = 0.74 if body.one_piece else float(np.clip(min(body.waist_t - 0.04, 0.86), 0.6, 0.86))
        return {"left": t, "middle": t, "right": t}
    line = _worn_waistline(person)
    found = np.full(3, body.waist_t)
    if line is not None:
        # The middle alone may be mistaken: a placket or a shirt-tail of the trousers' colour.
        usual = float(np.median(np.polyval(line, np.linspace(-0.8, 0.8, 9))))
        found = np.clip(np.polyval(line, [-1.0, 0.0, 1.0]), usual - 0.07, usual + 0.07)
    found = np.clip(found, 0.4, 1.0) - OVERLAP
    return {"left": float(found[0]), "middle": float(found[1]), "right": float(found[2])}


def _worn_waistline(person: Person) -> NDArray[np.float64] | None:
    """Polynomial of t over the place across the waist (-1 left, 1 right); None where too little of it is seen."""
    body = person.body
    # From the hips upwards: a stripe of the top may have the skirt's colour, the hips are the skirt's own.
    t = np.arange(1.02, 0.35, -0.005, dtype=np.float32)
    share = np.linspace(-0.85, 0.85, 18, dtype=np.float32)
    here = np.array([np.clip(body.waist_t, 0.5, 1.0)], np.float32)
    width = np.where(share < 0, half_width(body, "left", here), half_width(body, "right", here))
    places, across = spine(body, t)
    grid = places[:, None] + across[:, None] * (share * width)[None, :, None]
    height, columns = person.labels.shape
    x = np.clip(np.round(grid[..., 0]).astype(int), 0, columns - 1)
    y = np.clip(np.round(grid[..., 1]).astype(int), 0, height - 1)
    labels = person.labels[y, x]
    above = np.isin(labels, (Label.UPPER, Label.SKIN, Label.BACKGROUND)) & (person.hands[y, x] == 0)
    ended = above[:-5].copy()
    for step in range(1, 6):
        ended &= above[step : len(above) - 5 + step]
    first = ended.argmax(0)
    good = ended.any(0) & (first > 8) & ((labels[:8] == Label.LOWER).mean(0) > 0.5)
    if good.sum() < 8:
        return None
    found = t[first]
    good &= np.abs(found - np.median(found[good])) < 0.06
    return np.asarray(np.polyfit(share[good], found[good], 2 if good.sum() > 12 else 1)) if good.sum() > 6 else None


# ------------------------------------------------------------------------------------------------ the garment's edges


def waist_middle(garment: Garment) -> tuple[float, float]:
    """The waistline's place at the axis: the front dips below its ends, more so on a ghost mannequin."""
    marks = garment.landmarks
    x = (marks["waist_left"].x + marks["waist_right"].x) / 2
    ends = (marks["waist_left"].y + marks["waist_right"].y) / 2
    column = int(np.clip(round(x), 0, garment.alpha.shape[1] - 1))
    front = np.flatnonzero((garment.alpha[:, column] > 127) & (garment.parts[:, column] != Part.INSIDE))
    dip = 0.25 * (marks["waist_right"].x - marks["waist_left"].x)
    return x, float(np.clip(front[0], ends - dip, ends + dip)) if len(front) else ends


def outer_columns(garment: Garment, side: Side, rows: Values) -> Values:
    """Column of the garment's outer edge at each row, smoothed; ``(N,)``."""
    height = garment.alpha.shape[0]
    cloth = garment.alpha[np.clip(np.round(rows).astype(int), 0, height - 1)] > 127
    found = cloth.argmax(1) if side == "left" else cloth.shape[1] - 1 - cloth[:, ::-1].argmax(1)
    marks = garment.landmarks
    straight = np.interp(
        rows,
        [marks[f"{n}_{side}"].y for n in ("waist", "hip", "hem_outer")],
        [marks[f"{n}_{side}"].x for n in ("waist", "hip", "hem_outer")],
    )
    return smooth(np.where(cloth.any(1), found, straight).astype(np.float32), 1.2)


def drawn_to(ratio: Values, slack: float = 0.18) -> Values:
    """A width relative to what is worn, drawn to 1 within ``slack``.

    A difference that small is within the error of any measure, and on the worn outline nothing has to be invented.
    """
    return (1 + np.sign(ratio - 1) * np.maximum(np.abs(ratio - 1) - slack, 0)).astype(np.float32)
