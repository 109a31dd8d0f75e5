"""From whatever colours a file holds to sRGB with eight bits, and the alpha apart."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from vtonlab.imaging.types import Picture, Plane

if TYPE_CHECKING:
    from PIL.Image import Image

_GROUNDS: Final = (255, 190, 120, 40)
_CLEARLY_APART: Final = 40

_SIXTEEN_BITS: Final = frozenset({"I;16", "I;16L", "I;16B", "I;16N"})
_WITH_ALPHA: Final = frozenset({"RGBA", "RGBa", "LA", "La", "PA"})
_PROFILED: Final = frozenset({"RGB", "L", "CMYK"})


def to_eight_bits(image: Image) -> Image:
    """``image`` in one of the modes ``L``, ``RGB``, ``RGBA`` or ``CMYK``, its colours as they are stored.

    Sixteen bits are scaled down, not cut off; floating point is taken as 0…1 where it stays within that, else
    stretched from its least to its greatest value.
    """
    from PIL.Image import fromarray

    if image.mode in _SIXTEEN_BITS:
        return fromarray((np.asarray(image).astype(np.uint16) >> 8).astype(np.uint8))
    if image.mode in {"I", "F"}:
        return fromarray(_squeeze(np.asarray(image)))
    if image.mode in _WITH_ALPHA or "transparency" in image.info:
        return image if image.mode == "RGBA" else image.convert("RGBA")
    if image.mode == "1":
        return image.convert("L")
    return image if image.mode in _PROFILED else image.convert("RGB")


def to_srgb(image: Image, profile: bytes | None) -> Image:
    """``image`` (``L``, ``RGB``, ``RGBA``, ``CMYK``) in sRGB, mode ``RGB`` or ``RGBA``.

    ``profile`` is the file's ICC profile. One that is damaged, or belongs to other colours than the picture's, is
    passed over. CMYK without a profile is converted by its complement.
    """
    if profile and not says_srgb(profile):
        alpha = image.getchannel("A") if image.mode == "RGBA" else None
        converted = _apply_profile(image.convert("RGB") if alpha else image, profile)
        if converted is not None:
            if alpha:
                converted.putalpha(alpha)
            return converted
    return image if image.mode in {"RGB", "RGBA"} else image.convert("RGB")


def lay_on_white(picture: Picture, alpha: Plane) -> Picture:
    """``picture`` ``(H, W, 3)`` laid on white through ``alpha`` ``(H, W)``."""
    share = alpha[..., None].astype(np.uint16)
    mixed: NDArray[np.uint16] = picture * share + (np.uint16(255) - share) * np.uint16(255) + np.uint16(128)
    return ((mixed + (mixed >> 8)) >> 8).astype(np.uint8)  # divides by 255, exactly rounded, for sums up to 255²


def lay_on_contrast(on_white: Picture, alpha: Plane) -> Picture:
    """A picture that lies on white through ``alpha``, laid on a plain grey that sets it off instead.

    A white shirt cut out by a shop would vanish on white; so the first of white and three greys is taken that nine in
    ten of the picture's opaque pixels differ from.
    """
    sample = on_white[::4, ::4][alpha[::4, ::4] > 250].astype(np.int16)
    if len(sample) == 0:
        return on_white
    apart = {grey: float(np.quantile(np.abs(sample - grey).max(axis=1), 0.1)) for grey in _GROUNDS}
    ground = next((grey for grey in _GROUNDS if apart[grey] > _CLEARLY_APART), max(apart, key=apart.__getitem__))
    missing = (255 - alpha.astype(np.uint16))[..., None] * np.uint16(255 - ground) // np.uint16(255)
    return (on_white.astype(np.int16) - missing.astype(np.int16)).clip(0, 255).astype(np.uint8)


def _squeeze(values: NDArray[np.int32] | NDArray[np.float32]) -> Plane:
    wide = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(wide.min()), float(wide.max())
    if low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    elif low >= 0 and high <= 65535:
        low, high = 0.0, 255.0 if high <= 255 else 65535.0
    wide -= low
    wide *= 255 / ((high - low) or 1.0)
    return np.rint(wide).astype(np.uint8)


def says_srgb(profile: bytes) -> bool:
    """Whether the profile's own description names sRGB, so that converting would change nothing but cost 30 ms."""
    description = _profile_tag(profile, b"desc")
    return b"sRGB" in description or "sRGB".encode("utf-16-be") in description


def _profile_tag(profile: bytes, name: bytes) -> bytes:
    """The bytes of one tag of an ICC profile (ICC.1:2022, 7.3: a table of name, offset, size after 128 bytes)."""
    count = min(int.from_bytes(profile[128:132], "big"), 100)
    for at in range(132, 132 + 12 * count, 12):
        if profile[at : at + 4] == name:
            offset, size = (int.from_bytes(profile[at + n : at + n + 4], "big") for n in (4, 8))
            return profile[offset : offset + size]
    return b""


def _apply_profile(image: Image, profile: bytes) -> Image | None:
    from PIL import ImageCms

    try:
        return ImageCms.profileToProfile(
            image,
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
