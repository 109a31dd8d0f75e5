"""The measures of a body, from its skeleton and its parse: what a garment is hung on."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.instant.anatomy import Floats, Skeleton
from vtonlab.engines.instant.boundaries import share_along
from vtonlab.engines.instant.parsing import Parse
from vtonlab.engines.instant.records import Arm, Body, Label, Leg, Points
from vtonlab.engines.instant.scene import bone_lengths, look_along

_PROFILE_T = np.arange(-0.1, 2.001, 0.025, dtype=np.float32)
_LIMB_STEPS = 48


def measure_body(skeleton: Skeleton, parse: Parse, face: Points) -> Body:
    """Everything in :class:`.records.Body`. ``skeleton`` at working size, ``face`` its outline there."""
    chin = find_chin(skeleton, face)
    neck = find_neck(skeleton, chin)
    arms = (measure_arm(parse, skeleton, 0), measure_arm(parse, skeleton, 1))
    left, right = measure_profile(parse, (arms[0].sleeve_end, arms[1].sleeve_end))
    waist_t, top_hem_t, tucked = measure_waist(parse)
    line_left, line_right = trace_shoulders(parse)
    return Body(
        unit=skeleton.unit,
        turn=skeleton.turn,
        neck=neck,
        shoulders=skeleton.shoulders,
        hips=skeleton.hips,
        down=skeleton.down,
        across=skeleton.across,
        hips_across=_direction(skeleton.joint("hip", 0), skeleton.joint("hip", 1), skeleton.across),
        torso_length=skeleton.torso_length,
        left_arm=arms[0],
        right_arm=arms[1],
        left_leg=measure_leg(parse, skeleton, 0),
        right_leg=measure_leg(parse, skeleton, 1),
        shoulder_line_left=line_left,
        shoulder_line_right=line_right,
        profile_t=_PROFILE_T.copy(),
        profile_left=left,
        profile_right=right,
        chin=chin,
        mouth=skeleton.mouth,
        eyes=skeleton.eyes,
        waist_t=waist_t,
        top_hem_t=top_hem_t,
        tucked=tucked,
        one_piece=parse.waist.same_cloth,
        neckline=trace_neckline(parse, chin * parse.scene.scale),
        top_plainness=measure_plainness(parse, Label.UPPER),
        lower_plainness=measure_plainness(parse, Label.LOWER),
        skin_lab=parse.scene.skin.lab,
    )


def _direction(start: Points, end: Points, otherwise: Points) -> Points:
    step = end - start
    length = float(np.hypot(*step))
    if length < 2 or float(step @ otherwise) / length < 0.7:
        return otherwise
    return np.asarray(step / length, np.float32)


def find_chin(skeleton: Skeleton, face: Points) -> Points:
    """The lowest point of the face's outline along the line from eyes to mouth; else 0.8 face heights below the mouth
    (the mean over face meshes of the chin's distance)."""
    axis = skeleton.mouth - skeleton.eyes
    length = float(np.hypot(*axis))
    axis = axis / length if length > 1 else -skeleton.down
    if len(face):
        return np.asarray(face[int((face @ axis).argmax())], np.float32)
    return np.asarray(skeleton.mouth + 0.8 * skeleton.face_height * axis, np.float32)


def find_neck(skeleton: Skeleton, chin: Points) -> Points:
    """The base of the neck: above the middle of the shoulder joints, at most half way to the chin."""
    rise = float((skeleton.shoulders - chin) @ skeleton.down)
    return np.asarray(skeleton.shoulders - skeleton.down * np.clip(0.5 * rise, 0.05, 0.18 * skeleton.unit), np.float32)


# ------------------------------------------------------------------------------------------------- the torso


def measure_profile(parse: Parse, sleeve_ends: tuple[float, float]) -> tuple[Floats, Floats]:
    """Distances from the axis to the torso's left and right outline at every t of the profile, working px.

    Walking outwards from the axis, the torso ends where the background begins, where bare arm or a held thing begins,
    or at the inner edge of a sleeve that hangs in the way; rows with none of these are filled from their neighbours.
    """
    skeleton, scale = parse.scene.skeleton, parse.scene.scale
    steps = np.arange(0.0, 1.6, 1.5 / max(skeleton.unit, 8.0), dtype=np.float32)
    square = np.array([skeleton.down[1], -skeleton.down[0]], np.float32)
    centre = skeleton.shoulders + _PROFILE_T[:, None] * skeleton.torso_length * skeleton.down
    shape = (parse.labels.shape[0], parse.labels.shape[1])
    sides = []
    for sign, side in ((-1, 0), (1, 1)):
        grid = (centre[:, None] + sign * steps[None, :, None] * skeleton.unit * square).astype(np.float32)
        found = look_along(parse.labels, grid, 255)
        limb = parse.scene.arms[side]
        arm = ((limb.apart < 0.17 * skeleton.unit) & (limb.along > 0.15)).astype(np.uint8)
        bare = (found == Label.SKIN) & (look_along(arm, grid) > 0)
        inside = np.isin(found, (Label.UPPER, Label.LOWER, Label.SKIN)) & ~bare
        reach = _first_end(inside) * (steps[1] - steps[0])
        cut = found[np.arange(len(reach)), np.minimum(_first_end(inside).astype(int), len(steps) - 1)] == 255
        sleeve = _sleeve_inner_edge(skeleton, side, sleeve_ends[side])
        hangs = np.isfinite(sleeve) & (sleeve < reach)
        reach = np.where(hangs, sleeve, reach)
        joint = sign * float((skeleton.joint("shoulder", side) - skeleton.shoulders) @ square) / skeleton.unit
        reach = np.where(_PROFILE_T < 0.12, np.minimum(reach, max(joint, 0.3) + 0.08), reach)
        in_picture = (grid[:, 0, 1] >= 0) & (grid[:, 0, 1] < shape[0])
        good = in_picture & inside[:, 0] & (reach > 0.15) & ~(cut & ~hangs)
        sides.append(_fill(reach, good) * skeleton.unit / scale)
    return sides[0], sides[1]


def _first_end(inside: NDArray[np.bool_]) -> Floats:
    """For each row the number of steps until ``inside`` ends for three steps."""
    gap = ~inside
    run = gap[:, :-2] & gap[:, 1:-1] & gap[:, 2:]
    return np.where(run.any(1), run.argmax(1), inside.shape[1]).astype(np.float32)


def _sleeve_inner_edge(skeleton: Skeleton, side: int, sleeve_end: float) -> Floats:
    """Distance (units) from the axis to the inner edge of a sleeve that hangs beside the torso, at each t of the
    profile; inf where none hangs. An arm in front of or behind the torso hides no outline."""
    square = np.array([skeleton.down[1], -skeleton.down[0]], np.float32) * (-1 if side == 0 else 1)
    edge = np.full(len(_PROFILE_T), np.inf, np.float32)
    if skeleton.seen("elbow", side) < 0.5:
        return edge
    chain = [skeleton.joint(name, side) for name in ("shoulder", "elbow", "wrist")]
    lengths = [float(np.hypot(*(chain[i + 1] - chain[i]))) for i in (0, 1)]
    upper_share = lengths[0] / max(sum(lengths), 1.0)
    ends = (min(sleeve_end / max(upper_share, 0.1), 1.0), (sleeve_end - upper_share) / max(1 - upper_share, 0.1))
    radii = (0.07, 0.12, 0.10)
    for index in range(2):
        first, last = chain[index], chain[index + 1]
        ts = [float((p - skeleton.shoulders) @ skeleton.down) / skeleton.torso_length for p in (first, last)]
        us = [float((p - skeleton.shoulders) @ square) / skeleton.unit for p in (first, last)]
        if abs(ts[1] - ts[0]) < 0.02:
            continue
        rows = np.clip(_PROFILE_T, max(min(ts), 0.05), max(ts)) == _PROFILE_T
        share = (_PROFILE_T - ts[0]) / (ts[1] - ts[0])
        bone = us[0] + share * (us[1] - us[0])
        at = bone - (radii[index] + share * (radii[index + 1] - radii[index]))
        edge = np.where(rows & (at > 0.33) & (share <= ends[index]), np.minimum(edge, at), edge)
    return edge.astype(np.float32)


def _fill(values: Floats, good: NDArray[np.bool_]) -> Floats:
    """Gaps from their neighbours, then smoothed."""
    if not good.any():
        return np.full(len(values), 0.5, np.float32)
    filled = np.interp(_PROFILE_T, _PROFILE_T[good], values[good]).astype(np.float32)
    return cv2.GaussianBlur(cv2.medianBlur(filled[:, None], 5), (1, 5), 1.0)[:, 0].astype(np.float32)


def measure_waist(parse: Parse) -> tuple[float, float, bool]:
    """``waist_t``, ``top_hem_t`` and whether the top is tucked in."""
    middle = np.abs(parse.scene.u) < 0.14
    waist_t = _quantile(parse.scene.t[middle & (parse.labels == Label.LOWER)], 0.02, parse.waist.lower_start)
    hem_t = _quantile(parse.scene.t[middle & (parse.labels == Label.UPPER)], 0.98, parse.waist.top_end)
    if not 0.3 < waist_t < 1.7:
        waist_t = parse.waist.lower_start
    hem_t = float(np.clip(hem_t, 0.3, waist_t + 0.05))
    tucked = abs(hem_t - waist_t) < 0.08 and waist_t < 0.92
    return waist_t, waist_t if tucked else hem_t, tucked


def _quantile(values: Floats, share: float, otherwise: float) -> float:
    return float(np.quantile(values, share)) if len(values) > 40 else otherwise


def trace_shoulders(parse: Parse) -> tuple[Points, Points]:
    """The top outline of both shoulders, neck side first, working px.

    Columns whose top is hair or hidden are taken from the other side; where both are hidden, from a straight slope.
    """
    skeleton = parse.scene.skeleton
    us = np.linspace(0.2, 0.56, 19, dtype=np.float32)
    rises = []
    steps = np.arange(-0.45, 0.35, 1.0 / max(skeleton.unit, 8.0), dtype=np.float32)
    for sign in (-1, 1):
        start = skeleton.shoulders + sign * us[:, None] * skeleton.unit * skeleton.across
        grid = start[:, None] + steps[None, :, None] * skeleton.unit * skeleton.down
        found = look_along(parse.labels, grid)
        middle = (skeleton.eyes + skeleton.mouth) / 2
        face = np.hypot(grid[..., 0] - middle[0], grid[..., 1] - middle[1]) < 1.45 * skeleton.face_height
        cloth = np.isin(found, (Label.UPPER, Label.SKIN)) & ~face
        run = cloth[:, :-2] & cloth[:, 1:-1] & cloth[:, 2:]
        first = run.argmax(1)
        before = np.where(first > 0, found[np.arange(len(us)), np.maximum(first - 1, 0)], Label.HAIR)
        clear = run.any(1) & (before == Label.BACKGROUND)
        rises.append(np.where(clear, steps[first], np.nan))
    lines = []
    for own, other, sign in ((rises[0], rises[1], -1), (rises[1], rises[0], 1)):
        rise = _smooth_rise(np.where(np.isnan(own), other, own), us)
        across = sign * us[:, None] * skeleton.unit * skeleton.across
        points = skeleton.shoulders + across + rise[:, None] * skeleton.unit * skeleton.down
        lines.append(points / parse.scene.scale)
    return lines[0].astype(np.float32), lines[1].astype(np.float32)


def _smooth_rise(rise: Floats, us: Floats) -> Floats:
    """A shoulder's height over its joint at ``us`` (units, up is negative): the usual slope, raised, tilted and bent
    as far as enough of it was seen."""
    usual = -0.19 + 0.30 * (us - 0.2) + 0.5 * np.maximum(us - 0.44, 0) ** 2
    seen = ~np.isnan(rise) & (np.abs(rise - usual) < 0.22)
    if seen.sum() < 3:
        return np.asarray(usual, np.float32)
    off = (rise - usual)[seen]
    seen_us = us[seen][np.abs(off - np.median(off)) < 0.07]
    off = off[np.abs(off - np.median(off)) < 0.07]

    def bend(at: Floats) -> Floats:
        return np.stack([np.ones_like(at), at - 0.38, (at - 0.38) ** 2], 1)

    basis = bend(seen_us)
    ridge = np.diag([0.0, 0.02, 0.004])
    answer = np.linalg.solve(basis.T @ basis + ridge + 1e-6 * np.eye(3), basis.T @ off)
    return np.asarray(usual + bend(us) @ answer, np.float32)


def trace_neckline(parse: Parse, chin: Points) -> Points:
    """The edge of the worn top at the neck from left to right, working px; (0, 2) where none is seen."""
    skeleton = parse.scene.skeleton
    us = np.linspace(-0.4, 0.4, 41, dtype=np.float32)
    square = np.array([skeleton.down[1], -skeleton.down[0]], np.float32)
    top = float((chin - skeleton.shoulders) @ skeleton.down) / skeleton.unit
    steps = np.arange(min(top, -0.05), 0.9, 1.0 / max(skeleton.unit, 8.0), dtype=np.float32)
    start = skeleton.shoulders + us[:, None] * skeleton.unit * square
    grid = start[:, None] + steps[None, :, None] * skeleton.unit * skeleton.down
    found = look_along(parse.labels, grid)
    cloth = found == Label.UPPER
    run = cloth[:, :-2] & cloth[:, 1:-1] & cloth[:, 2:]
    first = run.argmax(1)
    before = found[np.arange(len(us)), np.maximum(first - 2, 0)]
    edge = run.any(1) & (first > 1)
    bare = edge & (before == Label.SKIN)  # where hair lies before it, its end is not the neckline's
    good = bare if bare.sum() >= 5 else edge & (before == Label.HAIR)
    if good.sum() < 5:
        return np.zeros((0, 2), np.float32)
    depth = steps[first][good]
    usual = cv2.medianBlur(np.ascontiguousarray(depth[:, None], np.float32), 5)[:, 0]
    kept = np.abs(depth - usual) < 0.08
    points = start[good][kept] + usual[kept, None] * skeleton.unit * skeleton.down
    return np.asarray(points / parse.scene.scale, np.float32)


# ------------------------------------------------------------------------------------------------- the limbs


def measure_arm(parse: Parse, skeleton: Skeleton, side: int) -> Arm:
    return Arm(
        shoulder=skeleton.joint("shoulder", side),
        elbow=skeleton.joint("elbow", side),
        wrist=skeleton.joint("wrist", side),
        fingers=skeleton.joint("index", side),
        seen=min(skeleton.seen("elbow", side), skeleton.seen("wrist", side)),
        sleeve_end=_covered(parse, "arm", side, Label.UPPER, 0.08),
    )


def measure_leg(parse: Parse, skeleton: Skeleton, side: int) -> Leg:
    ends = parse.scene.skeleton.joint("knee", side)[1] >= parse.labels.shape[0]
    return Leg(
        hip=skeleton.joint("hip", side),
        knee=skeleton.joint("knee", side),
        ankle=skeleton.joint("ankle", side),
        toes=skeleton.joint("toes", side),
        seen=0.0 if ends else min(skeleton.seen("knee", side), skeleton.seen("ankle", side)),
        hem=_covered(parse, "leg", side, Label.LOWER, 0.07),
    )


def _covered(parse: Parse, limb: str, side: int, label: Label, radius: float) -> float:
    """How far along the limb (0…1) ``label`` goes: the split that best has it before and skin after."""
    scene = parse.scene
    place = (scene.arms if limb == "arm" else scene.legs)[side]
    share = share_along(place, bone_lengths(scene, limb, side))
    core = (place.apart < radius * scene.skeleton.unit) & (share >= 0) & (share <= 1)
    step = np.clip((share[core] * _LIMB_STEPS).astype(np.int32), 0, _LIMB_STEPS - 1)
    found = parse.labels[core]
    covered = np.bincount(step, found == label, _LIMB_STEPS)
    bare = np.bincount(step, found == Label.SKIN, _LIMB_STEPS)
    if not (covered.sum() or bare.sum()):
        return 0.0
    gain = np.concatenate([[0.0], np.cumsum(covered - bare)])
    return int(gain.argmax()) / _LIMB_STEPS


# ------------------------------------------------------------------------------------------------- the cloth


def measure_plainness(parse: Parse, label: Label) -> float:
    """0 strongly patterned … 1 plain: by the spread of the chroma and by the lightness's fine detail."""
    mask = cv2.erode((parse.labels == label).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    if mask.sum() < 100:
        return 0.5
    lab = parse.scene.lab
    chroma = lab[mask][:, 1:].astype(np.float32)
    spread = float(np.mean(np.abs(chroma - np.median(chroma, 0)).sum(1)))
    coarse = cv2.GaussianBlur(lab[..., 0], (0, 0), max(1.5, 0.04 * parse.scene.skeleton.unit))
    fine = float(np.mean(np.abs(lab[..., 0][mask].astype(np.float32) - coarse[mask])))
    return float(np.exp(-((spread / 7) ** 2) - (fine / 9) ** 2))
