"""The body's own coordinates: how far down the torso, how far across, and along the arms.

``t`` measures down the spine (0 shoulder joints, 1 hip joints), ``u`` across it in working pixels, left negative.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vtonlab.engines.instant.records import Arm, Body, Leg, Points
from vtonlab.engines.instant.warp import floats, resample, smooth

Side = Literal["left", "right"]
SIDES: tuple[Side, Side] = ("left", "right")
SIGN = {"left": -1.0, "right": 1.0}

Values = NDArray[np.float32]


def spine(body: Body, t: Values) -> tuple[Points, Points]:
    """Points of the axis at ``t`` and the unit vectors across there; below the hips it turns towards the legs."""
    t = np.atleast_1d(np.asarray(t, np.float32))
    along = np.minimum(t, 1)[:, None] * body.torso_length * body.down
    beyond = np.maximum(t - 1, 0)[:, None] * body.torso_length * _leg_direction(body)
    share = np.clip(t, 0, 1)[:, None]
    across = body.across * (1 - share) + body.hips_across * share
    across = across / np.linalg.norm(across, axis=1, keepdims=True)
    return (body.shoulders + along + beyond).astype(np.float32), across.astype(np.float32)


def _leg_direction(body: Body) -> Points:
    """Where cloth hangs below the hips: half plumb, half towards the knees when those are seen below the hips."""
    plumb = floats([0, 1])
    knees = (body.left_leg.knee + body.right_leg.knee) / 2 - body.hips
    if min(body.left_leg.seen, body.right_leg.seen) > 0.4 and knees[1] > 0.5 * body.torso_length:
        plumb = plumb + knees / np.linalg.norm(knees)
    return (plumb / np.linalg.norm(plumb)).astype(np.float32)


def half_width(body: Body, side: Side, t: ArrayLike) -> Values:
    """Distance from the axis to the torso's outline at ``t``, px."""
    profile = body.profile_left if side == "left" else body.profile_right
    return np.interp(np.asarray(t), body.profile_t, profile).astype(np.float32)


def shoulder_point(body: Body, side: Side, u: float) -> Points:
    """The place on top of the shoulder at ``u`` ≥ 0 px from the axis.

    Beyond the end of the measured line it follows the round of the upper arm (drop of a relaxed deltoid, measured on
    the prototype's photos: 0.07 unit at 0.06 unit beyond the tip).
    """
    line = body.shoulder_line_left if side == "left" else body.shoulder_line_right
    sign = np.float32(SIGN[side])
    up = floats([body.across[1], -body.across[0]])
    local = line - body.shoulders
    outward, height = (local @ body.across) * sign, local @ up
    order = np.argsort(outward)
    outward, height = outward[order], height[order]
    beyond = max(0.0, u - float(outward[-1])) / body.unit
    v = float(np.interp(u, outward, height)) - (0.9 * beyond + 6.0 * beyond * beyond) * body.unit
    return (body.shoulders + body.across * (sign * u) + up * v).astype(np.float32)


def arm_of(body: Body, side: Side) -> Arm:
    return body.left_arm if side == "left" else body.right_arm


def arm_curve(arm: Arm, count: int = 49) -> Points:
    """Shoulder to wrist with a rounded elbow (a quadratic Bézier over the 30 % on both sides of it)."""
    shoulder, elbow, wrist = arm.shoulder, arm.elbow, arm.wrist
    before, after = shoulder + (elbow - shoulder) * 0.7, elbow + (wrist - elbow) * 0.3
    s = np.linspace(0, 1, 16, dtype=np.float32)[:, None]
    bend = (1 - s) ** 2 * before + 2 * s * (1 - s) * elbow + s * s * after
    return resample(np.vstack([shoulder[None], bend, wrist[None]]), count)


def normals(curve: Points, sigma: float = 2.0) -> Points:
    """Smoothed unit normals of a polyline, to the left hand when walking along it with y downwards."""
    tangent = np.gradient(curve, axis=0)
    normal = smooth(np.stack([tangent[:, 1], -tangent[:, 0]], 1).astype(np.float32), sigma)
    return (normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-6)).astype(np.float32)


def arm_radius(body: Body, share: Values) -> Values:
    """Half the thickness of a bare arm at ``share`` of its length (0 shoulder, 1 wrist), px.

    Shape from the prototype's measurements on studio photos, relative to the body's unit.
    """
    shape = np.interp(share, [0, 0.12, 0.3, 0.5, 0.8, 1.0], [0.175, 0.17, 0.15, 0.125, 0.1, 0.085])
    return (shape * body.unit).astype(np.float32)


def reach(blocked: NDArray[np.bool_], starts: Points, directions: Points, limit: Values) -> Values:
    """How far one can walk from each start before ``blocked``, px; NaN where ``limit`` is reached or the picture ends.

    ``blocked``: ``(h, w)`` bool. ``starts``, ``directions``: ``(N, 2)``; ``limit``: ``(N,)`` px.
    """
    height, width = blocked.shape
    distance = np.arange(1, int(np.ceil(float(np.max(limit)))) + 1, dtype=np.float32)
    x = starts[:, 0, None] + directions[:, 0, None] * distance
    y = starts[:, 1, None] + directions[:, 1, None] * distance
    outside = (x < 0) | (y < 0) | (x > width - 1) | (y > height - 1)
    hit = blocked[np.clip(y, 0, height - 1).astype(int), np.clip(x, 0, width - 1).astype(int)] | outside
    hit &= distance[None] <= limit[:, None]
    first = hit.argmax(1)
    found = hit.any(1) & ~outside[np.arange(len(first)), first]
    return np.where(found, distance[first], np.nan).astype(np.float32)


# ------------------------------------------------------------------------------------------------ legs


def leg_of(body: Body, side: Side) -> Leg:
    return body.left_leg if side == "left" else body.right_leg


def leg_curve(body: Body, side: Side, count: int = 65) -> Points:
    """Hip joint to ankle with a rounded knee; a standing leg is assumed where pose and photo end above the knee."""
    leg = leg_of(body, side)
    hip, knee, ankle = leg.hip, leg.knee, leg.ankle
    direction = _leg_direction(body)
    thigh = knee - hip
    if leg.seen < 0.3 and float(thigh @ direction) < 0.4 * body.torso_length:
        # Thigh and calf of a standing adult are about 0.85 and 0.8 of the torso between shoulder and hip joints.
        knee = hip + direction * np.float32(0.85 * body.torso_length)
        ankle = knee + direction * np.float32(0.8 * body.torso_length)
    before, after = hip + (knee - hip) * 0.75, knee + (ankle - knee) * 0.25
    s = np.linspace(0, 1, 12, dtype=np.float32)[:, None]
    bend = (1 - s) ** 2 * before + 2 * s * (1 - s) * knee + s * s * after
    return resample(np.vstack([hip[None], bend, ankle[None]]), count)


def leg_radius(body: Body, share: Values) -> Values:
    """Half the thickness of a bare leg at ``share`` of its length (0 hip joint, 0.5 knee, 1 ankle), px.

    Drawn after the proportions of artists' canons: thigh at the crotch half the hips, knee, calf and ankle relative to
    the body's unit.
    """
    hips = float(half_width(body, "left", np.float32(1.08)) + half_width(body, "right", np.float32(1.08)))
    thigh = float(np.clip(0.24 * hips / body.unit, 0.2, 0.32))
    where = [0.0, 0.15, 0.3, 0.42, 0.5, 0.56, 0.67, 0.8, 0.92, 1.0]
    shape = np.interp(share, where, [thigh, thigh, 0.8 * thigh, 0.162, 0.146, 0.138, 0.15, 0.118, 0.086, 0.08])
    return (shape * body.unit).astype(np.float32)
