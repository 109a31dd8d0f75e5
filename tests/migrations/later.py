"""A step that a later release may bring, for tests: it changes a table that others hang on."""

from __future__ import annotations

import shutil
from pathlib import Path

from vtonlab.db import revisions

STEP = """
import sqlalchemy as sa
from alembic import op
from vtonlab import crash_points

revision = "0002"
down_revision = "0001"


def upgrade():
    with op.batch_alter_table("users") as table:
        table.add_column(sa.Column("shoe_size", sa.Integer()))
        table.alter_column("language", new_column_name="speaks", existing_type=sa.String(8))
    crash_points.reach("upgrade.in_a_step")


def downgrade():
    with op.batch_alter_table("users") as table:
        table.drop_column("shoe_size")
        table.alter_column("speaks", new_column_name="language", existing_type=sa.String(8))
"""


def write_steps(folder: Path) -> Path:
    """All steps of this program and one more, in ``folder``."""
    shutil.copytree(revisions.FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "0002_later.py").write_text(STEP)
    return folder
