"""Add the challenges that passkeys sign, and the previews of the portal as a member."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)
PURPOSES = ("register", "sign_in", "prove")


def upgrade() -> None:
    op.create_table(
        "passkey_challenge",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("challenge", sa.String(128), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum(*PURPOSES, name="passkeypurpose", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("person_id", KEY, nullable=True),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_passkey_challenge_person_id"),
        sa.UniqueConstraint("challenge", name="uq_passkey_challenge_challenge"),
    )
    op.create_index("ix_passkey_challenge_person_id", "passkey_challenge", ["person_id"])
    op.create_index("ix_passkey_challenge_expires_at", "passkey_challenge", ["expires_at"])
    op.create_table(
        "member_preview",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("public_id", sa.String(16), nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("member_id", KEY, nullable=False),
        sa.Column("sign_in_session_id", KEY, nullable=False),
        sa.Column("roles", JSON, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.UniqueConstraint("public_id", name="uq_member_preview_public_id"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_member_preview_account_id"),
        sa.ForeignKeyConstraint(
            ["account_id", "member_id"],
            ["member.account_id", "member.id"],
            name="fk_member_preview_member_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["sign_in_session_id"], ["sign_in_session.id"], name="fk_member_preview_sign_in_session_id"
        ),
        sa.CheckConstraint("expires_at > created_at", name="ends_after_start"),
    )
    op.create_index("ix_member_preview_sign_in_session_id", "member_preview", ["sign_in_session_id"])
    op.create_index("ix_member_preview_account_id_member_id", "member_preview", ["account_id", "member_id"])
    op.create_index(
        "uq_member_preview_live",
        "member_preview",
        ["sign_in_session_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("member_preview")
    op.drop_table("passkey_challenge")
