"""Let staff list the financing options in their order: the index that a sorted list needs."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_financing_option_position_id", "financing_option", ["position", "id"])


def downgrade() -> None:
    op.drop_index("ix_financing_option_position_id", "financing_option")
