"""Let devices activate licenses: count those besides the one a license is locked to, and what they try in vain."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "license_attempt",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=True),
        sa.Column("ip", sa.String(length=45), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_license_attempt")),
    )
    op.create_index("ix_license_attempt_code_hash_at", "license_attempt", ["code_hash", "at"])
    op.create_index("ix_license_attempt_ip_at", "license_attempt", ["ip", "at"])
    op.create_index("ix_license_attempt_at", "license_attempt", ["at"])
    op.add_column("license", sa.Column("further_devices", sa.Integer(), nullable=False, server_default="0"))
    _count_devices()
    with op.batch_alter_table("license") as batch:
        batch.alter_column("further_devices", server_default=None)
        batch.create_check_constraint(op.f("ck_license_further_devices_not_negative"), "further_devices >= 0")


def downgrade() -> None:
    with op.batch_alter_table("license") as batch:
        batch.drop_constraint(op.f("ck_license_further_devices_not_negative"), type_="check")
        batch.drop_column("further_devices")
    op.drop_table("license_attempt")


def _count_devices() -> None:
    """Those that are active now, without the one whose MAC address is saved."""
    license = sa.table("license", sa.column("id"), sa.column("mac_address"), sa.column("further_devices"))
    active = sa.table(
        "license_activation", sa.column("license_id"), sa.column("mac_address"), sa.column("deactivated_at")
    )
    besides = (
        sa.select(sa.func.count())
        .select_from(active)
        .where(
            active.c.license_id == license.c.id,
            active.c.deactivated_at.is_(None),
            active.c.mac_address != license.c.mac_address,
        )
        .scalar_subquery()
    )
    op.execute(license.update().where(license.c.mac_address.is_not(None)).values(further_devices=besides))
