"""``vtonlab db``: the database, from the command line."""

from __future__ import annotations

from vtonlab.cli.commands import make_group
from vtonlab.cli.language import here

app = make_group("db")


@app.command(help=here("Say which revision the database has.", "显示数据库的版本。"))
def current() -> None:
    """Say which revision the database has."""
