"""The front neckline: the edge of the cloth's front below the neck, past the inner back and its label."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.contract import Picture
from vtonlab.engines.instant.landmarks import Reading
from vtonlab.engines.instant.outline import resample
from vtonlab.engines.instant.records import Plane, Points

_RAYS = 72
_STEPS = 70
_CREW_DEPTH = 0.30
"""Depth of a crew neck as a share of its width, for cloth too dark to show its neckline (prototype)."""
_COLLAR_DEPTH = 0.65
"""The least usual depth of an opening between the edges of a folded collar."""
_CLOSED_DEPTH = 0.15
"""Depth where no opening is to be seen, as on a turtleneck or under a closed zip."""
_UNSEEN = 0.38
"""Strength of a curve's edges under which it is not believed."""
_DEEP = 1.05
"""Depth past which the rays do not reach."""
_CORRIDOR = 0.05
"""How far, as a share of the width, the neckline may leave its guide for free."""
_POWERS = (0.8, 1.0, 1.3, 1.8, 2.6)
_LEANS = (-0.1, -0.05, 0.0, 0.05, 0.1)
_SPREADS = (0.88, 1.0, 1.12)
_OFF_SHOULDER = 0.62
"""Distance of the neckline's ends over the garment's width from which it lies off the shoulders."""


@dataclass(frozen=True)
class Neckline:
    """What was found at the neck."""

    points: Points
    """``(K, 2)`` from the left end down and up to the right end."""
    depth: float
    """Depth below the line between the ends, as a share of their distance."""
    open_depth: float
    """The same for the backdrop showing through the opening; 0 where the inner back fills it."""
    certainty: float


@dataclass(frozen=True)
class _Frame:
    """A frame of reference between the two ends of the neckline."""

    centre: NDArray[np.float64]
    across: NDArray[np.float64]
    down: NDArray[np.float64]
    width: float

    def at(self, across: NDArray[np.float64], down: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.centre + across[..., None] * self.across + down[..., None] * self.down


@dataclass(frozen=True)
class _Guide:
    """A curve that the neckline follows roughly."""

    points: NDArray[np.float64]
    depth: float
    score: float

    def radii(self, frame: _Frame) -> NDArray[np.float64]:
        """Distance from the frame's centre on each ray, left to right."""
        away = self.points - frame.centre
        angle = np.arctan2(away @ frame.down, away @ frame.across)
        order = np.argsort(angle)
        return np.interp(np.linspace(np.pi, 0, _RAYS), angle[order], np.hypot(*away.T)[order])


def find_neckline(picture: Picture, matte: Plane, left: Reading, right: Reading, worn: bool = False) -> Neckline:
    """The front neckline between the two sides' highest points (where a collar stands, its top edge).

    On somebody, nothing of the inner back is seen: the neckline is the cloth's upper edge.
    """
    ends = [np.array(reading.side.point(reading.collar_top)) for reading in (left, right)]
    frame = _frame(ends[0], ends[1])
    if worn or frame.width > _OFF_SHOULDER * (left.side.out.max() + right.side.out.max()):
        return _top_edge(left, right, frame)
    hem = (left.places["hem"][1] + right.places["hem"][1]) / 2
    length = max(hem - float(frame.centre[1]), 1.0)
    standing = left.neck != left.collar_top and right.neck != right.collar_top
    edges, cover, radii = _look_along_rays(picture, matte, frame)
    open_depth = _open_depth(cover, radii, frame.width)
    guide = _best_curve(picture, matte, frame, length, standing) if open_depth < 0.2 else None
    if guide is not None and (guide.score < _UNSEEN or guide.depth > _DEEP):
        points, certainty = guide.points, float(np.clip(guide.score + 0.1, 0.3, 0.9))
    else:
        path = _best_path(edges, radii, frame, guide)
        angles = np.linspace(np.pi, 0, _RAYS)
        radius = _smooth(radii[path], 2.5)
        points = frame.at(np.cos(angles) * radius, np.sin(angles) * radius)
        certainty = float(np.clip(edges[np.arange(_RAYS), path].mean() * 1.3, 0.2, 0.95))
    depth = float(((points - frame.centre) @ frame.down).max()) / frame.width
    points = resample(np.vstack([ends[0], points[1:-1], ends[1]]), _RAYS)
    return Neckline(points.astype(np.float32), depth, open_depth, certainty)


def _top_edge(left: Reading, right: Reading, frame: _Frame) -> Neckline:
    """Off the shoulders nothing lies above the cloth's own edge."""
    rim = [reading.side.points()[: reading.collar_top + 1] for reading in (left, right)]
    points = resample(np.vstack([rim[0][::-1], rim[1][1:]]).astype(np.float64), _RAYS)
    depth = float(((points - frame.centre) @ frame.down).max()) / frame.width
    return Neckline(points.astype(np.float32), depth, depth, 0.8)


def _frame(left: NDArray[np.float64], right: NDArray[np.float64]) -> _Frame:
    width = max(float(np.hypot(*(right - left))), 4.0)
    across = (right - left) / width
    return _Frame((left + right) / 2, across, np.array([-across[1], across[0]]), width)


def _look_along_rays(
    picture: Picture, matte: Plane, frame: _Frame
) -> tuple[NDArray[np.float64], NDArray[np.float32], NDArray[np.float64]]:
    """Edge strength and cover, ``(rays, steps)``, on rays from the opening's centre; and the radii."""
    angles = np.linspace(np.pi, 0, _RAYS)
    radii = np.linspace(0.12 * frame.width, 1.16 * frame.width, _STEPS)
    spots = frame.at(np.outer(np.cos(angles), radii), np.outer(np.sin(angles), radii)).astype(np.float32)
    low = np.maximum(np.floor(spots.min(axis=(0, 1))).astype(int) - 6, 0)
    high = np.ceil(spots.max(axis=(0, 1))).astype(int) + 7
    window = picture[low[1] : high[1], low[0] : high[0]]
    lab = cv2.cvtColor(cv2.GaussianBlur(window, (0, 0), 1.6), cv2.COLOR_RGB2LAB)
    cover = cv2.GaussianBlur(matte[low[1] : high[1], low[0] : high[0]], (0, 0), 1.6)
    where = spots - low.astype(np.float32)
    seen = _sample(lab, where).astype(np.float64)
    covered = _sample(cover, where).astype(np.float32)
    seen = np.concatenate([seen, covered[..., None] * 0.25], axis=-1)  # backdrop against cloth is an edge, too
    edges = np.zeros(seen.shape[:2])
    edges[:, 1:-1] = np.sqrt(((seen[:, 2:] - seen[:, :-2]) ** 2).sum(-1))
    return np.log1p(np.minimum(edges, 30) / 1.5) / np.log1p(20), covered, radii


def _sample(picture: NDArray[np.uint8], spots: NDArray[np.float32]) -> NDArray[np.uint8]:
    return cv2.remap(
        picture, spots[..., 0], spots[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    ).astype(np.uint8, copy=False)


def _open_depth(cover: NDArray[np.float32], radii: NDArray[np.float64], width: float) -> float:
    middle = cover[_RAYS // 2] < 127
    if middle[:3].all() and not middle.all():
        return float(radii[int(np.argmin(middle))]) / width
    return 0.0


def _best_path(
    edges: NDArray[np.float64], radii: NDArray[np.float64], frame: _Frame, guide: _Guide | None
) -> NDArray[np.int64]:
    """Radius index per ray: strong edges, smooth steps, ends near the ends, near the guide; by dynamic programming."""
    start = int(np.abs(radii - frame.width / 2).argmin())
    places = np.arange(_STEPS)
    pinned = np.abs(places - start) * 0.5
    shifts = np.arange(-3, 4)
    bend = (0.054 if guide is None else 0.16) * np.abs(shifts) ** 1.5
    costs = 1 - edges + 0.25 * radii / radii[-1]
    if guide is not None:
        astray = np.abs(radii - guide.radii(frame)[:, None]) / frame.width
        costs = costs + 1.5 * np.maximum(astray - _CORRIDOR, 0) / _CORRIDOR
    total = pinned.astype(np.float64)
    came = np.zeros((_RAYS, _STEPS), np.int64)
    for ray in range(1, _RAYS):
        padded = np.pad(total, 3, constant_values=1e9)
        options = np.stack([padded[3 - shift : 3 - shift + _STEPS] for shift in shifts]) + bend[:, None]
        choice = options.argmin(0)
        came[ray] = np.clip(places - shifts[choice], 0, _STEPS - 1)
        total = options[choice, places] + costs[ray]
    path = np.zeros(_RAYS, np.int64)
    path[-1] = int((total + pinned).argmin())
    for ray in range(_RAYS - 1, 0, -1):
        path[ray - 1] = came[ray, path[ray]]
    return path


def _best_curve(picture: Picture, matte: Plane, frame: _Frame, length: float, standing: bool) -> _Guide:
    """The arc, U or V, y = d · (1 - |x|^p), with the strongest edges along it.

    Under a standing or folded collar the opening runs from the collar's top to the first button, where collar bands
    and labels between have edges of their own: there its bottom need not be quite central, nor its ends quite there.
    Where no curve has an edge worth the name (dark cloth, a closed zip), a usual one is taken.
    """
    depths = np.linspace(0.16, 2.1, 46)
    depths = depths[depths <= max(0.2, min(2.1, 0.55 * length / frame.width))]
    leans, spreads = (_LEANS, _SPREADS) if standing else ((0.0,), (1.0,))
    family = np.meshgrid(depths, _POWERS[:4] if standing else _POWERS, leans, spreads, indexing="ij")
    grid_d, grid_p, grid_lean, grid_spread = (axis.ravel()[:, None] for axis in family)
    across = np.linspace(-0.92, 0.92, 40)
    shape = grid_d * (1 - np.abs(across)[None] ** grid_p)
    drift = across * grid_spread * frame.width / 2 + grid_lean * frame.width * (1 - np.abs(across))
    curves = frame.at(np.broadcast_to(drift, shape.shape), shape * frame.width)
    reach = max(3.0, 0.025 * frame.width)
    edges = _edges_across(picture, curves, reach, 0.5 if standing else 0.7)
    if not standing:
        edges *= _well_inside(matte, curves, reach)  # the upper rim of the back is no neckline
    stretches = edges.reshape(len(edges), 2 if standing else 5, -1)
    each = 0.5 * stretches.mean(2) + 0.5 * np.percentile(stretches, 25, axis=2)
    strength = (each.min(1) + each.mean(1)) / 2  # all the way round: prints have edges only in the middle
    usual = _COLLAR_DEPTH if standing else _CREW_DEPTH
    slope = 0.25 if standing else 0.15  # seams of a collar's inner band compete with its edge, and lie higher
    if standing:
        strength = strength - np.where(grid_d[:, 0] > 1.2, 0.07, 0)
    else:  # prints have deep edges, too, and square ones
        deep = np.where(grid_p[:, 0] > 2, 0.3, 0.1)
        strength = strength - np.where(grid_d[:, 0] > 0.6, deep, 0)
    scores = strength - 0.05 * grid_d[:, 0] - slope * np.maximum(np.log(usual / grid_d[:, 0]), 0)
    best = int(scores.argmax())
    if not standing:
        best = _above_rib(best, grid_d[:, 0], strength)
    if strength[best] < _UNSEEN:
        flat = np.full((1, 1), _CLOSED_DEPTH if standing else _CREW_DEPTH) * (1 - np.abs(across)[None] ** 1.8)
        return _Guide(frame.at(across[None] * frame.width / 2, flat * frame.width)[0], float(flat.max()), 0.3)
    return _Guide(curves[best], float(grid_d[best, 0]), float(strength[best]))


def _above_rib(best: int, depths: NDArray[np.float64], strength: NDArray[np.float64]) -> int:
    """Of the two edges of a rib or binding the upper one, which is the neckline."""
    upper = (depths < depths[best] - 0.03) & (depths > depths[best] - 0.13) & (depths > 0.2)
    rivals = np.nonzero(upper & (strength > 0.88 * strength[best]))[0]
    return int(rivals[strength[rivals].argmax()]) if rivals.size else best


def _well_inside(matte: Plane, curves: NDArray[np.float64], reach: float) -> NDArray[np.float64]:
    """1 for points of the curves that are further than ``reach`` from the garment's rim, else 0."""
    size = 2 * int(np.ceil(reach)) + 3
    high = int(min(np.ceil(curves[..., 1].max()) + size + 2, matte.shape[0]))
    firm = cv2.erode(matte[:high], np.ones((size, size), np.uint8), borderValue=0)
    rows = np.clip(np.rint(curves[..., 1]).astype(int), 0, high - 1)
    columns = np.clip(np.rint(curves[..., 0]).astype(int), 0, matte.shape[1] - 1)
    return np.asarray(firm[rows, columns] > 127, np.float64)


def _edges_across(
    picture: Picture, curves: NDArray[np.float64], reach: float, lit_inside: float
) -> NDArray[np.float64]:
    """Strength, 0…1, of the edges that lie along curves ``(n, k, 2)``, above whose bottoms the opening lies.

    The inside of a collar lies in its shade: an edge with the brighter side inside counts ``lit_inside`` of its
    strength.
    """
    run = np.gradient(curves, axis=1)
    run /= np.maximum(np.linalg.norm(run, axis=2, keepdims=True), 1e-6)
    normal = np.stack([-run[..., 1], run[..., 0]], -1) * reach
    low = np.maximum(np.floor(curves.min(axis=(0, 1)) - reach).astype(int) - 6, 0)
    high = np.ceil(curves.max(axis=(0, 1)) + reach).astype(int) + 7
    window = picture[low[1] : high[1], low[0] : high[0]]
    lab = cv2.cvtColor(cv2.GaussianBlur(window, (0, 0), 1.3), cv2.COLOR_RGB2LAB)
    outside, along, inside = (
        _sample(lab, (curves + move * normal - low).astype(np.float32)).astype(np.float64) for move in (1, 0, -1)
    )
    step = np.sqrt(((outside - inside) ** 2).sum(-1))
    step *= np.where(outside[..., 0] < inside[..., 0] - 2, lit_inside, 1.0)
    seam = np.minimum(outside[..., 0], inside[..., 0]) - along[..., 0]  # the shadow line under a turned edge
    edges = np.maximum(step, 1.5 * seam)
    return np.log1p(np.minimum(edges, 30) / 1.5) / np.log1p(20)


def _smooth(values: NDArray[np.float64], sigma: float) -> NDArray[np.float64]:
    reach = int(3 * sigma) + 1
    kernel = cv2.getGaussianKernel(2 * reach + 1, sigma)[:, 0]
    return np.convolve(np.pad(values, reach, mode="edge"), kernel, mode="valid")
