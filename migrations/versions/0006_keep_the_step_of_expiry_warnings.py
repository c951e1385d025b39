"""Keep which warning of a stored method's expiry was given, instead of a moment that nothing wrote."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE payment_method ADD COLUMN expiry_warned_days INTEGER")
    op.execute("ALTER TABLE payment_method DROP COLUMN expiry_warned_at")


def downgrade() -> None:
    moment = "DATETIME" if op.get_bind().dialect.name == "sqlite" else "TIMESTAMP WITH TIME ZONE"
    op.execute(f"ALTER TABLE payment_method ADD COLUMN expiry_warned_at {moment}")
    op.execute("ALTER TABLE payment_method DROP COLUMN expiry_warned_days")
