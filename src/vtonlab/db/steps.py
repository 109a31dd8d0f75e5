"""What a step of the database asks before it changes something: MariaDB commits every change by itself, so there a step
that was interrupted is taken again, and finds done what was done."""

from __future__ import annotations

from alembic import op
from sqlalchemy import inspect


def has_column(table: str, column: str) -> bool:
    """Whether ``table`` has it now."""
    return column in {found["name"] for found in inspect(op.get_bind()).get_columns(table)}


def has_constraint(table: str, name: str) -> bool:
    """Whether ``table`` has a key to another table, or a unique constraint, of that name."""
    look = inspect(op.get_bind())
    keys = [found["name"] for found in look.get_foreign_keys(table)]
    return name in {*keys, *(found["name"] for found in look.get_unique_constraints(table))}
