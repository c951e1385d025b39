"""Open lists with a view that is the default of a role, or of everybody (UX 8)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_ROLES = ("administrator", "billing", "sales", "support_agent", "auditor")
_OF_ROLE, _OF_ALL = sa.text("is_default"), sa.text("is_default AND default_role IS NULL")


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '5s'")
    role = sa.Enum(*_ROLES, name="default_role", native_enum=False, create_constraint=True, length=32)
    with op.batch_alter_table("saved_view") as table:
        table.add_column(sa.Column("default_role", role, nullable=True))
    with op.batch_alter_table("saved_view") as table:
        table.create_check_constraint("default_is_shared", "NOT is_default OR shared")
        table.create_check_constraint("role_of_default", "default_role IS NULL OR is_default")
    op.create_index(
        "ix_saved_view_default_of_role",
        "saved_view",
        ["slug", "default_role"],
        unique=True,
        postgresql_where=_OF_ROLE,
        sqlite_where=_OF_ROLE,
    )
    op.create_index(
        "ix_saved_view_default_of_all",
        "saved_view",
        ["slug"],
        unique=True,
        postgresql_where=_OF_ALL,
        sqlite_where=_OF_ALL,
    )


def downgrade() -> None:
    op.drop_index("ix_saved_view_default_of_all", "saved_view")
    op.drop_index("ix_saved_view_default_of_role", "saved_view")
    with op.batch_alter_table("saved_view") as table:
        table.drop_constraint("role_of_default", type_="check")
        table.drop_constraint("default_is_shared", type_="check")
        table.drop_constraint("default_role", type_="check")
        table.drop_column("default_role")
