"""What is worn on the lower body now: how wide it is, where a skirt ends, where the legs part."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.instant.axes import SIDES, SIGN, Side, Values, half_width, leg_of, spine
from vtonlab.engines.instant.leg_lines import LegLines
from vtonlab.engines.instant.records import Body, Label, Person, Points
from vtonlab.engines.instant.warp import smooth

STEP_T = 0.02
BUMP_T = 0.4
"""What stands out of the outline over less than this is no part of it: a bag, a hand in a pocket."""

NOTCH_T = 0.3
"""What cuts into it over less than this lies before it."""


@dataclass(frozen=True)
class Hips:
    """Half widths of the lower body with what is worn on it, from the waist down."""

    t: Values
    left: Values
    right: Values
    hem_t: float | None
    """t of the hem of a worn skirt; None for trousers, shorts, or where it is not seen."""

    def half(self, side: Side, t: Values) -> Values:
        """Distance from the axis to the outline at ``t``, px."""
        return np.interp(t, self.t, self.left if side == "left" else self.right).astype(np.float32)


def measure_hips(person: Person, lines: LegLines) -> Hips:
    """Measure the worn lower garment's outline; the torso's where that is hidden."""
    body = person.body
    hem = worn_skirt_hem(person, lines)
    t = np.arange(0.4, 3.3, STEP_T, dtype=np.float32)
    end = hem - 0.02 if hem is not None else fork_t(body)
    edges = {side: _find_edge(person, side, t) for side in SIDES}
    halves: dict[Side, Values] = {}
    for side in SIDES:
        other = edges["right" if side == "left" else "left"]
        outline = torso_outline(body, side, np.minimum(t, 2.0).astype(np.float32))
        likely = np.where(np.isnan(other.free), outline, other.free)
        halves[side] = _evened_half(body, outline, edges[side].whole(likely), t, end)
    return Hips(t, halves["left"], halves["right"], hem)


def _evened_half(body: Body, outline: Values, edge: Values, t: Values, end: float) -> Values:
    """The measured edge without bumps and notches; the torso's outline above and below what was measured."""
    good = ~np.isnan(edge) & (t > body.waist_t + 0.02) & (t < end) & (edge > 0.4 * outline)
    if good.sum() < 6:
        return outline
    first, last = np.flatnonzero(good)[[0, -1]]
    found = np.interp(t, t[good], edge[good]).astype(np.float32)
    opened = _evened(found, round(NOTCH_T / STEP_T), round(BUMP_T / STEP_T))
    seen = np.arange(len(t))
    below = opened if end > 1.5 else np.maximum(outline, 0.9 * opened[last])
    whole = np.where(seen < first, np.minimum(outline, 1.08 * opened[first]), np.where(seen <= last, opened, below))
    return smooth(whole.astype(np.float32), 2.0)


@dataclass(frozen=True)
class _Edge:
    """Distances from the axis along one side, px, NaN where not seen."""

    free: Values
    """Where the worn garment ends with nothing lying before it."""
    clear: Values
    """Where it ends or goes on behind an arm, a hand or a bag."""
    beyond: Values
    """The last of it that shows, beyond those too."""
    stop: Values
    """Where those end as well."""

    def whole(self, likely: Values) -> Values:
        """The edge; behind an arm or a bag it is where the other side makes it ``likely``."""
        lowest = np.maximum(self.clear, np.minimum(self.beyond, 1.25 * likely))
        hidden = np.clip(likely, lowest, np.maximum(self.stop, lowest))
        return np.where(np.isnan(self.free), hidden, self.free).astype(np.float32)


def _find_edge(person: Person, side: Side, t: Values) -> _Edge:
    """Walk outwards from the axis through the worn lower garment at each t."""
    places, across = spine(person.body, t)
    steps = np.arange(0, 1.5 * person.body.unit, 1.0, dtype=np.float32)
    grid = places[:, None] + across[:, None] * (steps * np.float32(SIGN[side]))[None, :, None]
    height, width = person.labels.shape
    x, y = np.round(grid[..., 0]).astype(int), np.round(grid[..., 1]).astype(int)
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    found = person.labels[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)]
    cloth = (found == Label.LOWER) & inside
    outside = np.isin(found, (Label.BACKGROUND, Label.UPPER)) | ~inside
    edges = np.full((4, len(t)), np.nan, np.float32)
    for row in range(len(t)):
        ends, stops = _first_run(~cloth[row]), _first_run(outside[row])
        if not ends or not stops or not inside[row, stops]:
            continue
        last = int(np.flatnonzero(cloth[row, :stops])[-1]) + 1
        edges[1:, row] = steps[ends], last, steps[stops]
        if stops <= ends + 3:
            edges[0, row] = steps[ends]
    return _Edge(*edges)


def _first_run(line: NDArray[np.bool_]) -> int | None:
    """Where the first three true in a row begin."""
    run = np.flatnonzero(line[:-2] & line[1:-1] & line[2:])
    return int(run[0]) if len(run) else None


def _evened(values: Values, notch: int, bump: int) -> Values:
    """Notches shorter than ``notch`` filled, bumps shorter than ``bump`` cut off (closing and opening)."""
    column = values[:, None]
    for kind, length in ((cv2.MORPH_CLOSE, notch), (cv2.MORPH_OPEN, bump)):
        window = np.ones((max(1, length), 1), np.uint8)
        column = cv2.morphologyEx(column, kind, window, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(column[:, 0], np.float32)


# ------------------------------------------------------------------------------------------------ the body under it


def waist_is_seen(body: Body) -> bool:
    """Whether the worn waistband is in sight: the top is tucked in, or ends above it."""
    return not body.one_piece and (body.tucked or body.waist_t - body.top_hem_t > 0.06)


def torso_outline(body: Body, side: Side, t: Values) -> Values:
    """Half width of the body at ``t``, px; under a top worn loose it is drawn in from the hips to a waist.

    A waist is about 0.8 of the hips (ISO 8559 standard figures: 0.72–0.9); seen wider than the hips it is a sleeve.
    """
    seen = half_width(body, side, t)
    hips_seen = float(half_width(body, side, np.array([1.05, 1.15], np.float32)).mean())
    seen = np.where(t < 0.9, np.minimum(seen, 1.03 * hips_seen), seen).astype(np.float32)
    if waist_is_seen(body):
        return seen
    edge = np.float32(max(body.top_hem_t, body.waist_t) + 0.04)
    hips = float(half_width(body, side, np.array([edge, max(edge, 1.1)], np.float32)).min())
    model = hips * np.interp(t, [0.65, 0.95, 1.1], [0.84, 0.97, 1.0])
    return np.where(t < edge, np.minimum(seen, model), seen).astype(np.float32)


def crotch_point(body: Body) -> Points:
    """Where the legs part: 0.22 unit below the hip joints."""
    return np.asarray(spine(body, np.array([fork_t(body)], np.float32))[0][0], np.float32)


def fork_t(body: Body) -> float:
    """t at which the legs part."""
    return 1 + 0.22 * body.unit / body.torso_length


# ------------------------------------------------------------------------------------------------ a worn skirt


def floor_t(person: Person, lines: LegLines) -> float:
    """t just below the ankles, where even the longest skirt ends."""
    body = person.body
    ankles = [float((lines[side][-1] - body.hips) @ body.down) for side in SIDES]
    return 1 + (max(ankles) + 0.08 * body.unit) / body.torso_length


def worn_skirt_hem(person: Person, lines: LegLines) -> float | None:
    """t of the hem of a skirt that is worn now; None for trousers, shorts or nothing seen."""
    body = person.body
    t = np.arange(1.0, 3.2, 0.02, dtype=np.float32)
    places, _ = spine(body, t)
    height, width = person.labels.shape
    inside = (places[:, 1] < height) & (places[:, 1] >= 0) & (places[:, 0] >= 0) & (places[:, 0] < width)
    x = np.clip(places[:, 0], 0, width - 1).astype(int)
    y = np.clip(places[:, 1], 0, height - 1).astype(int)
    cloth = (person.labels[y, x] == Label.LOWER) & inside
    fork = 1 + 0.3 * body.unit / body.torso_length
    if not cloth.any() or not cloth[t < fork].mean() > 0.6:
        return None
    ends = np.flatnonzero(~cloth & (t > fork - 0.1))
    if not len(ends) or not inside[ends[0]]:
        return None
    end = float(t[ends[0]])
    return end if end > fork + 0.08 and _ends_on_legs(person, lines, end) else None


def _ends_on_legs(person: Person, lines: LegLines, end: float) -> bool:
    """Whether the cloth ends on both legs about where it ends between them, as a skirt does and trousers do not."""
    body = person.body
    hem = spine(body, np.array([end], np.float32))[0][0]
    for side in SIDES:
        leg = leg_of(body, side)
        place = lines[side][int(np.clip(leg.hem, 0, 1) * (len(lines[side]) - 1))]
        if float((place - hem) @ body.down) > 0.15 * body.unit:
            return False
    return True
