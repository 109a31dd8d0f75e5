"""Write the first step of the database anew from the models: `python scripts/write_migration.py`, until a release.

After a release the steps that people's databases have taken never change; a change of the models is a step of its own.
"""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.sql.schema import ColumnCollectionConstraint
from sqlalchemy.types import TypeEngine

from vtonlab.accounts.caller import BUILT_IN_ROLES
from vtonlab.db.base import Base
from vtonlab.db.types import UtcDateTime

SOURCES = Path(__file__).parent.parent / "src"
STEP = SOURCES / "vtonlab" / "db" / "migrations" / "versions" / "0001_tables.py"

STEP_SOURCE = '''"""Every table of the first release, and the four roles.

Written by scripts/write_migration.py from the models.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    {types},
)

from vtonlab.db.types import UtcDateTime, identifier, json, long_words, words

revision = "0001"
down_revision = None

# "If not exists": MariaDB commits every table by itself, so a step that was interrupted there is taken again.


def upgrade() -> None:
    """Make everything."""
    {calls}
    for of, indexes in INDEXES.items():
        for columns in indexes:
            op.create_index("_".join(["ix", of, *columns.split()]), of, columns.split(), if_not_exists=True)
    for name, of, columns, unique in OTHER_INDEXES:
        op.create_index(name, of, columns.split(), unique=unique, if_not_exists=True)
    roles = table(
        "roles", Column("name", identifier(32)), Column("permissions", json()), Column("is_built_in", Boolean())
    )
    rows = [{{"name": name, "permissions": allowed, "is_built_in": True}} for name, allowed in ROLES.items()]
    op.bulk_insert(roles, rows)


def downgrade() -> None:
    """Drop everything, with what it keeps."""
    for name in TABLES.split():
        op.drop_table(name, if_exists=True)


{tables}


TABLES = (
    {names}
)
"""Those that hang on others first."""

INDEXES = {{{indexes}}}
"""The columns of each, by table."""

OTHER_INDEXES = ({others})

ROLES = {{{roles}}}
'''


def gather_tables() -> MetaData:
    """Every table of the program: of each feature's models.py, and of the journal."""
    modules = [*sorted((SOURCES / "vtonlab").rglob("models.py")), SOURCES / "vtonlab" / "db" / "journal.py"]
    for path in modules:
        import_module(".".join(path.relative_to(SOURCES).with_suffix("").parts))
    return Base.metadata


def write_step(metadata: MetaData) -> str:
    """The step's source, not yet formatted."""
    tables = metadata.sorted_tables
    usual = {table.name: [i for i in _sorted(table.indexes) if _is_usual(i)] for table in tables}
    others = [index for table in tables for index in _sorted(table.indexes) if not _is_usual(index)]
    names = [table.name for table in reversed(tables)]
    made = "\n\n\n".join("\n".join(_write_table(table)) for table in tables)
    used = ["Boolean", "Column", "ForeignKeyConstraint", "PrimaryKeyConstraint", "UniqueConstraint", "table"]
    used += [name for name in ("BigInteger", "Float", "Integer", "SmallInteger") if f"{name}()" in made]
    return STEP_SOURCE.format(
        types=", ".join(sorted(used)),
        calls="\n    ".join(f"_make_{table.name}()" for table in tables),
        tables=made,
        names="\n    ".join(map(repr, textwrap.wrap(" ".join(names) + " ", 100, drop_whitespace=False))),
        indexes="".join(f'"{name}": {[_columns(i) for i in indexes]},' for name, indexes in usual.items() if indexes),
        others="".join(_write_index(index) for index in others),
        roles="".join(f'"{name}": {sorted(map(str, allowed))},' for name, allowed in BUILT_IN_ROLES.items()),
    )


def _write_table(table: Table) -> list[str]:
    lines = [f"def _make_{table.name}() -> None:", f'    op.create_table("{table.name}",']
    lines += [f"        {_write_column(column)}," for column in table.columns]
    for constraint in sorted(table.constraints, key=lambda c: (type(c).__name__, str(c.name))):
        assert isinstance(constraint, ColumnCollectionConstraint)
        names = ", ".join(f'"{column.name}"' for column in constraint.columns)
        match constraint:
            case ForeignKeyConstraint():
                target = ", ".join(f'"{element.target_fullname}"' for element in constraint.elements)
                after = f', ondelete="{constraint.ondelete}"' if constraint.ondelete else ""
                lines.append(f'        ForeignKeyConstraint([{names}], [{target}], name="{constraint.name}"{after}),')
            case PrimaryKeyConstraint() | UniqueConstraint():
                lines.append(f'        {type(constraint).__name__}({names}, name="{constraint.name}"),')
            case _:
                raise NotImplementedError(f"{table.name}: {constraint!r}")
    return [*lines, "        if_not_exists=True,", "    )"]


def _write_column(column: Column[object]) -> str:
    words = [f'"{column.name}"', write_type(column.type)]
    if column.server_default is not None or column.computed is not None:
        raise NotImplementedError(f"{column}: a default of the database's own")
    if not column.nullable:
        words.append("nullable=False")
    if column.primary_key and column.autoincrement is not True and isinstance(column.type, BigInteger):
        words.append("autoincrement=False")
    elif column.autoincrement is True:
        words.append("autoincrement=True")
    return f"Column({', '.join(words)})"


def write_type(kind: TypeEngine[object]) -> str:
    """The call that makes a column type of ours."""
    on_mariadb = kind._variant_mapping.get("mysql")  # noqa: SLF001 - there is no public way to ask
    match kind:
        case UtcDateTime():
            return "UtcDateTime()"
        case JSON():
            return "json()"
        case Text() if on_mariadb is not None:
            return "long_words()"
        case String() if on_mariadb is not None:
            name = "identifier" if on_mariadb.collation == "ascii_bin" else "words"  # type: ignore[attr-defined]
            return f"{name}({kind.length})"
        case BigInteger() if "sqlite" in kind._variant_mapping:  # noqa: SLF001
            return 'BigInteger().with_variant(Integer(), "sqlite")'
        case _ if type(kind).__name__ in {"BigInteger", "Boolean", "Float", "Integer", "SmallInteger"}:
            return f"{type(kind).__name__}()"
    raise NotImplementedError(f"a column type of vtonlab.db.types is needed instead of {kind!r}")


def _write_index(index: Index) -> str:
    assert index.table is not None
    return f'("{index.name}", "{index.table.name}", "{_columns(index)}", {index.unique}),'


def _is_usual(index: Index) -> bool:
    assert index.table is not None
    return not index.unique and index.name == "_".join(["ix", index.table.name, *_columns(index).split()])


def _columns(index: Index) -> str:
    return " ".join(column.name for column in index.columns)


def _sorted(indexes: Iterable[Index]) -> list[Index]:
    return sorted(indexes, key=lambda index: str(index.name))


if __name__ == "__main__":
    STEP.write_text(write_step(gather_tables()), "utf-8")
    for command in (["format", "--quiet"], ["check", "--quiet"]):
        if subprocess.run([sys.executable, "-m", "ruff", *command, STEP], check=False).returncode:
            sys.exit(1)
