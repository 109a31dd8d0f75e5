"""Results written to files, signed with the key of this installation."""

from __future__ import annotations

import functools
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vtonlab.engines.contract import TryOnResult
    from vtonlab.imaging.signing import Signer


@functools.cache
def open_own_signer() -> Signer:
    """The signer whose keys are in this installation's data folder, made at the first call of all. Raises
    ``BadSetting`` and ``FileProblem``."""
    from vtonlab import settings
    from vtonlab.imaging.signing import open_signer

    return open_signer(settings.load().signing_folder)


def save_result(result: TryOnResult, path: Path, signer: Signer | None) -> None:
    """Write the picture of ``result`` to ``path``; signed where there is a signer. Raises ``FileProblem``."""
    if signer is None:
        result.save(path)
        return
    from vtonlab.imaging.write import encode_picture, write_bytes

    plain = encode_picture(result.image, path.suffix, source_type=result.source_type, name=path.name)
    write_bytes(
        path, signer.sign(plain, source_type=result.source_type, engine=result.engine, made_at=datetime.now(UTC))
    )
