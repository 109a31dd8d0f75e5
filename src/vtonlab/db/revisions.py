"""From one revision of the database to the next, and which one it has.

The steps are Alembic's, in ``migrations/versions``; they are run here over a connection of ours, so there is no
``alembic.ini`` and no ``env.py``. A step is written out in full: it never asks the models, which move on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

FOLDER = Path(__file__).parent / "migrations"
VERSION_TABLE = "alembic_version"


def newest() -> str:
    """The revision that this program works with."""
    head = _scripts().get_current_head()
    assert head is not None
    return head


def is_known(revision: str) -> bool:
    """Whether this program knows ``revision``; one it does not know was made by a newer program."""
    return any(script.revision == revision for script in _scripts().walk_revisions())


def read(connection: Connection) -> str | None:
    """The revision of the database; None where nothing was made yet."""
    return MigrationContext.configure(connection).get_current_revision()


def is_foreign(connection: Connection) -> bool:
    """Whether it holds tables, but none of the steps made them."""
    tables = inspect(connection).get_table_names()
    return bool(tables) and VERSION_TABLE not in tables


def upgrade(connection: Connection, to: str = "head") -> None:
    """Take every step up to ``to``, in one transaction where the database can (MariaDB cannot: there, a step that was
    interrupted is taken again)."""
    # Alembic's own commands call this, and it has no other way without an env.py.
    _run(connection, lambda revision, _context: _scripts()._upgrade_revs(to, revision))  # noqa: SLF001


def downgrade(connection: Connection, to: str) -> None:
    """Take the steps back down to ``to`` (``base``: all of them), with what they keep."""
    _run(connection, lambda revision, _context: _scripts()._downgrade_revs(to, revision))  # noqa: SLF001


def _run(connection: Connection, steps: Callable[[Any, MigrationContext], Any]) -> None:
    with _without_foreign_keys(connection), EnvironmentContext(Config(), _scripts(), fn=steps) as environment:
        environment.configure(
            connection=connection,
            render_as_batch=True,
            # SQLite's data definitions can be undone as long as the driver does not commit behind our back.
            transactional_ddl=connection.dialect.name in {"sqlite", "postgresql"},
        )
        with connection.begin():
            environment.run_migrations()
            _check_foreign_keys(connection)


@contextmanager
def _without_foreign_keys(connection: Connection) -> Iterator[None]:
    """SQLite changes a table by copying it and dropping the old one, which would delete what hangs on its rows."""
    if connection.dialect.name != "sqlite":
        yield
        return
    _switch_foreign_keys(connection, "OFF")
    try:
        yield
    finally:
        _switch_foreign_keys(connection, "ON")


def _switch_foreign_keys(connection: Connection, position: str) -> None:
    # By the driver: the switch works outside transactions only, and SQLAlchemy would begin one.
    cursor = connection.connection.cursor()
    cursor.execute(f"PRAGMA foreign_keys = {position}")
    cursor.close()


def _check_foreign_keys(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        broken = connection.execute(text("PRAGMA foreign_key_check")).fetchall()
        assert not broken, f"rows that hang on nothing: {broken[:5]}"


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(FOLDER))
