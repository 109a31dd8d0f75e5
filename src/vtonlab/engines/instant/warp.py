"""Geometry only: smooth maps from the body to the garment, meshes, and how much a map distorts.

All maps are *backward*: for a place on the body they tell the place on the garment, because a picture is made by
asking every pixel where its colour comes from. Points are ``(N, 2) float32``, x then y.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from vtonlab.engines.instant.records import Points

Field = NDArray[np.float32]
"""``(h, w) float32``: one coordinate of a map for every pixel of a region."""

OUTSIDE = -1e4
"""Coordinate of a pixel that no mesh cell covers; far outside any garment, so that sampling there finds nothing."""


def floats(values: ArrayLike) -> NDArray[np.float32]:
    """Numbers as an array of single precision, which is what every stage works in."""
    return np.asarray(values, np.float32)


@dataclass(frozen=True)
class Region:
    """A rectangle of the working picture, in whole pixels."""

    x: int
    y: int
    width: int
    height: int

    @property
    def slices(self) -> tuple[slice, slice]:
        return slice(self.y, self.y + self.height), slice(self.x, self.x + self.width)

    def grown(self, margin: float, limit: tuple[int, ...]) -> Region:
        """This rectangle widened by ``margin`` px on every side, inside a picture of ``limit`` = (height, width)."""
        x0, y0 = max(0, int(self.x - margin)), max(0, int(self.y - margin))
        x1 = min(limit[1], int(np.ceil(self.x + self.width + margin)))
        y1 = min(limit[0], int(np.ceil(self.y + self.height + margin)))
        return Region(x0, y0, max(1, x1 - x0), max(1, y1 - y0))


def region_of(points: Points, limit: tuple[int, ...], margin: float = 0.0) -> Region:
    """The smallest region that holds ``points``, grown by ``margin``, in a picture of ``limit`` = (height, width)."""
    height, width = limit[:2]
    low = np.clip(np.floor(points.min(0) - margin), 0, [width - 1, height - 1]).astype(int)
    high = np.clip(np.ceil(points.max(0) + margin), low + 1, [width, height]).astype(int)
    return Region(int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1]))


# ------------------------------------------------------------------------------------------------ thin-plate splines


@dataclass(frozen=True)
class ThinPlate:
    """A smoothing thin-plate spline (Duchon 1977; smoothing after Wahba 1990) from ``centres`` to the plane.

    Call it with ``(N, 2)`` points, or ask :meth:`over` for a whole region.
    """

    centres: NDArray[np.float64]
    origin: NDArray[np.float64]
    size: float
    weights: NDArray[np.float64]

    def __call__(self, points: Points) -> Points:
        where = (np.asarray(points, np.float64) - self.origin) / self.size
        bent = _kernel(where, self.centres) @ self.weights[:-3]
        flat = self.weights[-3] + where @ self.weights[-2:]
        return (bent + flat).astype(np.float32)

    def over(self, region: Region, step: int = 8) -> tuple[Field, Field]:
        """The map at every pixel of ``region``, as two ``(h, w)`` fields.

        The spline is smooth on the scale of a body, so it is evaluated every ``step`` px and interpolated: at 8 px
        the error stays below 0.05 px, at a fiftieth of the cost. OpenCV interpolates at 32nds of a cell: a step that
        does not divide 32 would make the map jagged.
        """
        columns = np.arange(-1, region.width // step + 3) * step + region.x
        rows = np.arange(-1, region.height // step + 3) * step + region.y
        grid = np.stack(np.meshgrid(columns, rows), -1).reshape(-1, 2).astype(np.float32)
        coarse = self(grid).reshape(len(rows), len(columns), 2)
        # Node (1, 1) of the coarse grid is pixel (0, 0) of the region.
        place = floats([[1 / step, 0, 1], [0, 1 / step, 1]])
        fine = cv2.warpAffine(
            coarse, place, (region.width, region.height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return np.ascontiguousarray(fine[..., 0]), np.ascontiguousarray(fine[..., 1])


def fit_thin_plate(
    source: Points, target: Points, weights: NDArray[np.float32], stiffness: float = 2e-3
) -> ThinPlate:
    """The thin-plate spline that takes ``source`` near ``target``.

    ``weights`` ``(N,)`` > 0: how closely each pair is followed. ``stiffness``: 0 goes through every point; larger
    values bend less. Raises ``numpy.linalg.LinAlgError`` when fewer than three points differ.
    """
    source64, target64 = np.asarray(source, np.float64), np.asarray(target, np.float64)
    origin = source64.mean(0)
    size = float(np.abs(source64 - origin).max()) or 1.0
    centres = (source64 - origin) / size
    n = len(centres)
    system = np.zeros((n + 3, n + 3))
    system[:n, :n] = _kernel(centres, centres) + np.diag(stiffness / np.maximum(weights, 1e-4))
    system[:n, n] = system[n, :n] = 1
    system[:n, n + 1 :] = centres
    system[n + 1 :, :n] = centres.T
    solved = np.linalg.solve(system, np.vstack([target64, np.zeros((3, 2))]))
    return ThinPlate(centres, origin, size, solved)


def _kernel(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """r² log r between every point of ``a`` and of ``b``, from r² so that no root is taken."""
    squared = (a * a).sum(1)[:, None] + (b * b).sum(1)[None] - 2 * a @ b.T
    np.maximum(squared, 1e-12, out=squared)
    return np.asarray(0.5 * squared * np.log(squared))


# ------------------------------------------------------------------------------------------------ ruled meshes


@dataclass(frozen=True)
class Mesh:
    """A grid of matching vertices: ``body`` and ``garment`` are ``(rows, columns, 2) float32``."""

    body: NDArray[np.float32]
    garment: NDArray[np.float32]


def rule_between(first: Points, second: Points, shares: NDArray[np.float32]) -> NDArray[np.float32]:
    """The ruled surface between two curves of ``n`` points: ``(n, len(shares), 2)``; share 0 is on ``first``."""
    part = shares[None, :, None]
    return (first[:, None] * (1 - part) + second[:, None] * part).astype(np.float32)


def unfold(mesh: Mesh, rounds: int = 6) -> Mesh:
    """The mesh with cells that are turned over smoothed out along its length.

    The inside of a sharply bent limb is where a ruled surface crosses itself.
    """
    body, garment = mesh.body, mesh.garment
    if _turned_over(garment):
        garment = _with_long_cells(garment)
    for attempt in range(rounds):
        folded = [_turned_over(grid) for grid in (body, garment)]
        if not any(folded):
            break
        sigma = 1.0 + attempt
        body = _smooth_between_ends(body, sigma) if folded[0] else body
        garment = _smooth_between_ends(garment, sigma) if folded[1] else garment
    return Mesh(body, garment)


def _smooth_between_ends(grid: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Smoothed along its length by ``sigma`` rows; first and last row stay, so that no cuff or seam creeps inwards."""
    reach = min(int(3 * sigma + 1.5), len(grid) - 1)
    head, tail = 2 * grid[:1] - grid[reach:0:-1], 2 * grid[-1:] - grid[-2 : -reach - 2 : -1]
    return smooth(np.concatenate([head, grid, tail]).astype(np.float32), sigma)[reach:-reach]


def _with_long_cells(grid: NDArray[np.float32], least: float = 0.1) -> NDArray[np.float32]:
    """The grid with every cell at least ``least`` times as long as the others of its row, measured along the row's way.

    An edge of next to no length, such as the inside of a cap sleeve, makes cells that are turned over by a hair.
    """
    steps = np.diff(grid, axis=0)
    mean = steps.mean(1, keepdims=True)
    length = np.maximum(np.linalg.norm(mean, axis=2, keepdims=True), 1e-6)
    way = mean / length
    missing = np.maximum(least * length - (steps * way).sum(2, keepdims=True), 0)
    return np.concatenate([grid[:1], grid[:1] + np.cumsum(steps + missing * way, axis=0)]).astype(np.float32)


def _turned_over(grid: NDArray[np.float32]) -> bool:
    """Whether some triangle of the grid has the other orientation than most."""
    down, right = np.diff(grid, axis=0), np.diff(grid, axis=1)
    first = down[:, :-1, 0] * right[:-1, :, 1] - down[:, :-1, 1] * right[:-1, :, 0]
    second = down[:, 1:, 0] * right[1:, :, 1] - down[:, 1:, 1] * right[1:, :, 0]
    sign = np.sign(np.median(first))
    return bool((first * sign <= 0).any() or (second * sign <= 0).any())


def rasterise(mesh: Mesh, region: Region) -> tuple[Field, Field]:
    """The backward map of a mesh at every pixel of ``region``; :data:`OUTSIDE` where no cell lies.

    Every triangle becomes one span of pixels a row (Pineda 1988: a pixel is inside where its three barycentric
    coordinates are), and along a span the map is a straight line. Where triangles overlap the later one is shown.
    """
    map_x = np.full(region.height * region.width, OUTSIDE, np.float32)
    map_y = map_x.copy()
    body, garment = _triangles(mesh)
    shares = _barycentric(body - np.array([region.x, region.y], np.float64))
    triangle, y, first, last = _spans(body[..., 1] - np.float64(region.y), shares, region)
    # (N, 2, 3): garment x and y as a · x + b · y + c.
    affine = np.einsum("mkc,mkd->mdc", shares, garment.astype(np.float64))[triangle]
    start, slope = affine[..., 1] * y[:, None] + affine[..., 2], affine[..., 0].astype(np.float32)
    length = last - first + 1
    begin = (first - np.cumsum(length) + length).astype(np.int32)
    column = np.arange(int(length.sum()), dtype=np.int32) + np.repeat(begin, length)
    index = np.repeat((y * region.width).astype(np.int32), length) + column
    for plane, at, by in ((map_x, start[:, 0], slope[:, 0]), (map_y, start[:, 1], slope[:, 1])):
        plane[index] = np.repeat(at.astype(np.float32), length) + np.repeat(by, length) * column
    shape = (region.height, region.width)
    return map_x.reshape(shape), map_y.reshape(shape)


def _triangles(mesh: Mesh) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Both sides of the mesh as ``(M, 3, 2)`` corners of triangles, without those that would show cloth turned over."""
    rows, columns = mesh.body.shape[:2]
    index = np.arange(rows * columns).reshape(rows, columns)
    upper = np.stack([index[:-1, :-1], index[1:, :-1], index[:-1, 1:]], -1).reshape(-1, 3)
    lower = np.stack([index[1:, :-1], index[1:, 1:], index[:-1, 1:]], -1).reshape(-1, 3)
    # Row by row: where a limb is folded on itself, its further part lies whole before the nearer.
    corners = np.stack([upper, lower], 1).reshape(-1, 3)
    body, garment = mesh.body.reshape(-1, 2)[corners], mesh.garment.reshape(-1, 2)[corners]
    turn = _double_area(body) * _double_area(garment)
    right_side = turn * np.sign(np.median(turn)) > 0
    return body[right_side], garment[right_side]


def _double_area(triangles: NDArray[np.float32]) -> NDArray[np.float64]:
    """Twice the signed area of ``(M, 3, 2)`` triangles, ``(M,)``."""
    a, b = (triangles[:, k].astype(np.float64) - triangles[:, 0] for k in (1, 2))
    return np.asarray(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])


def _barycentric(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """``(M, 3, 3)``: each corner's share at a place is row · (x, y, 1)."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    area = (b[:, 1] - c[:, 1]) * (a[:, 0] - c[:, 0]) + (c[:, 0] - b[:, 0]) * (a[:, 1] - c[:, 1])
    area = np.where(np.abs(area) < 1e-6, 1e-6, area)
    shares = np.empty((len(corners), 3, 3))
    shares[:, 0, 0], shares[:, 0, 1] = (b[:, 1] - c[:, 1]) / area, (c[:, 0] - b[:, 0]) / area
    shares[:, 1, 0], shares[:, 1, 1] = (c[:, 1] - a[:, 1]) / area, (a[:, 0] - c[:, 0]) / area
    shares[:, :2, 2] = -(shares[:, :2, :2] * c[:, None]).sum(2)
    shares[:, 2] = np.array([0.0, 0.0, 1.0]) - shares[:, 0] - shares[:, 1]
    return shares


def _spans(
    heights: NDArray[np.float64], shares: NDArray[np.float64], region: Region
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Triangle, row, first and last column of every span; ``heights`` ``(M, 3)``: the corners' rows."""
    top = np.maximum(np.ceil(heights.min(1) - 1e-3), 0).astype(np.int64)
    bottom = np.minimum(np.floor(heights.max(1) + 1e-3), region.height - 1).astype(np.int64)
    count = np.maximum(bottom - top + 1, 0)
    triangle = np.repeat(np.arange(len(heights)), count)
    y = np.arange(len(triangle)) - np.repeat(np.cumsum(count) - count - top, count)
    first, last = np.zeros(len(y)), np.full(len(y), region.width - 1.0)
    for edge in range(3):
        slope, by_row, constant = (shares[:, edge, k][triangle] for k in range(3))
        # A share may fall short of 0 by this much, so that no seam opens between neighbours.
        rest = by_row * y + constant + 1e-4
        with np.errstate(divide="ignore", invalid="ignore"):
            crossing = -rest / slope
        first = np.where(slope > 1e-12, np.maximum(first, crossing), first)
        last = np.where(slope < -1e-12, np.minimum(last, crossing), last)
        last[(np.abs(slope) <= 1e-12) & (rest < 0)] = -1
    first, last = np.ceil(first), np.floor(last)
    kept = last >= first
    return triangle[kept], y[kept], first[kept].astype(np.int64), last[kept].astype(np.int64)


# ------------------------------------------------------------------------------------------------ curves


def resample(curve: Points, count: int) -> Points:
    """``count`` points at equal arc length along a polyline of at least one point."""
    curve = np.asarray(curve, np.float32)
    if len(curve) < 2:
        return np.repeat(curve[:1], count, 0)
    arc = arc_lengths(curve)
    wanted = np.linspace(0, arc[-1], count)
    return np.stack([np.interp(wanted, arc, curve[:, 0]), np.interp(wanted, arc, curve[:, 1])], 1).astype(np.float32)


def arc_lengths(curve: Points) -> NDArray[np.float32]:
    """``(N,)`` arc length from the first point of a polyline to each of its points, px."""
    return np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(curve, axis=0).T))]).astype(np.float32)


def point_along(curve: Points, arcs: NDArray[np.float32]) -> tuple[Points, Points]:
    """Points and unit tangents at arc lengths ``arcs``; beyond either end the polyline goes on straight."""
    arc = arc_lengths(curve)
    index = np.clip(np.searchsorted(arc, arcs, side="right") - 1, 0, len(curve) - 2)
    step = curve[index + 1] - curve[index]
    length = np.maximum(arc[index + 1] - arc[index], 1e-6)[:, None]
    tangent = step / length
    return (curve[index] + tangent * (arcs - arc[index])[:, None]).astype(np.float32), tangent.astype(np.float32)


def smooth(values: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Gaussian smoothing along the first axis of ``(N,)`` or ``(N, k)``, ends held."""
    if sigma <= 0 or len(values) < 3:
        return np.asarray(values, np.float32)
    reach = int(3 * sigma + 0.5)
    weight = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weight /= weight.sum()
    flat = np.asarray(values, np.float32).reshape(len(values), -1)
    padded = np.pad(flat, ((reach, reach), (0, 0)), mode="edge")
    done = np.stack([np.convolve(column, weight, "valid") for column in padded.T], 1)
    return done.reshape(np.shape(values)).astype(np.float32)


# ------------------------------------------------------------------------------------------------ distortion


def stretch(map_x: Field, map_y: Field) -> tuple[Field, Field, Field]:
    """How a backward map distorts: larger and smaller singular value of its Jacobian, and the determinant.

    Each ``(h-2, w-2)``, by central differences. Anisotropy is larger / smaller; a fold-over has a determinant ≤ 0.
    """
    a = (map_x[1:-1, 2:] - map_x[1:-1, :-2]) / 2
    b = (map_x[2:, 1:-1] - map_x[:-2, 1:-1]) / 2
    c = (map_y[1:-1, 2:] - map_y[1:-1, :-2]) / 2
    d = (map_y[2:, 1:-1] - map_y[:-2, 1:-1]) / 2
    determinant = a * d - b * c
    half = (a * a + b * b + c * c + d * d) / 2
    root = np.sqrt(np.maximum(half * half - determinant * determinant, 0))
    return np.sqrt(half + root), np.sqrt(np.maximum(half - root, 0)), determinant
