"""What tables there are: as the steps of the database leave them, and as the models want them, in words of a step."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import sqlalchemy as sa
from scripts.write_migration import write_type
from sqlalchemy import Connection, MetaData, create_engine, event, inspect

from vtonlab.db import revisions


@dataclass(frozen=True)
class Column:
    """``type`` as a step writes it; ``default``: what the model gives rows that say nothing, as Python writes it."""

    name: str
    type: str
    nullable: bool
    autoincrement: bool | None = None
    default: str | None = None

    def but(self, *, nullable: bool) -> Self:
        """The same otherwise."""
        return replace(self, nullable=nullable)

    def __eq__(self, other: object) -> bool:
        """A default is the program's: the database knows nothing of it."""
        mine = (self.name, self.type, self.nullable)
        return isinstance(other, Column) and mine == (other.name, other.type, other.nullable)

    def __hash__(self) -> int:
        return hash((self.name, self.type, self.nullable))


@dataclass(frozen=True)
class Constraint:
    """No two rows have the same in ``columns``; or, with ``targets`` (``table.column``), a key to another table."""

    columns: tuple[str, ...]
    targets: tuple[str, ...] = ()
    ondelete: str = ""

    def within(self, name: str) -> str:
        """As it stands in the making of its table."""
        if not self.targets:
            return f'UniqueConstraint({quoted(self.columns)}, name="{name}")'
        lists = f"[{quoted(self.columns)}], [{quoted(self.targets)}]"
        return f'ForeignKeyConstraint({lists}, name="{name}"{self._after})'

    def adding(self, name: str) -> str:
        """The call of a batch that adds it.

        >>> Constraint(("a", "b")).adding("uq_t_a")
        'create_unique_constraint("uq_t_a", ["a", "b"])'
        """
        if not self.targets:
            return f'create_unique_constraint("{name}", [{quoted(self.columns)}])'
        table = self.targets[0].partition(".")[0]
        there = quoted(target.partition(".")[2] for target in self.targets)
        return f'create_foreign_key("{name}", "{table}", [{quoted(self.columns)}], [{there}]{self._after})'

    @property
    def _after(self) -> str:
        return f', ondelete="{self.ondelete}"' if self.ondelete else ""


@dataclass(frozen=True)
class Table:
    """Constraints and indexes by name; ``key`` is the primary one, as a step writes it."""

    name: str
    columns: dict[str, Column]
    key: str
    constraints: dict[str, Constraint]
    indexes: dict[str, tuple[str, bool]]
    """The columns with blanks between them, and whether it is unique."""


Schema = dict[str, Table]
"""Tables by name; those that hang on others after them."""


def newest_step() -> str:
    """The number of the last step there is."""
    return revisions.newest()


def of_models(metadata: MetaData) -> Schema:
    """What the models want."""
    with _empty_database() as connection:
        metadata.create_all(connection)
        tables = metadata.sorted_tables
        return _read(connection, {table.name: {one.name: _of_model(one) for one in table.columns} for table in tables})


def of_steps() -> Schema:
    """What the newest step leaves."""
    types: dict[tuple[str, str], str] = {}

    def note(column: sa.Column[object], table: sa.Table) -> None:
        with suppress(NotImplementedError):  # read back from the database: what it was made of was noted before
            types[table.name, column.name] = write_type(column.type)

    with _empty_database() as connection:
        # A step makes its columns of our types; the database itself would only know what they came to.
        event.listen(sa.Column, "after_parent_attach", note)
        try:
            revisions.upgrade(connection)
        finally:
            event.remove(sa.Column, "after_parent_attach", note)
        look = inspect(connection)
        columns = {
            name: {one["name"]: Column(one["name"], types[name, one["name"]], one["nullable"]) for one in found}
            for name, found in ((name, look.get_columns(name)) for name in look.get_table_names())
            if name != revisions.VERSION_TABLE
        }
        return _read(connection, columns)


def _of_model(column: sa.Column[object]) -> Column:
    autoincrement = None
    if column.primary_key and isinstance(column.type, sa.BigInteger | sa.Integer):
        autoincrement = column.autoincrement is True
    return Column(
        column.name,
        write_type(column.type),
        bool(column.nullable),
        autoincrement,
        _default_of(column),
    )


def _default_of(column: sa.Column[object]) -> str | None:
    """As Python writes it; None where there is none that is the same for every row."""
    default = column.default
    if not isinstance(default, sa.ColumnDefault) or not default.is_scalar:
        return None
    return json.dumps(str(default.arg)) if isinstance(default.arg, str) else repr(default.arg)


def _read(connection: Connection, columns: dict[str, dict[str, Column]]) -> Schema:
    look, found = inspect(connection), {}
    for name in [name for name, _ in look.get_sorted_table_and_fkc_names() if name in columns]:
        assert name is not None
        constraints = {
            str(key["name"]): Constraint(
                tuple(key["constrained_columns"]),
                tuple(f"{key['referred_table']}.{column}" for column in key["referred_columns"]),
                str(key["options"].get("ondelete", "")),
            )
            for key in look.get_foreign_keys(name)
        }
        for unique in look.get_unique_constraints(name):
            constraints[str(unique["name"])] = Constraint(tuple(unique["column_names"]))
        indexes = {
            str(index["name"]): (" ".join(map(str, index["column_names"])), bool(index["unique"]))
            for index in look.get_indexes(name)
        }
        primary = look.get_pk_constraint(name)
        key_text = f'PrimaryKeyConstraint({quoted(primary["constrained_columns"])}, name="{primary["name"]}")'
        found[name] = Table(name, columns[name], key_text, constraints, indexes)
    return found


@contextmanager
def _empty_database() -> Iterator[Connection]:
    with tempfile.TemporaryDirectory() as folder:
        engine = create_engine(f"sqlite:///{Path(folder) / 'empty.db'}")
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()


def quoted(names: Iterable[str]) -> str:
    """As they stand in a list.

    >>> quoted(["a", "b"])
    '"a", "b"'
    """
    return ", ".join(f'"{name}"' for name in names)
