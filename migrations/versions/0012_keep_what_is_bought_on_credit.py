"""Keep with each unbilled charge the order that it is of, and whether it was taken off before it was billed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_ORDER = "fk_unbilled_charge_order_id"
_CHECK = "ck_unbilled_charge_billed_is_not_taken_off"


def upgrade() -> None:
    with op.batch_alter_table("unbilled_charge") as batch:
        batch.add_column(sa.Column("order_id", _ID, nullable=True))
        batch.add_column(sa.Column("taken_off_at", sa.DateTime(timezone=True), nullable=True))
        batch.create_foreign_key(op.f(_ORDER), "customer_order", ["account_id", "order_id"], ["account_id", "id"])
        batch.create_check_constraint(op.f(_CHECK), "taken_off_at IS NULL OR invoice_id IS NULL")
    op.create_index("ix_unbilled_charge_order_id", "unbilled_charge", ["order_id"])


def downgrade() -> None:
    op.drop_index("ix_unbilled_charge_order_id", "unbilled_charge")
    with op.batch_alter_table("unbilled_charge") as batch:
        batch.drop_constraint(op.f(_CHECK), type_="check")
        batch.drop_constraint(op.f(_ORDER), type_="foreignkey")
        batch.drop_column("taken_off_at")
        batch.drop_column("order_id")
