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


_POWERS = (0.8, 1.0, 1.3, 1.8)
_LEANS = (-0.1, -0.05, 0.0, 0.05, 0.1)
_CLOSED_COLLAR = 0.38
"""Score under which no opening is to be seen, as on a turtleneck or a closed zip."""
_SHALLOW = 0.15
_SPREADS = (0.88, 1.0, 1.12)


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


def find_neckline(picture: Picture, matte: Plane, left: Reading, right: Reading) -> Neckline:
    """The front neckline between the two sides' highest points (where a collar stands, its top edge)."""
    ends = [np.array(reading.side.point(reading.collar_top)) for reading in (left, right)]
    frame = _frame(ends[0], ends[1])
    hem = (left.places["hem"][1] + right.places["hem"][1]) / 2
    length = max(hem - float(frame.centre[1]), 1.0)
    edges, cover, radii = _look_along_rays(picture, matte, frame)
    open_depth = _open_depth(cover, radii, frame.width)
    path = _best_path(edges, radii, frame.width, open_depth)
    angles = np.linspace(np.pi, 0, _RAYS)
    radius = _smooth(radii[path], 1.5)
    points = frame.at(np.cos(angles) * radius, np.sin(angles) * radius)
    strength = edges[np.arange(_RAYS), path]
    certainty = float(np.clip(strength.mean() * 1.3, 0.2, 0.95))
    depth = float((points[_RAYS // 2] - frame.centre) @ frame.down) / frame.width
    if open_depth < 0.2:
        standing = left.neck != left.collar_top and right.neck != right.collar_top
        found = _best_vee(picture, frame, depth, _score(strength, depth), length, standing)
        if found is not None:
            points, depth, certainty = found
        elif depth < 0.22 and open_depth < 0.1:
            points = frame.at(np.cos(angles) * frame.width / 2, np.sin(angles) * _CREW_DEPTH * frame.width)
            depth, certainty = _CREW_DEPTH, 0.35
    points = resample(np.vstack([ends[0], points[1:-1], ends[1]]), _RAYS)
    return Neckline(points.astype(np.float32), depth, open_depth, certainty)


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
    edges: NDArray[np.float64], radii: NDArray[np.float64], width: float, open_depth: float
) -> NDArray[np.int64]:
    """Radius index per ray: strong edges, small radii, smooth steps, ends near the ends; by dynamic programming."""
    start = int(np.abs(radii - width / 2).argmin())
    places = np.arange(_STEPS)
    pinned = np.abs(places - start) * 0.5
    shifts = np.arange(-3, 4)
    bend = 0.054 * np.abs(shifts) ** 1.5
    sines = np.sin(np.linspace(np.pi, 0, _RAYS))
    total = pinned.astype(np.float64)
    came = np.zeros((_RAYS, _STEPS), np.int64)
    for ray in range(1, _RAYS):
        padded = np.pad(total, 3, constant_values=1e9)
        options = np.stack([padded[3 - shift : 3 - shift + _STEPS] for shift in shifts]) + bend[:, None]
        choice = options.argmin(0)
        came[ray] = np.clip(places - shifts[choice], 0, _STEPS - 1)
        cost = 1 - edges[ray] + 0.25 * radii / radii[-1]
        if open_depth < 0.2:
            shallow = 0.24 * sines[ray] ** 2 + 0.30 * (1 - sines[ray] ** 2)
            cost = cost + 1.5 * np.maximum(shallow - radii / width, 0)
        total = options[choice, places] + cost
    path = np.zeros(_RAYS, np.int64)
    path[-1] = int((total + pinned).argmin())
    for ray in range(_RAYS - 1, 0, -1):
        path[ray - 1] = came[ray, path[ray]]
    return path


def _score(strength: NDArray[np.float64], depth: float) -> float:
    return float(0.5 * strength.mean() + 0.5 * np.percentile(strength, 25) - 0.05 * depth)


def _best_vee(
    picture: Picture, frame: _Frame, depth: float, score: float, length: float, standing: bool
) -> tuple[NDArray[np.float64], float, float] | None:
    """(curve, depth, certainty) of a V or U, y = d · (1 - |x|^p), whose edges are clearly stronger than the path's.

    Under a standing or folded collar the opening runs from the collar's top to the first button, where collar bands
    and labels between have edges of their own: there a V is looked for at any depth, its bottom not quite central.
    """
    deepest = min(2.1, 0.55 * length / frame.width)
    depths = np.linspace(0.30 if standing else 0.45, 2.1, 37)
    depths = depths[(depths <= deepest) & (standing | (depths > depth + 0.25))]
    if depths.size == 0:
        return None
    family = np.meshgrid(
        depths, _POWERS, _LEANS if standing else (0.0,), _SPREADS if standing else (1.0,), indexing="ij"
    )
    grid_d, grid_p, grid_lean, grid_spread = (axis.ravel()[:, None] for axis in family)
    across = np.linspace(-0.92, 0.92, 40)
    shape = grid_d * (1 - np.abs(across)[None] ** grid_p)
    drift = across * grid_spread * frame.width / 2 + grid_lean * frame.width * (1 - np.abs(across))
    curves = frame.at(np.broadcast_to(drift, shape.shape), shape * frame.width)
    edges = _edges_across(picture, curves, max(3.0, 0.025 * frame.width), 0.5 if standing else 1.0)
    halves = np.stack([edges[:, :20], edges[:, 20:]])
    each = 0.5 * halves.mean(2) + 0.5 * np.percentile(halves, 25, axis=2)
    both = 0.5 * edges.mean(1) + 0.5 * np.percentile(edges, 25, axis=1)
    scores = (each.min(0) + each.mean(0)) / 2 if standing else both
    scores = scores - 0.05 * grid_d[:, 0]
    if standing:  # seams of the collar's inner band compete with its edge, and lie higher
        scores = scores - 0.25 * np.maximum(np.log(0.65 / grid_d[:, 0]), 0)
    best = int(scores.argmax())
    if standing and scores[best] < _CLOSED_COLLAR:
        shallow = _SHALLOW * (1 - np.abs(across) ** 1.8)
        return frame.at(across * frame.width / 2, shallow * frame.width), _SHALLOW, 0.4
    if not standing and scores[best] <= max(0.50, score + (0.02 if depth < 0.25 else 0.10)):
        return None
    return curves[best], float(grid_d[best, 0]), float(np.clip(scores[best] + 0.1, 0.3, 0.9))


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
