
"""Records as bytes that can be kept beside a picture, and back.

Layout: 8 bytes of magic, 8 of format (number and fingerprint of the records' fields, so that bytes of an older
version are refused and the picture is analysed again), 4 of header length, a JSON header, then the arrays: colour
pictures as PNG, all else deflated. Nothing in it is executed or trusted: sizes are checked before memory is taken.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from types import GenericAlias
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import cv2
import numpy as np
from numpy.typing import NDArray

from vtonlab.engines.instant.records import Garment, Person

ANALYSIS = 1
"""Raise when an analysis changes in a way that makes kept ones worth making anew."""

_MAGIC = b"VTLinst\0"
_HEAD = struct.Struct("<8s8sI")
_LARGEST = 256 * 2**20
"""No array of a record is larger; a larger one is not ours."""
_DTYPES = ("uint8", "float32")

Record = TypeVar("Record", Person, Garment)


def pack(record: Person | Garment) -> bytes:
    """The record as bytes. Floats keep their 32 bits, planes every value."""
    arrays: list[bytes] = []
    header = {"kind": type(record).__name__, "value": _lower(record, arrays), "sizes": [len(part) for part in arrays]}
    text = json.dumps(header, separators=(",", ":")).encode()
    return b"".join([_HEAD.pack(_MAGIC, _format(), len(text)), text, *arrays])


def unpack_person(data: bytes) -> Person:
    """The person that :func:`pack` packed. Raises ValueError for anything else, older versions included."""
    return _unpack(data, Person)


def unpack_garment(data: bytes) -> Garment:
    """The garment that :func:`pack` packed. Raises ValueError for anything else, older versions included."""
    return _unpack(data, Garment)


def _unpack(data: bytes, kind: type[Record]) -> Record:
    try:
        magic, written, length = _HEAD.unpack_from(data)
        if magic != _MAGIC or written != _format():
            raise ValueError("not an analysis of this version")
        header = json.loads(data[_HEAD.size : _HEAD.size + length])
        if header["kind"] != kind.__name__:
            raise ValueError(f"an analysis of a {header['kind']}, not of a {kind.__name__}")
        at, parts = _HEAD.size + length, []
        for size in header["sizes"]:
            parts.append(data[at : at + size])
            at += size
        if at != len(data) or min(header["sizes"], default=0) < 0:
            raise ValueError("cut off or lengthened")
        record = _raise(header["value"], kind, parts)
    except (KeyError, TypeError, IndexError, AttributeError, struct.error, zlib.error, RecursionError) as error:
        raise ValueError("not an analysis") from error
    assert isinstance(record, kind)
    return record


@cache
def _format() -> bytes:
    """Four bytes of version, four of fingerprint."""
    shape = repr([_shape_of(Person), _shape_of(Garment)])
    return struct.pack("<I", ANALYSIS) + hashlib.sha256(shape.encode()).digest()[:4]


def _shape_of(kind: Any) -> Any:
    if isinstance(kind, type) and is_dataclass(kind):
        return [(name, _shape_of(hint)) for name, hint in _hints(kind).items()]
    return [_shape_of(part) for part in get_args(kind) if is_dataclass(part)] or str(kind)


@cache
def _hints(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


# ----------------------------------------------------------------------------------------------- down to JSON


def _lower(value: Any, arrays: list[bytes]) -> Any:
    """``value`` in JSON's own types; arrays go to the end of ``arrays`` and leave their number here."""
    if isinstance(value, np.ndarray):
        coding, data = _encode(value)
        arrays.append(data)
        return [len(arrays) - 1, coding, str(value.dtype), list(value.shape)]
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _lower(getattr(value, field.name), arrays) for field in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {key: _lower(item, arrays) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_lower(item, arrays) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    return value


def _encode(array: NDArray[Any]) -> tuple[str, bytes]:
    if str(array.dtype) not in _DTYPES:
        raise TypeError(f"records hold {' and '.join(_DTYPES)}, not {array.dtype}")
    if array.ndim == 3 and array.shape[2] == 3 and array.dtype == np.uint8 and array.size:
        done, data = cv2.imencode(".png", array, (cv2.IMWRITE_PNG_COMPRESSION, 1))
        if done:
            return "png", data.tobytes()
    return "zip", zlib.compress(np.ascontiguousarray(array).tobytes(), 1)


# ------------------------------------------------------------------------------------------------- up from JSON


def _raise(value: Any, hint: Any, parts: list[bytes]) -> Any:
    """The value of type ``hint`` that :func:`_lower` wrote."""
    origin = get_origin(hint)
    if origin is np.ndarray or hint is np.ndarray:
        return _decode(value, parts)
    if is_dataclass(hint) and isinstance(hint, type):
        hints = _hints(hint)
        if set(value) != set(hints):
            raise ValueError("not the fields of this version")
        return hint(**{name: _raise(value[name], part, parts) for name, part in hints.items()})
    if origin is tuple:
        return _raise_tuple(value, hint, parts)
    if origin is dict:
        return {str(key): _raise(item, get_args(hint)[1], parts) for key, item in value.items()}
    if origin is Literal:
        if value not in get_args(hint):
            raise ValueError("not a value of this version")
        return value
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if type(value) is not hint:
        raise ValueError("not a value of this version")
    return value


def _raise_tuple(value: Any, hint: GenericAlias, parts: list[bytes]) -> tuple[Any, ...]:
    kinds = get_args(hint)
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(_raise(item, kinds[0], parts) for item in value)
    if len(kinds) != len(value):
        raise ValueError("not a value of this version")
    return tuple(_raise(item, kind, parts) for item, kind in zip(value, kinds, strict=True))


def _decode(value: Any, parts: list[bytes]) -> NDArray[Any]:
    number, coding, dtype, shape = value
    sides = tuple(int(side) for side in shape)
    if dtype not in _DTYPES or min(sides, default=0) < 0:
        raise ValueError("not an array of a record")
    size = int(np.prod(sides, dtype=np.int64)) * np.dtype(dtype).itemsize
    if size > _LARGEST:
        raise ValueError("an array larger than any record's")
    if coding == "png":
        picture = cv2.imdecode(np.frombuffer(parts[number], np.uint8), cv2.IMREAD_COLOR)
        if picture is None or picture.shape != sides:
            raise ValueError("a damaged picture")
        return np.asarray(picture)
    inflate = zlib.decompressobj()
    data = inflate.decompress(parts[number], size + 1)
    if len(data) != size or not inflate.eof:
        raise ValueError("a damaged array")
    return np.frombuffer(data, dtype).reshape(sides).copy()
