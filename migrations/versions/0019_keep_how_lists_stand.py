"""Keep how people want their lists to stand (UX 8, 10): close rows, and the views that staff share."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '5s'")
    with op.batch_alter_table("saved_view") as table:
        table.add_column(sa.Column("dense", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("saved_view") as table:
        table.alter_column("dense", server_default=None)
    shared = sa.text("shared")
    op.create_index("ix_saved_view_slug_shared", "saved_view", ["slug"], postgresql_where=shared, sqlite_where=shared)


def downgrade() -> None:
    op.drop_index("ix_saved_view_slug_shared", "saved_view")
    with op.batch_alter_table("saved_view") as table:
        table.drop_column("dense")
