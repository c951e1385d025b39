"""Keep how many seats of an edition the app wizard has set up on a license: none at first."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_WITHIN = {
    "license_item": ("in_app", "in_app >= 0 AND in_app <= quantity"),
    "item_transfer_line": ("in_app_before", "in_app_before >= 0 AND in_app_before <= quantity_before"),
}


def upgrade() -> None:
    for table, (column, rule) in _WITHIN.items():
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column(column, sa.Integer(), nullable=False, server_default="0"))
            batch.create_check_constraint(op.f(f"ck_{table}_in_app_within_quantity"), rule)
        with op.batch_alter_table(table) as batch:
            batch.alter_column(column, server_default=None)
    op.create_index("ix_edition_position_id", "edition", ["position", "id"])


def downgrade() -> None:
    op.drop_index("ix_edition_position_id", "edition")
    for table, (column, _rule) in _WITHIN.items():
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(op.f(f"ck_{table}_in_app_within_quantity"), type_="check")
            batch.drop_column(column)
