"""How large a lower garment is on a body, and where its waistband sits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vtonlab.engines.instant.axes import SIDES, Side, Values, half_width, spine
from vtonlab.engines.instant.records import Body, Garment, Part, Person, Points
from vtonlab.engines.instant.warp import smooth


@dataclass(frozen=True)
class LowerHang:
    """Size and height of a lower garment on the body."""

    scale: float
    """Body px per garment px across."""
    length_scale: float
    """The same down the legs: cloth laid flat is wider than on a body, but not longer."""
    waist_t: float
    waist_width: float
    """Body's width where the waistband sits, px."""
    waist_row: float
    """Garment row of the waistband's ends."""


def hang_lower(person: Person, garment: Garment) -> LowerHang:
    """Choose size and waist line."""
    body, marks = person.body, garment.landmarks
    waist_t = choose_waist(body)
    waist = float(sum(torso_outline(body, side, np.float32([waist_t]))[0] for side in SIDES))
    hips = float(sum(torso_outline(body, side, np.float32([1.0, 1.08, 1.16])).max() for side in SIDES))
    by_waist = 1.01 * waist / max(marks["waist_right"].x - marks["waist_left"].x, 1.0)
    scale = by_waist
    waist_row = (marks["waist_left"].y + marks["waist_right"].y) / 2
    length_scale = 1.05 * by_waist
    if "crotch" in marks:
        by_hips = 1.03 * hips / max(marks["hip_right"].x - marks["hip_left"].x, 1.0)
        scale = float(np.sqrt(by_waist * by_hips))
        drop = float((crotch_point(body) - spine(body, np.float32([waist_t]))[0][0]) @ body.down)
        length_scale = float(np.clip(drop / max(marks["crotch"].y - waist_row, 1.0), 0.95 * scale, 1.3 * scale))
    return LowerHang(scale, length_scale, waist_t, waist, waist_row)


def choose_waist(body: Body) -> float:
    """t of the new waistband: on the worn one where that is seen, else at the height of an ordinary rise."""
    if body.one_piece:
        return 0.74
    if body.tucked or body.waist_t - body.top_hem_t > 0.06:
        return float(np.clip(body.waist_t, 0.45, 0.98))
    return float(np.clip(min(body.waist_t - 0.04, 0.86), 0.6, 0.86))


def torso_outline(body: Body, side: Side, t: Values) -> Values:
    """Half width of the body at ``t``, px; under a top worn loose it is drawn in from the hips to a waist.

    A waist is about 0.8 of the hips (ISO 8559 standard figures: 0.72–0.9).
    """
    seen = half_width(body, side, t)
    if body.tucked or body.waist_t - body.top_hem_t > 0.06:
        return seen
    edge = np.float32(max(body.top_hem_t, body.waist_t) + 0.04)
    hips = float(half_width(body, side, np.float32([edge, max(edge, 1.1)])).min())
    model = hips * np.interp(t, [0.65, 0.95, 1.1], [0.84, 0.97, 1.0])
    return np.where(t < edge, np.minimum(seen, model), seen).astype(np.float32)


def crotch_point(body: Body) -> Points:
    """Where the legs part: 0.22 unit below the hip joints."""
    return np.asarray(spine(body, np.float32([1 + 0.22 * body.unit / body.torso_length]))[0][0], np.float32)


# ------------------------------------------------------------------------------------------------ the garment's own edges


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
        rows, [marks[f"{n}_{side}"].y for n in ("waist", "hip", "hem_outer")],
        [marks[f"{n}_{side}"].x for n in ("waist", "hip", "hem_outer")],
    )
    return smooth(np.where(cloth.any(1), found, straight).astype(np.float32), 1.2)


def drawn_to(ratio: Values, slack: float = 0.14) -> Values:
    """A width relative to what is worn, drawn to 1 within ``slack``.

    A difference that small is within the error of any measure, and on the worn outline nothing has to be invented.
    """
    return (1 + np.sign(ratio - 1) * np.maximum(np.abs(ratio - 1) - slack, 0)).astype(np.float32)
