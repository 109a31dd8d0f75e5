"""Skirts: two ruled halves that hang from the hips and keep their own flare."""

from __future__ import annotations

import numpy as np

from vtonlab.engines.instant.axes import SIGN, Side, Values, leg_radius, spine
from vtonlab.engines.instant.hips import Hips, floor_t
from vtonlab.engines.instant.leg_lines import LegLines
from vtonlab.engines.instant.legs import LEG_ROWS, TOP_ROWS, join_half
from vtonlab.engines.instant.records import Garment, Person, Points
from vtonlab.engines.instant.waist import LowerHang, drawn_to, outer_columns, waist_middle
from vtonlab.engines.instant.warp import Mesh, smooth

ROWS = TOP_ROWS + LEG_ROWS


def skirt_half(person: Person, garment: Garment, hang: LowerHang, lines: LegLines, side: Side) -> Mesh:
    """The mesh of one half of a skirt: side seam first, middle last."""
    outer, inner = _edges(garment, side)
    body, sign = person.body, np.float32(SIGN[side])
    stop_t = hem_t(person, garment, hang, lines)
    t = np.linspace(hang.waist_t[side], stop_t, ROWS, dtype=np.float32)
    own = np.abs(outer[:, 0] - inner[0, 0]) * hang.scale
    width = _width(person, hang.worn, lines, side, t, own.astype(np.float32))
    places, across = spine(body, t)
    rise = float(outer[-1, 1] - inner[-1, 1]) * hang.length_scale / body.torso_length
    middle_t = np.linspace(hang.waist_t["middle"], stop_t - np.clip(rise, -0.15, 0.05), ROWS, dtype=np.float32)
    body_outer = (places + across * (sign * width)[:, None]).astype(np.float32)
    return join_half(body_outer, spine(body, middle_t)[0], outer, inner, 10_000)


def _edges(garment: Garment, side: Side) -> tuple[Points, Points]:
    """Side seam and middle on the garment, ``ROWS`` points each."""
    marks = garment.landmarks
    waist, hem = marks[f"waist_{side}"], marks[f"hem_outer_{side}"]
    middle_x, middle_y = waist_middle(garment)
    rows = np.linspace(waist.y, hem.y, ROWS, dtype=np.float32)
    column = garment.alpha[:, int(np.clip(round(middle_x), 0, garment.alpha.shape[1] - 1))]
    filled = np.flatnonzero(column > 127)
    bottom = max(float(filled[-1]) if len(filled) else hem.y, middle_y + 8)
    middle = np.stack([np.full(ROWS, middle_x), np.linspace(middle_y, bottom, ROWS)], 1)
    return np.stack([outer_columns(garment, side, rows), rows], 1).astype(np.float32), middle.astype(np.float32)


def hem_t(person: Person, garment: Garment, hang: LowerHang, lines: LegLines) -> float:
    """t at which the skirt's side seams end; on the worn skirt's hem where that is near."""
    body, marks = person.body, garment.landmarks
    length = (marks["hem_outer_left"].y + marks["hem_outer_right"].y) / 2 - hang.waist_row
    top = hang.waist_t["middle"]
    natural = top + length * hang.length_scale / body.torso_length
    worn = hang.worn.hem_t
    if worn is not None and 0.75 < (natural - top) / max(worn - top, 0.05) < 1.3:
        return worn
    return min(natural, floor_t(person, lines))


def skirt_width(person: Person, worn: Hips, lines: LegLines, side: Side, t: Values, own: Values) -> Values:
    """Half width of a skirt of ``own`` half width at ``t``, px: on the worn outline where that is near, never narrower
    than hips and legs, else as it was cut."""
    outline = worn.half(side, t)
    near = outline * drawn_to(own / np.maximum(outline, 1))
    # Below a worn hem, and where trousers or a wider skirt are worn, the outline is not that of a body.
    last = 2.0 if worn.hem_t is None else worn.hem_t
    near = np.where((t > last) | (outline > 1.6 * own), own, near)
    return np.maximum(near, _legs_reach(person, lines, side, t)).astype(np.float32)


def _width(person: Person, worn: Hips, lines: LegLines, side: Side, t: Values, own: Values) -> Values:
    """Half width at ``t``: held by waist and hips, free below them."""
    outline = worn.half(side, t)
    held = np.clip((1.12 - t) / 0.25, 0, 1)
    room = np.interp(t, [t[0], t[0] + 0.1], [1.02, 1.3])
    snug = outline * np.clip(drawn_to(own / np.maximum(outline, 1)), 0.99, room)
    return smooth((snug * held + skirt_width(person, worn, lines, side, t, own) * (1 - held)).astype(np.float32), 1.5)


def _legs_reach(person: Person, lines: LegLines, side: Side, t: Values) -> Values:
    """How far hips and legs stand out from the skirt's axis at ``t``, px."""
    body = person.body
    curve = lines[side]
    places, _ = spine(body, t)
    share = np.linspace(0, 1, len(curve), dtype=np.float32)
    depth = curve[:, 1]
    order = np.argsort(depth)
    x = np.interp(places[:, 1], depth[order], curve[order, 0])
    radius = np.interp(places[:, 1], depth[order], leg_radius(body, share)[order])
    reach = (x - places[:, 0]) * np.float32(SIGN[side]) + 0.96 * radius
    beyond = places[:, 1] > depth.max()
    return np.where(beyond, 0, reach).astype(np.float32)
