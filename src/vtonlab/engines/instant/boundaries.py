"""Where one thing gives way to another along the body: the waist, a bare midriff, the ends of sleeves, the hems."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.instant.anatomy import Floats
from vtonlab.engines.instant.scene import Limb, Scene, look_along

ROWS, COLUMNS = 128, 41
_T_FROM, _T_TO, _U = 0.2, 1.6, 0.3
_STEPS = 48
_BIN = (20, 9, 9)
_WINDOW = 20
"""Rows that are compared above and below a row: 0.22 of the torso."""
NATURAL_WAIST = 0.8
"""t at which a dress is parted into upper and lower: between the ribs' end (0.7) and the hip bones (0.9)."""


@dataclass(frozen=True)
class Waist:
    """``top_end`` and ``lower_start`` as t; they differ where the midriff is bare. ``same_cloth``: nothing parts them.
    ``certainty`` 0…1."""

    top_end: float
    lower_start: float
    same_cloth: bool
    certainty: float


@dataclass(frozen=True)
class Ending:
    """Where cloth ends along a limb, as a share 0…1 of its length to wrist or ankle, and how sure that is (0…1)."""

    share: float
    certainty: float


# ------------------------------------------------------------------------------------------------ the waist


def find_waist(scene: Scene) -> Waist:
    """The row that best parts what is above from what is below: by the entropy of the colours (their sum above and
    below is least there) and by an edge that runs across the body."""
    t = np.linspace(_T_FROM, _T_TO, ROWS, dtype=np.float32)
    lab, use, skin = _unroll_torso(scene, t)
    rows = use.sum(1) > 0.3 * COLUMNS
    if not rows.any():
        return Waist(1.0, 1.0, False, 0.0)
    gap = _find_midriff(scene, lab, use, skin, t)
    if gap is not None:
        return Waist(gap[0], gap[1], False, 1.0)
    use[_find_bare_legs(scene, lab, use, t) :] = False
    end = float(t[np.flatnonzero(rows)[-1]])
    best, certainty, same = _find_parting(lab, use & (skin < 0.5), use, t)
    if best is None:
        whole_top = end < 1.25
        return Waist(end if whole_top else NATURAL_WAIST, end if whole_top else NATURAL_WAIST, not whole_top, 0.3)
    best = _step_over_belt(lab, use, _edge_across(lab, use), best)
    return Waist(float(t[best]), float(t[best]), same, certainty)


def _find_bare_legs(scene: Scene, lab: Floats, use: NDArray[np.bool_], t: Floats) -> int:
    """The row from which on there is only skin; ROWS where there is none. No hem ends above the crotch (t about 1.15):
    what looks like skin from there on is trousers of its colour."""
    start = int(np.searchsorted(t, 1.15))
    bare = [_is_skin(scene, _median(lab, use, row, row + 3)) for row in range(start, ROWS)]
    seen = [bool(use[row : row + 3].sum() > COLUMNS) for row in range(start, ROWS)]
    for row in range(1, 0 if bare[0] else len(bare)):
        if bare[row] and sum(bare[row:]) >= 0.7 * sum(seen[row:]):
            return start + row
    return ROWS


def _find_parting(
    lab: Floats, cloth: NDArray[np.bool_], use: NDArray[np.bool_], t: Floats
) -> tuple[int | None, float, bool]:
    """The parting row (None where nothing parts the torso), how sure it is, and whether the colours are the same on
    both sides of it."""
    gain, contrast = _compare_colours(lab, cloth)
    edge = _edge_across(lab, use)
    unusual = np.maximum(0.62 - t, 0) + np.maximum(t - 1.12, 0)
    score = gain + 0.35 * contrast + 0.12 * edge - 0.3 * unusual**2 - 0.02 * (t - 0.95) ** 2
    score[(t < 0.45) | (t > 1.42) | (use.sum(1) < 0.3 * COLUMNS)] = -np.inf
    best = int(score.argmax())
    if not np.isfinite(score[best]) or gain[best] + contrast[best] + 0.7 * edge[best] < 0.42:
        return None, 0.0, True
    same = bool(gain[best] < 0.10 and contrast[best] < 0.35)
    if same and not 0.55 < t[best] < 1.2:  # a fold or a hem of one garment
        return None, 0.0, True
    return best, float(np.clip(gain[best] + 0.5 * contrast[best] + 0.3 * edge[best], 0, 1)), same


def _median(lab: Floats, use: NDArray[np.bool_], first: int, last: int) -> Floats:
    """Median colour of the rows; NaN where there is next to nothing."""
    rows = slice(max(first, 0), max(last, 0))
    inside = lab[rows][use[rows]]
    return np.median(inside, 0) if len(inside) > COLUMNS else np.full(3, np.nan)


def _is_skin(scene: Scene, colour: Floats) -> bool:
    """Whether a colour is this person's skin, stricter than a likeness: beige cloth is not."""
    light, a, b = scene.skin.lab
    shade = float(np.clip(colour[0] / max(light, 1.0), 0.4, 1.15))  # in shadow chroma shrinks with lightness
    off_a, off_b = colour[1] - 128 - shade * (a - 128), colour[2] - 128 - shade * (b - 128)
    return bool(-90 < colour[0] - light < 40 and abs(off_a) < 6 and abs(off_b) < 8)


def _step_over_belt(lab: Floats, use: NDArray[np.bool_], edge: Floats, best: int) -> int:
    """The upper edge of a belt, where ``best`` is its lower one: a narrow band unlike what is above and below it."""
    over = edge[max(best - 18, 0) : max(best - 4, 0)]
    if not len(over) or over.max() < 0.35:
        return best
    top = max(best - 18, 0) + int(over.argmax())

    above, below = _median(lab, use, top - 14, top - 1), _median(lab, use, best + 2, best + 14)
    belt = _median(lab, use, top + 2, best - 1)
    apart = np.minimum(np.abs(belt - above).sum(), np.abs(belt - below).sum())
    return top if np.isfinite(apart) and apart > 14 else best


def _unroll_torso(scene: Scene, t: Floats) -> tuple[Floats, NDArray[np.bool_], Floats]:
    """The torso as a straight patch of (ROWS, COLUMNS): Lab, where it is to be looked at, likeness to skin."""
    skeleton = scene.skeleton
    square = np.array([skeleton.down[1], -skeleton.down[0]], np.float32)
    u = np.linspace(-_U, _U, COLUMNS, dtype=np.float32)
    centre = skeleton.shoulders + t[:, None] * skeleton.torso_length * skeleton.down
    grid = (centre[:, None] + u[None, :, None] * skeleton.unit * square).astype(np.float32)

    lab = look_along(scene.lab, grid, way=cv2.INTER_LINEAR).astype(np.float32)
    arms = np.zeros(scene.shape, np.uint8)
    for arm in scene.arms:
        arms |= ((arm.along > 1.2) & (arm.apart < 0.12 * skeleton.unit)).astype(np.uint8)
    hidden = look_along((scene.hands > 0.3).astype(np.uint8) | arms, grid) > 0
    use = (look_along(scene.person, grid, way=cv2.INTER_LINEAR) > 0.5) & ~hidden
    skin = look_along(scene.skin.near[scene.colour], grid, way=cv2.INTER_LINEAR)
    return lab, use, skin


def _find_midriff(
    scene: Scene, lab: Floats, use: NDArray[np.bool_], skin: Floats, t: Floats
) -> tuple[float, float] | None:
    """A band of skin with cloth above and below, if there is one. A narrow band amid one cloth is its pattern."""
    count = use.sum(1)
    share = np.where(count > 0.3 * COLUMNS, ((skin > 0.35) & use).sum(1) / np.maximum(count, 1), 0)
    share = np.convolve(np.pad(share, 1, mode="edge"), np.ones(3) / 3, "valid")
    bare = share > 0.55
    best, best_length = None, 0.02
    for start in np.flatnonzero(bare[1:] & ~bare[:-1]) + 1:
        rest = np.flatnonzero(~bare[start:])
        if not len(rest):
            continue
        end = start + int(rest[0])
        above, below = share[max(0, start - 22) : start], share[end : end + 12]
        length = float(t[end - 1] - t[start])
        cloth = above.mean() < 0.35 and below.mean() < 0.4 and share[start:end].max() > 0.85
        sides = np.abs(_median(lab, use, start - 16, start) - _median(lab, use, end, end + 16)).sum()
        pattern = length < 0.15 and not sides > 12
        cloth = cloth and not pattern and _is_skin(scene, _median(lab, use, start, end))
        if cloth and t[start] > 0.3 and t[end - 1] < 1.4 and length > best_length:
            best, best_length = (float(t[start]), float(t[end - 1])), length
    return best


def _compare_colours(lab: Floats, use: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """(ROWS,) twice: by how much parting the colours at each row lowers their entropy, as a share of the whole; and
    how different (0…1, Jensen-Shannon) the colours just above and just below are, however much there is of them.

    Colours are counted in bins; the lesser answer of two sets of bins, half a bin apart, keeps a slow change of light
    that crosses from one bin into the next from looking like two cloths."""
    first = _compare_bins(lab, use)
    second = _compare_bins(lab + 0.5 * np.array(_BIN, np.float32), use)
    return np.minimum(first[0], second[0]), np.minimum(first[1], second[1])


def _compare_bins(lab: Floats, use: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    light, a, b = (lab[..., channel] // _BIN[channel] for channel in range(3))
    _, colour = np.unique(((light * 32 + a) * 32 + b)[use], return_inverse=True)
    rows = np.nonzero(use)[0]
    if not len(rows):
        return np.zeros(ROWS, np.float32), np.zeros(ROWS, np.float32)
    kinds = int(colour.max()) + 1
    table = np.bincount(rows * kinds + colour, minlength=ROWS * kinds).reshape(ROWS, kinds)
    above = np.cumsum(table, 0)
    total = above[-1]
    parted = _entropy(above) + _entropy(total - above)
    gain = 1 - parted / (_entropy(total[None])[0] + 0.05 * total.sum())
    padded = np.concatenate([np.zeros((1, kinds), above.dtype), above])
    row = np.arange(ROWS)
    over = above - padded[np.maximum(row + 1 - _WINDOW, 0)]
    under = above[np.minimum(row + _WINDOW, ROWS - 1)] - above
    over_n, under_n = over.sum(1, keepdims=True) + 1e-6, under.sum(1, keepdims=True) + 1e-6
    mixed = over / over_n + under / under_n
    contrast = _entropy(mixed) / 2 - 0.5 * (_entropy(over) / over_n[:, 0] + _entropy(under) / under_n[:, 0])
    contrast = np.where(under_n[:, 0] > 1.5 * COLUMNS, contrast / np.log(2), 0)
    return np.asarray(gain, np.float32), np.asarray(np.clip(contrast, 0, 1), np.float32)


def _entropy(counts: NDArray[np.generic]) -> Floats:
    """Nats times pixels of each row of counts."""
    n = counts.sum(-1, keepdims=True) + 1e-9
    share = counts / n
    return np.asarray(-(share * np.log(share + 1e-9)).sum(-1) * n[:, 0], np.float32)


def _edge_across(lab: Floats, use: NDArray[np.bool_]) -> Floats:
    """(ROWS,) 0…1: how clearly an edge runs across the body at each row, against the rows around it."""
    step = np.zeros_like(lab)
    step[2:-2] = 0.5 * (lab[3:-1] + lab[4:] - lab[1:-3] - lab[:-4])
    size = np.abs(step[..., 0]) * 0.6 + np.abs(step[..., 1]) + np.abs(step[..., 2])
    count = use.sum(1)
    enough = count > 0.3 * COLUMNS
    ranked = np.sort(np.where(use, size, np.inf), axis=1)
    edge = np.where(enough, ranked[np.arange(ROWS), np.maximum(0.4 * (count - 1), 0).astype(int)], 0)
    usual = np.median(edge[enough]) if enough.any() else 0.0
    spread = np.median(np.abs(edge[enough] - usual)) * 1.48 + 0.6 if enough.any() else 1.0
    return np.asarray(np.clip((edge - usual) / spread / 8, 0, 1), np.float32)


# ------------------------------------------------------------------------------------------------ limbs


def find_endings(
    scene: Scene,
    limbs: tuple[Limb, Limb],
    is_skin: Floats,
    lengths: tuple[tuple[float, float], tuple[float, float]],
    *,
    hidden_by_things: bool,
) -> tuple[Ending, Ending]:
    """Where cloth gives way to skin along a pair of limbs. ``is_skin``: (h, w) log of how much likelier skin is than
    cloth; ``lengths``: of their bones in px. Sleeves and legs come in pairs: each limb also hears the other.

    ``hidden_by_things``: bags and coats hang before these limbs, so that skin seen on either says more than cloth."""
    reach = 0.14 * scene.skeleton.unit
    before = np.zeros(scene.shape, np.bool_)
    if hidden_by_things:
        before = np.any([(arm.along > 1.3) & (arm.apart < reach) & (arm.seen > 0.4) for arm in scene.arms], axis=0)
    sides = [_gather_evidence(scene, limb, is_skin, bones, before) for limb, bones in zip(limbs, lengths, strict=True)]
    own = [weight * (0.15 + limb.seen) for limb, (_, weight) in zip(limbs, sides, strict=True)]
    either = np.maximum(sides[0][0], sides[1][0])
    both = np.minimum(own[0], own[1]) > 0.3
    endings = []
    for side in (0, 1):
        other = 1 - side
        evidence = own[side] * sides[side][0] + 0.7 * own[other] * sides[other][0]
        weight = own[side] + 0.7 * own[other]
        if hidden_by_things:
            evidence = np.where(both, weight * (0.7 * either + 0.3 * evidence / np.maximum(weight, 1e-6)), evidence)
        endings.append(_split(evidence, weight))
    return endings[0], endings[1]


def _gather_evidence(
    scene: Scene, limb: Limb, is_skin: Floats, lengths: tuple[float, float], before: NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """(_STEPS,) mean of ``is_skin`` in the limb's core at each step, and how much of the core is to be seen;
    ``before`` (h, w) is where something else lies before it."""
    unit = scene.skeleton.unit
    share = share_along(limb, lengths)
    core = (limb.apart < 0.065 * unit) & (share >= 0) & (share < 1) & (scene.person > 0.4) & ~before
    step = (share[core] * _STEPS).astype(np.int32)
    count = np.bincount(step, minlength=_STEPS).astype(np.float32)
    evidence = np.bincount(step, np.clip(is_skin[core], -3, 3), _STEPS) / np.maximum(count, 1)
    full = max(sum(lengths) / _STEPS * 0.13 * unit, 1.0)
    return evidence.astype(np.float32), np.clip(count / full, 0, 1).astype(np.float32)


def _split(evidence: Floats, weight: Floats) -> Ending:
    """The step before which there is most evidence of cloth and after which most of skin."""
    seen = np.flatnonzero(weight > 0.05)
    if len(seen) < 4:
        return Ending(1.0, 0.0)
    cloth = np.concatenate([[0.0], np.cumsum(-evidence)])
    best = int(cloth.argmax())
    if best > seen[-1]:
        return Ending(1.0, float(np.clip(cloth[best] / (0.3 * weight.sum()), 0, 1)))
    if best == 0:
        return Ending(0.0, float(np.clip(-cloth[-1] / (0.1 * weight.sum()), 0, 1)))
    bare = evidence[best:].sum() / (weight[best:].sum() + 1e-3)  # skin is told from most cloth by 2 and more
    margin = min(cloth[best], cloth[best] - cloth[-1]) / (0.1 * weight.sum())
    return Ending(best / _STEPS, float(np.clip(margin, 0, 1) * np.clip((bare - 0.4) / 0.8, 0, 1)))


def share_along(limb: Limb, lengths: tuple[float, float]) -> Floats:
    """(h, w) how far along the limb, 0 at its first joint, 1 at wrist or ankle, more in hand or foot."""
    total = max(sum(lengths), 1.0)
    first = lengths[0] / total
    return np.where(limb.along < 1, limb.along * first, first + (limb.along - 1) * (1 - first)).astype(np.float32)
