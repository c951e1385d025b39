"""Find stored cards by their last four digits, as people name them on the phone (UX 3)."""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_index("ix_payment_method_last_four_id", "payment_method", ["last_four", "id"])


def downgrade() -> None:
    op.drop_index("ix_payment_method_last_four_id", "payment_method")
