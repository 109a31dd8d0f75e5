"""Write the next step of the database: `make migrate MESSAGE="users have a nickname"`.

Compares the models with what the newest step leaves, and writes a step of our form: explicit, up and down, for SQLite,
PostgreSQL and MariaDB alike. Read it before you keep it: a renamed column looks like one that went and one that came.
Until a release the first step is written anew instead (scripts/write_migration.py).
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

from scripts import schema_of
from scripts.schema_of import Column, Schema, Table
from scripts.write_migration import SOURCES, gather_tables

VERSIONS = SOURCES / "vtonlab" / "db" / "migrations" / "versions"
LONGEST_NAME = 48
NEUTRAL = {
    "identifier": '""',
    "words": '""',
    "long_words": '""',
    "Integer": "0",
    "BigInteger": "0",
    "SmallInteger": "0",
    "Float": "0.0",
    "Boolean": "False",
    "json": "{}",
}
"""What a column that comes back, and may not be empty, is filled with: what was in it is gone."""

STEP = '''"""{message}.

Written by scripts/make_migration.py from the models.
"""

from __future__ import annotations

from alembic import op
{imports}

revision = "{revision}"
down_revision = "{before}"


def upgrade() -> None:
    """Take the step."""
    {up}


def downgrade() -> None:
    """Take it back, with what it keeps."""
    {down}
'''
IMPORTS = {
    "sqlalchemy": "BigInteger Boolean Column Float ForeignKeyConstraint Integer PrimaryKeyConstraint SmallInteger "
    "UniqueConstraint table",
    "vtonlab.db.steps": "has_column has_constraint",
    "vtonlab.db.types": "UtcDateTime identifier json long_words words",
}


class CannotWriteError(Exception):
    """A change that somebody has to write by hand."""


def main(words: list[str]) -> int:
    """Write the step that ``words`` tell of; 1 where there is none to write."""
    message = " ".join(" ".join(words).split()).rstrip(".")
    if not message:
        print('say what changes: make migrate MESSAGE="users have a nickname"', file=sys.stderr)
        return 1
    before, old, new = schema_of.newest_step(), schema_of.of_steps(), schema_of.of_models(gather_tables())
    if old == new:
        print("the models are as the newest step leaves them: there is nothing to write", file=sys.stderr)
        return 1
    try:
        source = write_step(message, before, old, new)
    except CannotWriteError as problem:
        print(f"write this step by hand: {problem}", file=sys.stderr)
        return 1
    slug = re.sub(r"[^a-z0-9]+", "_", message.lower()).strip("_")[:LONGEST_NAME].strip("_") or "step"
    path = VERSIONS / f"{_next(before)}_{slug}.py"
    path.write_text(source, "utf-8")
    for command in (["format", "--quiet"], ["check", "--quiet", "--fix"]):
        if subprocess.run([sys.executable, "-m", "ruff", *command, path], check=False).returncode:
            return 1
    print(f"wrote {path.relative_to(SOURCES.parent)}; read it, then `make upgrade`", file=sys.stderr)
    return 0


def write_step(message: str, before: str, old: Schema, new: Schema) -> str:
    """The step's source, not yet formatted. Raises ``CannotWriteError``."""
    up, down = list(changes(old, new, is_up=True)), list(changes(new, old, is_up=False))
    body = "\n".join([*up, *down])
    imports = []
    for module, names in IMPORTS.items():
        used = [name for name in names.split() if re.search(rf"\b{name}\(", body)]
        imports += [f"from {module} import {', '.join(used)}"] if used else []
    return STEP.format(
        message=message[:1].upper() + message[1:],
        imports="\n".join(imports),
        revision=_next(before),
        before=before,
        up="\n    ".join("\n".join(up).splitlines()),
        down="\n    ".join("\n".join(down).splitlines()),
    )


def changes(old: Schema, new: Schema, *, is_up: bool) -> Iterator[str]:
    """The statements that make ``new`` of ``old``: what hangs on something goes before it, and comes after it."""
    both = [name for name in new if name in old]
    for name in both:
        yield from _drop_what_hangs(old[name], new[name])
    for name, table in new.items():
        if name not in old:
            yield from _create(table)
    for name in both:
        yield from _change_columns(old[name], new[name], is_up=is_up)
    for name in both:
        yield from _add_what_hangs(old[name], new[name])
    for name in reversed(old):
        if name not in new:
            yield f'op.drop_table("{name}", if_exists=True)'


def _create(table: Table) -> Iterator[str]:
    yield f'op.create_table("{table.name}",'
    yield from (f"    {_column(column)}," for column in table.columns.values())
    yield f"    {table.key},"
    yield from (f"    {constraint.within(name)}," for name, constraint in table.constraints.items())
    yield "    if_not_exists=True,"
    yield ")"
    yield from (_index(table.name, name, *index) for name, index in table.indexes.items())


def _drop_what_hangs(old: Table, new: Table) -> Iterator[str]:
    if old.key != new.key:
        raise CannotWriteError(f"the primary key of {old.name} changes")
    # Keys before indexes: MariaDB keeps an index that a key needs.
    for name, constraint in old.constraints.items():
        if new.constraints.get(name) != constraint:
            kind = "foreignkey" if constraint.targets else "unique"
            yield f'if has_constraint("{old.name}", "{name}"):'
            yield from _batch(old.name, f'drop_constraint("{name}", type_="{kind}")', indent=4)
    for name, index in old.indexes.items():
        if new.indexes.get(name) != index:
            yield f'op.drop_index("{name}", "{old.name}", if_exists=True)'


def _add_what_hangs(old: Table, new: Table) -> Iterator[str]:
    for name, index in new.indexes.items():
        if old.indexes.get(name) != index:
            yield _index(new.name, name, *index)
    for name, constraint in new.constraints.items():
        if old.constraints.get(name) != constraint:
            yield f'if not has_constraint("{new.name}", "{name}"):'
            yield from _batch(new.name, constraint.adding(name), indent=4)


def _change_columns(old: Table, new: Table, *, is_up: bool) -> Iterator[str]:
    for name, column in new.columns.items():
        before = old.columns.get(name)
        if before is None:
            yield f'if not has_column("{new.name}", "{name}"):'
            yield from _batch(new.name, f"add_column({_column(column.but(nullable=True))})", indent=4)
            before = column.but(nullable=True)
        if before == column:
            continue
        if before.nullable and not column.nullable:
            yield _fill(new.name, column, is_up=is_up)
        told = [f'"{name}"', f"existing_type={before.type}"]
        told += [f"type_={column.type}"] if before.type != column.type else []
        told += [f"existing_nullable={before.nullable}"] if before.nullable == column.nullable else []
        told += [f"nullable={column.nullable}"] if before.nullable != column.nullable else []
        yield from _batch(new.name, f"alter_column({', '.join(told)})")
    for name in old.columns:
        if name not in new.columns:
            yield f'if has_column("{old.name}", "{name}"):'
            yield from _batch(old.name, f'drop_column("{name}")', indent=4)


def _fill(table: str, column: Column, *, is_up: bool) -> str:
    value = column.default if is_up else column.default or NEUTRAL.get(column.type.partition("(")[0])
    if value is None:
        raise CannotWriteError(f"{table}.{column.name} may not be empty and has no default that rows could be given")
    made = f'table("{table}", Column("{column.name}", {column.type}))'
    return (
        f"rows = {made}\nop.execute(rows.update().where(rows.c.{column.name}.is_(None)).values({column.name}={value}))"
    )


def _batch(table: str, call: str, *, indent: int = 0) -> Iterator[str]:
    yield " " * indent + f'with op.batch_alter_table("{table}") as batch:'
    yield " " * indent + f"    batch.{call}"


def _column(column: Column) -> str:
    words = [f'"{column.name}"', column.type]
    words += [] if column.nullable else ["nullable=False"]
    words += [f"autoincrement={column.autoincrement}"] if column.autoincrement is not None else []
    return f"Column({', '.join(words)})"


def _index(table: str, name: str, columns: str, is_unique: bool) -> str:
    listed = ", ".join(f'"{column}"' for column in columns.split())
    unique = "unique=True, " if is_unique else ""
    return f'op.create_index("{name}", "{table}", [{listed}], {unique}if_not_exists=True)'


def _next(revision: str) -> str:
    return f"{int(revision) + 1:04}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
