"""Results written to files, signed with the key of this installation."""

from __future__ import annotations

import functools
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from vtonlab.cli.language import here, say
from vtonlab.errors import FileProblem

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


def open_signer_or_warn() -> Signer | None:
    """The same; None where its folder cannot be used, which is said on stderr: the picture is made all the same."""
    try:
        return open_own_signer()
    except FileProblem as error:
        said = here(
            f"The picture is not signed. {say(error.sentence.with_values(**error.values))}",
            f"图片未签名。{say(error.sentence.with_values(**error.values))}",
        )
        print(f"{here('warning', '注意')}: {said}", file=sys.stderr)
        return None


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
