"""The option that says which data folder a command is about."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vtonlab.cli.language import here

if TYPE_CHECKING:
    from vtonlab.settings import Settings

Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        help=here(
            "The data folder.  [default: VTONLAB_DATA, else the system's]",
            "数据文件夹。  [默认：VTONLAB_DATA，否则为系统位置]",
        ),
    ),
]


def load_settings(data: Path | None) -> Settings:
    """The settings of this process, with ``data`` as the data folder where one is named. Raises ``BadSetting``."""
    from vtonlab import settings

    chosen = settings.load()
    return chosen if data is None else chosen.model_copy(update={"data": data.absolute()})
