"""Create all tables.

Written from the models by Alembic, one function a table, in the order in which they point at each other. It stays as it
is: later changes are migrations of their own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from models import triggers

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def _choice(name: str, *values: str) -> sa.Enum:
    """One of these texts, checked by the database."""
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    for statement in triggers.before_statements(dialect):
        op.execute(statement)
    for create_table in TABLES.values():
        create_table()
    for statement in triggers.create_statements(dialect, APPEND_ONLY):
        op.execute(statement)


def downgrade() -> None:
    for statement in triggers.drop_statements(op.get_bind().dialect.name, APPEND_ONLY):
        op.execute(statement)
    for table in reversed(TABLES):
        op.drop_table(table)  # its indexes go with it


def _account() -> None:
    op.create_table(
        "account",
        sa.Column("id", KEY, nullable=False),
        sa.Column("client_id", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column(
            "status",
            _choice("accountstatus", "active", "suspended", "suspended_for_deletion", "deleted"),
            nullable=False,
        ),
        sa.Column("suspended_at", MOMENT),
        sa.Column("suspension_cause", _choice("suspensioncause", "staff", "debt")),
        sa.Column("deletion_due_on", sa.Date()),
        sa.Column("deleted_at", MOMENT),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("region", sa.String(length=64)),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("pricing_model", _choice("pricingmodel", "app", "license"), nullable=False),
        sa.Column("payment_mode", _choice("paymentmode", "prepaid", "postpaid"), nullable=False),
        sa.Column(
            "preferred_payment_method",
            _choice(
                "preferredpaymentmethod",
                "account_balance",
                "bank_transfer",
                "credit_card",
                "electronic_check",
                "mailed_check",
                "paypal",
            ),
        ),
        sa.Column("contact_name", sa.String(length=255)),
        sa.Column("contact_email", sa.String(length=254)),
        sa.Column("contact_phone", sa.String(length=32)),
        sa.Column("website", sa.String(length=255)),
        sa.Column("registration_number", sa.String(length=40)),
        sa.Column("billing_name", sa.String(length=255), nullable=False),
        sa.Column("billing_email", sa.String(length=254)),
        sa.Column("billing_line1", sa.String(length=255)),
        sa.Column("billing_line2", sa.String(length=255)),
        sa.Column("billing_city", sa.String(length=120)),
        sa.Column("billing_region", sa.String(length=64)),
        sa.Column("billing_postal_code", sa.String(length=20)),
        sa.Column("billing_country", sa.String(length=2)),
        sa.Column("vat_id", sa.String(length=20)),
        sa.Column("tax_exempt", sa.Boolean(), nullable=False),
        sa.Column("tax_exempt_reason", sa.String(length=255)),
        sa.Column("parent_account_id", KEY),
        sa.Column("customer_ref", sa.String(length=64)),
        sa.Column("billing_ref", sa.String(length=64)),
        sa.Column("type_ref", sa.String(length=64)),
        sa.Column("transfers_allowed", sa.Boolean(), nullable=False),
        sa.Column("branding_enabled", sa.Boolean(), nullable=False),
        sa.Column("support_contract_until", sa.Date()),
        sa.Column("login_consent_required", sa.Boolean(), nullable=False),
        sa.Column("imported_from", sa.String(length=32)),
        sa.Column("external_ref", sa.String(length=64)),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "status <> 'suspended_for_deletion' OR deletion_due_on IS NOT NULL",
            name=op.f("ck_account_deletion_has_due_date"),
        ),
        sa.CheckConstraint(
            "external_ref IS NULL OR imported_from IS NOT NULL", name=op.f("ck_account_external_ref_has_source")
        ),
        sa.CheckConstraint("length(country) = 2", name=op.f("ck_account_country_length")),
        sa.CheckConstraint("length(currency) = 3", name=op.f("ck_account_currency_length")),
        sa.CheckConstraint("length(name) BETWEEN 2 AND 255", name=op.f("ck_account_name_length")),
        sa.CheckConstraint("parent_account_id <> id", name=op.f("ck_account_not_its_own_parent")),
        sa.ForeignKeyConstraint(["parent_account_id"], ["account.id"], name=op.f("fk_account_parent_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("client_id", name=op.f("uq_account_client_id")),
        sa.UniqueConstraint("imported_from", "external_ref", name=op.f("uq_account_imported_from_external_ref")),
    )
    op.create_index(
        "ix_account_billing_email_search",
        "account",
        ["billing_email"],
        postgresql_using="gin",
        postgresql_ops={"billing_email": "gin_trgm_ops"},
    )
    op.create_index("ix_account_client_id_id", "account", ["client_id", "id"])
    op.create_index(
        "ix_account_client_id_search",
        "account",
        ["client_id"],
        postgresql_using="gin",
        postgresql_ops={"client_id": "gin_trgm_ops"},
    )
    op.create_index(
        "ix_account_contact_email_search",
        "account",
        ["contact_email"],
        postgresql_using="gin",
        postgresql_ops={"contact_email": "gin_trgm_ops"},
    )
    op.create_index("ix_account_country_id", "account", ["country", "id"])
    op.create_index("ix_account_created_at_id", "account", ["created_at", "id"])
    op.create_index(
        "ix_account_customer_ref_search",
        "account",
        ["customer_ref"],
        postgresql_using="gin",
        postgresql_ops={"customer_ref": "gin_trgm_ops"},
    )
    op.create_index(
        "ix_account_external_ref_search",
        "account",
        ["external_ref"],
        postgresql_using="gin",
        postgresql_ops={"external_ref": "gin_trgm_ops"},
    )
    op.create_index("ix_account_name_id", "account", ["name", "id"])
    op.create_index(
        "ix_account_name_search", "account", ["name"], postgresql_using="gin", postgresql_ops={"name": "gin_trgm_ops"}
    )
    op.create_index(op.f("ix_account_parent_account_id"), "account", ["parent_account_id"])
    op.create_index("ix_account_status_id", "account", ["status", "id"])


def _audit_chain() -> None:
    op.create_table(
        "audit_chain",
        sa.Column("id", KEY, nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("last_sequence", sa.BigInteger(), nullable=False),
        sa.Column("last_hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_chain")),
        sa.UniqueConstraint("key", name=op.f("uq_audit_chain_key")),
    )


def _business_hours() -> None:
    op.create_table(
        "business_hours",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("week", JSON, nullable=False),
        sa.Column("holidays", JSON, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_business_hours")),
        sa.UniqueConstraint("name", name=op.f("uq_business_hours_name")),
        sa.UniqueConstraint("public_id", name=op.f("uq_business_hours_public_id")),
    )
    op.create_index("ix_business_hours_name_id", "business_hours", ["name", "id"])


def _clock_slot() -> None:
    op.create_table(
        "clock_slot",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("slot", MOMENT, nullable=False),
        sa.Column("taken_at", MOMENT, nullable=False),
        sa.Column("taken_by", sa.String(length=80)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock_slot")),
        sa.UniqueConstraint("name", "slot", name=op.f("uq_clock_slot_name_slot")),
    )


def _department() -> None:
    op.create_table(
        "department",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("email", sa.String(length=254)),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_department_email_lower_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_department")),
        sa.UniqueConstraint("email", name=op.f("uq_department_email")),
        sa.UniqueConstraint("name", name=op.f("uq_department_name")),
        sa.UniqueConstraint("public_id", name=op.f("uq_department_public_id")),
    )
    op.create_index("ix_department_name_id", "department", ["name", "id"])
    op.create_index(
        "ix_department_name_search",
        "department",
        ["name"],
        postgresql_using="gin",
        postgresql_ops={"name": "gin_trgm_ops"},
    )


def _financing_option() -> None:
    op.create_table(
        "financing_option",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("description", sa.String(length=2000), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_offered", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_financing_option")),
        sa.UniqueConstraint("code", name=op.f("uq_financing_option_code")),
        sa.UniqueConstraint("public_id", name=op.f("uq_financing_option_public_id")),
    )


def _interest() -> None:
    op.create_table(
        "interest",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interest")),
        sa.UniqueConstraint("name", name=op.f("uq_interest_name")),
        sa.UniqueConstraint("public_id", name=op.f("uq_interest_public_id")),
    )
    op.create_index("ix_interest_name_id", "interest", ["name", "id"])
    op.create_index(
        "ix_interest_name_search", "interest", ["name"], postgresql_using="gin", postgresql_ops={"name": "gin_trgm_ops"}
    )
    op.create_index("ix_interest_position_id", "interest", ["position", "id"])


def _number_series() -> None:
    op.create_table(
        "number_series",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column(
            "kind",
            _choice(
                "numberedkind",
                "account",
                "order",
                "invoice",
                "credit_note",
                "payment",
                "refund",
                "subscription",
                "ticket",
            ),
            nullable=False,
        ),
        sa.Column("year", sa.Integer()),
        sa.Column("prefix", sa.String(length=20), nullable=False),
        sa.Column("digits", sa.Integer(), nullable=False),
        sa.Column("next_number", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("digits BETWEEN 1 AND 12", name=op.f("ck_number_series_digits_in_range")),
        sa.CheckConstraint("next_number > 0", name=op.f("ck_number_series_next_number_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_series")),
        sa.UniqueConstraint("public_id", name=op.f("uq_number_series_public_id")),
    )
    op.create_index(
        "uq_number_series_of_year",
        "number_series",
        ["kind", "year"],
        unique=True,
        sqlite_where=sa.text("year IS NOT NULL"),
        postgresql_where=sa.text("year IS NOT NULL"),
    )
    op.create_index(
        "uq_number_series_running",
        "number_series",
        ["kind"],
        unique=True,
        sqlite_where=sa.text("year IS NULL"),
        postgresql_where=sa.text("year IS NULL"),
    )


def _policy() -> None:
    op.create_table(
        "policy",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("mandatory", sa.Boolean(), nullable=False),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy")),
        sa.UniqueConstraint("key", name=op.f("uq_policy_key")),
        sa.UniqueConstraint("public_id", name=op.f("uq_policy_public_id")),
    )
    op.create_index("ix_policy_name_id", "policy", ["name", "id"])


def _product_class() -> None:
    op.create_table(
        "product_class",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_class")),
        sa.UniqueConstraint("code", name=op.f("uq_product_class_code")),
        sa.UniqueConstraint("public_id", name=op.f("uq_product_class_public_id")),
    )


def _project() -> None:
    op.create_table(
        "project",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("description", sa.String(length=500), nullable=False),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project")),
        sa.UniqueConstraint("name", name=op.f("uq_project_name")),
        sa.UniqueConstraint("public_id", name=op.f("uq_project_public_id")),
    )
    op.create_index("ix_project_name_id", "project", ["name", "id"])
    op.create_index(
        "ix_project_name_search", "project", ["name"], postgresql_using="gin", postgresql_ops={"name": "gin_trgm_ops"}
    )


def _resource_article() -> None:
    op.create_table(
        "resource_article",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column(
            "kind", _choice("articlekind", "article", "story", "webinar", "video", "guide", "tutorial"), nullable=False
        ),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("summary", sa.String(length=500), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("url", sa.String(length=500)),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("is_published", sa.Boolean(), nullable=False),
        sa.Column("published_on", sa.Date()),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("body <> '' OR url IS NOT NULL", name=op.f("ck_resource_article_body_or_url")),
        sa.CheckConstraint(
            "NOT is_published OR published_on IS NOT NULL", name=op.f("ck_resource_article_published_has_its_day")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resource_article")),
        sa.UniqueConstraint("public_id", name=op.f("uq_resource_article_public_id")),
    )
    op.create_index("ix_resource_article_created_at_id", "resource_article", ["created_at", "id"])
    op.create_index("ix_resource_article_published_on_id", "resource_article", ["published_on", "id"])
    op.create_index("ix_resource_article_title_id", "resource_article", ["title", "id"])
    op.create_index(
        "ix_resource_article_title_search",
        "resource_article",
        ["title"],
        postgresql_using="gin",
        postgresql_ops={"title": "gin_trgm_ops"},
    )


def _sign_in_attempt() -> None:
    op.create_table(
        "sign_in_attempt",
        sa.Column("id", KEY, nullable=False),
        sa.Column(
            "door",
            _choice(
                "signindoor",
                "password",
                "code",
                "recovery_code",
                "passkey",
                "reset_request",
                "reset",
                "invitation",
                "phone_code",
                "social",
                "api",
            ),
            nullable=False,
        ),
        sa.Column("name_hash", sa.String(length=64), nullable=False),
        sa.Column("ip", sa.String(length=45)),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_attempt")),
    )
    op.create_index("ix_sign_in_attempt_at", "sign_in_attempt", ["at"])
    op.create_index("ix_sign_in_attempt_ip_at", "sign_in_attempt", ["ip", "at"])
    op.create_index("ix_sign_in_attempt_name_hash_at", "sign_in_attempt", ["name_hash", "at"])


def _account_ancestor() -> None:
    op.create_table(
        "account_ancestor",
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("ancestor_id", KEY, nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(depth = 0) = (account_id = ancestor_id)", name=op.f("ck_account_ancestor_itself_at_depth_zero")
        ),
        sa.CheckConstraint("depth >= 0", name=op.f("ck_account_ancestor_depth_not_negative")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_account_ancestor_account_id")),
        sa.ForeignKeyConstraint(["ancestor_id"], ["account.id"], name=op.f("fk_account_ancestor_ancestor_id")),
        sa.PrimaryKeyConstraint("account_id", "ancestor_id", name=op.f("pk_account_ancestor")),
    )
    op.create_index("ix_account_ancestor_ancestor_id_account_id", "account_ancestor", ["ancestor_id", "account_id"])


def _credit_reservation() -> None:
    op.create_table(
        "credit_reservation",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("status", _choice("reservationstatus", "held", "spent", "returned"), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.String(length=255), nullable=False),
        sa.Column("document_kind", sa.String(length=32)),
        sa.Column("document_key", sa.String(length=64)),
        sa.Column("idempotency_key", sa.String(length=120), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "(status = 'held') = (ended_at IS NULL)", name=op.f("ck_credit_reservation_ended_has_its_moment")
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_credit_reservation_amount_positive")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_credit_reservation_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_reservation")),
        sa.UniqueConstraint(
            "account_id", "idempotency_key", name=op.f("uq_credit_reservation_account_id_idempotency_key")
        ),
        sa.UniqueConstraint("public_id", name=op.f("uq_credit_reservation_public_id")),
    )
    op.create_index("ix_credit_reservation_account_id_status", "credit_reservation", ["account_id", "status"])
    op.create_index("ix_credit_reservation_status_expires_at", "credit_reservation", ["status", "expires_at"])


def _file() -> None:
    op.create_table(
        "file",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", KEY),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("content_type", sa.String(length=127), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("safe_image", sa.Boolean(), nullable=False),
        sa.Column("uploaded_by", sa.String(length=16)),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_file_sha256_length")),
        sa.CheckConstraint("size >= 0", name=op.f("ck_file_size_not_negative")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_file_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file")),
        sa.UniqueConstraint("key", name=op.f("uq_file_key")),
        sa.UniqueConstraint("public_id", name=op.f("uq_file_public_id")),
    )
    op.create_index(op.f("ix_file_account_id"), "file", ["account_id"])
    op.create_index(op.f("ix_file_sha256"), "file", ["sha256"])


def _ledger_account() -> None:
    op.create_table(
        "ledger_account",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY),
        sa.Column(
            "kind",
            _choice(
                "ledgeraccountkind",
                "funds",
                "receivable",
                "bank",
                "revenue",
                "tax",
                "refunds",
                "fees",
                "write_off",
                "opening",
            ),
            nullable=False,
        ),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.Column("minimum", sa.BigInteger()),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "(account_id IS NOT NULL) = (kind IN ('funds', 'receivable'))",
            name=op.f("ck_ledger_account_kind_has_its_owner"),
        ),
        sa.CheckConstraint("balance >= minimum", name=op.f("ck_ledger_account_balance_not_below_minimum")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_ledger_account_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_account")),
        sa.UniqueConstraint("id", "currency", name=op.f("uq_ledger_account_id_currency")),
    )
    op.create_index(
        "uq_ledger_account_of_customer",
        "ledger_account",
        ["account_id", "kind", "currency"],
        unique=True,
        sqlite_where=sa.text("account_id IS NOT NULL"),
        postgresql_where=sa.text("account_id IS NOT NULL"),
    )
    op.create_index(
        "uq_ledger_account_of_house",
        "ledger_account",
        ["kind", "currency"],
        unique=True,
        sqlite_where=sa.text("account_id IS NULL"),
        postgresql_where=sa.text("account_id IS NULL"),
    )


def _ledger_entry() -> None:
    op.create_table(
        "ledger_entry",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", KEY),
        sa.Column("event", sa.String(length=60), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("occurred_at", MOMENT, nullable=False),
        sa.Column("document_kind", sa.String(length=32)),
        sa.Column("document_key", sa.String(length=64)),
        sa.Column("idempotency_key", sa.String(length=120), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_ledger_entry_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entry")),
        sa.UniqueConstraint("id", "currency", name=op.f("uq_ledger_entry_id_currency")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_ledger_entry_idempotency_key")),
        sa.UniqueConstraint("public_id", name=op.f("uq_ledger_entry_public_id")),
    )
    op.create_index("ix_ledger_entry_account_id_occurred_at_id", "ledger_entry", ["account_id", "occurred_at", "id"])
    op.create_index("ix_ledger_entry_document", "ledger_entry", ["document_kind", "document_key"])
    op.create_index("ix_ledger_entry_occurred_at_id", "ledger_entry", ["occurred_at", "id"])


def _package() -> None:
    op.create_table(
        "package",
        sa.Column("id", KEY, nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("product_class_id", KEY, nullable=False),
        sa.Column(
            "license_kind", _choice("licensekind", "business", "call_center", "multi_tenant", "hosted", "client_app")
        ),
        sa.Column("status", _choice("cataloguestatus", "draft", "active", "retired"), nullable=False),
        sa.Column("in_store", sa.Boolean(), nullable=False),
        sa.Column("trial_days", sa.Integer(), nullable=False),
        sa.Column("description", sa.String(length=2000), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("trial_days >= 0", name=op.f("ck_package_trial_days_not_negative")),
        sa.ForeignKeyConstraint(["product_class_id"], ["product_class.id"], name=op.f("fk_package_product_class_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_package")),
        sa.UniqueConstraint("code", name=op.f("uq_package_code")),
    )
    op.create_index("ix_package_code_id", "package", ["code", "id"])
    op.create_index(
        "ix_package_code_search", "package", ["code"], postgresql_using="gin", postgresql_ops={"code": "gin_trgm_ops"}
    )
    op.create_index("ix_package_created_at_id", "package", ["created_at", "id"])
    op.create_index("ix_package_name_id", "package", ["name", "id"])
    op.create_index(
        "ix_package_name_search", "package", ["name"], postgresql_using="gin", postgresql_ops={"name": "gin_trgm_ops"}
    )
    op.create_index(op.f("ix_package_product_class_id"), "package", ["product_class_id"])


def _policy_version() -> None:
    op.create_table(
        "policy_version",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("policy_id", KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("published_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_policy_version_number_from_one")),
        sa.ForeignKeyConstraint(["policy_id"], ["policy.id"], name=op.f("fk_policy_version_policy_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_version")),
        sa.UniqueConstraint("policy_id", "number", name=op.f("uq_policy_version_policy_id_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_policy_version_public_id")),
    )


def _product() -> None:
    op.create_table(
        "product",
        sa.Column("id", KEY, nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column(
            "kind",
            _choice("productkind", "platform", "extension", "edition", "add_on", "service", "support", "hardware"),
            nullable=False,
        ),
        sa.Column("product_class_id", KEY, nullable=False),
        sa.Column("status", _choice("cataloguestatus", "draft", "active", "retired"), nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=False),
        sa.Column("description", sa.String(length=2000), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["product_class_id"], ["product_class.id"], name=op.f("fk_product_product_class_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product")),
        sa.UniqueConstraint("code", name=op.f("uq_product_code")),
    )
    op.create_index("ix_product_code_id", "product", ["code", "id"])
    op.create_index(
        "ix_product_code_search", "product", ["code"], postgresql_using="gin", postgresql_ops={"code": "gin_trgm_ops"}
    )
    op.create_index("ix_product_created_at_id", "product", ["created_at", "id"])
    op.create_index("ix_product_name_id", "product", ["name", "id"])
    op.create_index(
        "ix_product_name_search", "product", ["name"], postgresql_using="gin", postgresql_ops={"name": "gin_trgm_ops"}
    )
    op.create_index(op.f("ix_product_product_class_id"), "product", ["product_class_id"])


def _ready_answer() -> None:
    op.create_table(
        "ready_answer",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("department_id", KEY),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_ready_answer_department_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ready_answer")),
        sa.UniqueConstraint("public_id", name=op.f("uq_ready_answer_public_id")),
        sa.UniqueConstraint("title", name=op.f("uq_ready_answer_title")),
    )
    op.create_index(op.f("ix_ready_answer_department_id"), "ready_answer", ["department_id"])
    op.create_index("ix_ready_answer_title_id", "ready_answer", ["title", "id"])
    op.create_index(
        "ix_ready_answer_title_search",
        "ready_answer",
        ["title"],
        postgresql_using="gin",
        postgresql_ops={"title": "gin_trgm_ops"},
    )


def _sla_policy() -> None:
    op.create_table(
        "sla_policy",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("priority", _choice("ticketpriority", "low", "normal", "high", "urgent"), nullable=False),
        sa.Column("department_id", KEY),
        sa.Column("business_hours_id", KEY),
        sa.Column("first_reply_minutes", sa.Integer(), nullable=False),
        sa.Column("solution_minutes", sa.Integer()),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("first_reply_minutes > 0", name=op.f("ck_sla_policy_first_reply_positive")),
        sa.CheckConstraint(
            "solution_minutes >= first_reply_minutes", name=op.f("ck_sla_policy_solution_after_first_reply")
        ),
        sa.ForeignKeyConstraint(
            ["business_hours_id"], ["business_hours.id"], name=op.f("fk_sla_policy_business_hours_id")
        ),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_sla_policy_department_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sla_policy")),
        sa.UniqueConstraint("name", name=op.f("uq_sla_policy_name")),
        sa.UniqueConstraint("priority", "department_id", name=op.f("uq_sla_policy_priority_department_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_sla_policy_public_id")),
    )
    op.create_index(op.f("ix_sla_policy_business_hours_id"), "sla_policy", ["business_hours_id"])
    op.create_index(op.f("ix_sla_policy_department_id"), "sla_policy", ["department_id"])
    op.create_index("ix_sla_policy_name_id", "sla_policy", ["name", "id"])
    op.create_index(
        "uq_sla_policy_of_all",
        "sla_policy",
        ["priority"],
        unique=True,
        sqlite_where=sa.text("department_id IS NULL"),
        postgresql_where=sa.text("department_id IS NULL"),
    )


def _statement_line() -> None:
    op.create_table(
        "statement_line",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column(
            "kind",
            _choice(
                "statementkind",
                "opening",
                "invoice",
                "invoice_voided",
                "credit_note",
                "payment",
                "refund",
                "credit_given",
                "credit_taken",
            ),
            nullable=False,
        ),
        sa.Column("document_number", sa.String(length=40)),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("balance_after", sa.BigInteger(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("sequence > 0", name=op.f("ck_statement_line_sequence_positive")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_statement_line_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement_line")),
        sa.UniqueConstraint("account_id", "kind", "document_number", name="uq_statement_line_document"),
        sa.UniqueConstraint("account_id", "sequence", name=op.f("uq_statement_line_account_id_sequence")),
        sa.UniqueConstraint("public_id", name=op.f("uq_statement_line_public_id")),
    )
    op.create_index("ix_statement_line_account_id_booked_on_id", "statement_line", ["account_id", "booked_on", "id"])
    op.create_index("ix_statement_line_account_id_created_at_id", "statement_line", ["account_id", "created_at", "id"])
    op.create_index("ix_statement_line_account_id_sequence_id", "statement_line", ["account_id", "sequence", "id"])
    op.create_index("ix_statement_line_booked_on_id", "statement_line", ["booked_on", "id"])
    op.create_index("ix_statement_line_created_at_id", "statement_line", ["created_at", "id"])
    op.create_index(
        "ix_statement_line_document_number_search",
        "statement_line",
        ["document_number"],
        postgresql_using="gin",
        postgresql_ops={"document_number": "gin_trgm_ops"},
    )
    op.create_index("ix_statement_line_sequence_id", "statement_line", ["sequence", "id"])


def _tax_rule() -> None:
    op.create_table(
        "tax_rule",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("region", sa.String(length=60), nullable=False),
        sa.Column("product_class_id", KEY, nullable=False),
        sa.Column("rate", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date()),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("rate BETWEEN 0 AND 1000000", name=op.f("ck_tax_rule_rate_is_a_share")),
        sa.CheckConstraint("valid_to > valid_from", name=op.f("ck_tax_rule_ends_after_start")),
        sa.ForeignKeyConstraint(["product_class_id"], ["product_class.id"], name=op.f("fk_tax_rule_product_class_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_rule")),
        sa.UniqueConstraint("country", "region", "product_class_id", "valid_from", name="uq_tax_rule_place_class_day"),
        sa.UniqueConstraint("public_id", name=op.f("uq_tax_rule_public_id")),
    )
    op.create_index("ix_tax_rule_country_id", "tax_rule", ["country", "id"])
    op.create_index("ix_tax_rule_created_at_id", "tax_rule", ["created_at", "id"])
    op.create_index(op.f("ix_tax_rule_product_class_id"), "tax_rule", ["product_class_id"])
    op.create_index("ix_tax_rule_valid_from_id", "tax_rule", ["valid_from", "id"])


def _ticket_type() -> None:
    op.create_table(
        "ticket_type",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("description", sa.String(length=500), nullable=False),
        sa.Column("priority", _choice("ticketpriority", "low", "normal", "high", "urgent"), nullable=False),
        sa.Column("department_id", KEY),
        sa.Column("escalates", sa.Boolean(), nullable=False),
        sa.Column("internal", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_ticket_type_department_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_type")),
        sa.UniqueConstraint("key", name=op.f("uq_ticket_type_key")),
        sa.UniqueConstraint("name", name=op.f("uq_ticket_type_name")),
        sa.UniqueConstraint("public_id", name=op.f("uq_ticket_type_public_id")),
    )
    op.create_index(op.f("ix_ticket_type_department_id"), "ticket_type", ["department_id"])
    op.create_index("ix_ticket_type_name_id", "ticket_type", ["name", "id"])
    op.create_index(
        "ix_ticket_type_name_search",
        "ticket_type",
        ["name"],
        postgresql_using="gin",
        postgresql_ops={"name": "gin_trgm_ops"},
    )
    op.create_index("ix_ticket_type_position_id", "ticket_type", ["position", "id"])


def _webhook_endpoint() -> None:
    op.create_table(
        "webhook_endpoint",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", KEY),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("description", sa.String(length=120)),
        sa.Column("secret", sa.String(length=500), nullable=False),
        sa.Column("events", JSON, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("failures_in_a_row", sa.Integer(), nullable=False),
        sa.Column("disabled_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_webhook_endpoint_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_endpoint")),
        sa.UniqueConstraint("public_id", name=op.f("uq_webhook_endpoint_public_id")),
    )
    op.create_index(
        "ix_webhook_endpoint_account_id_created_at_id", "webhook_endpoint", ["account_id", "created_at", "id"]
    )
    op.create_index("ix_webhook_endpoint_created_at_id", "webhook_endpoint", ["created_at", "id"])


def _document_file() -> None:
    op.create_table(
        "document_file",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column(
            "kind",
            _choice("documentkind", "invoice", "credit_note", "receipt", "statement", "month_pack"),
            nullable=False,
        ),
        sa.Column("document_key", sa.String(length=64), nullable=False),
        sa.Column("file_id", KEY, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_document_file_account_id")),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_document_file_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_file")),
        sa.UniqueConstraint("account_id", "id", name="uq_document_file_account_id_id"),
        sa.UniqueConstraint("account_id", "kind", "document_key", name="uq_document_file_document"),
        sa.UniqueConstraint("file_id", name=op.f("uq_document_file_file_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_document_file_public_id")),
    )


def _edition() -> None:
    op.create_table(
        "edition",
        sa.Column("id", KEY, nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("product_id", KEY, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_offered", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("position >= 0", name=op.f("ck_edition_position_not_negative")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_edition_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edition")),
        sa.UniqueConstraint("code", name=op.f("uq_edition_code")),
        sa.UniqueConstraint("product_id", name=op.f("uq_edition_product_id")),
    )


def _ledger_posting() -> None:
    op.create_table(
        "ledger_posting",
        sa.Column("id", KEY, nullable=False),
        sa.Column("entry_id", KEY, nullable=False),
        sa.Column("debit_account_id", KEY, nullable=False),
        sa.Column("credit_account_id", KEY, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_ledger_posting_amount_positive")),
        sa.CheckConstraint("debit_account_id <> credit_account_id", name=op.f("ck_ledger_posting_two_accounts")),
        sa.ForeignKeyConstraint(
            ["credit_account_id", "currency"],
            ["ledger_account.id", "ledger_account.currency"],
            name="fk_ledger_posting_credit_account_id",
        ),
        sa.ForeignKeyConstraint(
            ["debit_account_id", "currency"],
            ["ledger_account.id", "ledger_account.currency"],
            name="fk_ledger_posting_debit_account_id",
        ),
        sa.ForeignKeyConstraint(
            ["entry_id", "currency"], ["ledger_entry.id", "ledger_entry.currency"], name="fk_ledger_posting_entry_id"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_posting")),
    )
    op.create_index(op.f("ix_ledger_posting_credit_account_id"), "ledger_posting", ["credit_account_id"])
    op.create_index(op.f("ix_ledger_posting_debit_account_id"), "ledger_posting", ["debit_account_id"])
    op.create_index(op.f("ix_ledger_posting_entry_id"), "ledger_posting", ["entry_id"])


def _license() -> None:
    op.create_table(
        "license",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column(
            "kind",
            _choice("licensekind", "business", "call_center", "multi_tenant", "hosted", "client_app"),
            nullable=False,
        ),
        sa.Column("package_id", KEY, nullable=False),
        sa.Column(
            "status",
            _choice("licensestatus", "not_activated", "active", "suspended", "expired", "terminated"),
            nullable=False,
        ),
        sa.Column(
            "duration",
            _choice("licenseduration", "trial", "monthly", "yearly", "two_yearly", "perpetual"),
            nullable=False,
        ),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("expires_on", sa.Date()),
        sa.Column("reference", sa.String(length=120)),
        sa.Column("app_name", sa.String(length=60)),
        sa.Column("licensee", sa.String(length=120)),
        sa.Column("mac_address", sa.String(length=17)),
        sa.Column("last_valid_ip", sa.String(length=45)),
        sa.Column("last_seen_at", MOMENT),
        sa.Column("activated_at", MOMENT),
        sa.Column("activation_limit", sa.Integer(), nullable=False),
        sa.Column("resets_left", sa.Integer(), nullable=False),
        sa.Column("external_ref", sa.String(length=120)),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "duration <> 'perpetual' OR expires_on IS NULL", name=op.f("ck_license_perpetual_never_expires")
        ),
        sa.CheckConstraint("activation_limit > 0", name=op.f("ck_license_activation_limit_positive")),
        sa.CheckConstraint("resets_left >= 0", name=op.f("ck_license_resets_left_not_negative")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_license_account_id")),
        sa.ForeignKeyConstraint(["package_id"], ["package.id"], name=op.f("fk_license_package_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_license")),
        sa.UniqueConstraint("account_id", "external_ref", name=op.f("uq_license_account_id_external_ref")),
        sa.UniqueConstraint("account_id", "id", name="uq_license_account_id_id"),
        sa.UniqueConstraint("code", name=op.f("uq_license_code")),
    )
    op.create_index("ix_license_account_id_code_id", "license", ["account_id", "code", "id"])
    op.create_index("ix_license_account_id_created_at_id", "license", ["account_id", "created_at", "id"])
    op.create_index("ix_license_account_id_expires_on_id", "license", ["account_id", "expires_on", "id"])
    op.create_index("ix_license_account_id_kind_created_at_id", "license", ["account_id", "kind", "created_at", "id"])
    op.create_index("ix_license_account_id_licensee_id", "license", ["account_id", "licensee", "id"])
    op.create_index("ix_license_account_id_reference_id", "license", ["account_id", "reference", "id"])
    op.create_index(
        "ix_license_account_id_status_created_at_id", "license", ["account_id", "status", "created_at", "id"]
    )
    op.create_index("ix_license_code_id", "license", ["code", "id"])
    op.create_index(
        "ix_license_code_search", "license", ["code"], postgresql_using="gin", postgresql_ops={"code": "gin_trgm_ops"}
    )
    op.create_index("ix_license_created_at_id", "license", ["created_at", "id"])
    op.create_index("ix_license_duration_created_at_id", "license", ["duration", "created_at", "id"])
    op.create_index("ix_license_expires_on_id", "license", ["expires_on", "id"])
    op.create_index("ix_license_kind_created_at_id", "license", ["kind", "created_at", "id"])
    op.create_index("ix_license_licensee_id", "license", ["licensee", "id"])
    op.create_index(
        "ix_license_licensee_search",
        "license",
        ["licensee"],
        postgresql_using="gin",
        postgresql_ops={"licensee": "gin_trgm_ops"},
    )
    op.create_index("ix_license_package_id_created_at_id", "license", ["package_id", "created_at", "id"])
    op.create_index(
        "ix_license_package_id_status_created_at_id", "license", ["package_id", "status", "created_at", "id"]
    )
    op.create_index("ix_license_reference_id", "license", ["reference", "id"])
    op.create_index(
        "ix_license_reference_search",
        "license",
        ["reference"],
        postgresql_using="gin",
        postgresql_ops={"reference": "gin_trgm_ops"},
    )
    op.create_index("ix_license_status_created_at_id", "license", ["status", "created_at", "id"])


def _package_item() -> None:
    op.create_table(
        "package_item",
        sa.Column("id", KEY, nullable=False),
        sa.Column("package_id", KEY, nullable=False),
        sa.Column("product_id", KEY, nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("minimum", sa.Integer(), nullable=False),
        sa.Column("maximum", sa.Integer()),
        sa.CheckConstraint("maximum >= quantity", name=op.f("ck_package_item_maximum_at_least_quantity")),
        sa.CheckConstraint("minimum >= 0", name=op.f("ck_package_item_minimum_not_negative")),
        sa.CheckConstraint("quantity >= minimum", name=op.f("ck_package_item_quantity_at_least_minimum")),
        sa.ForeignKeyConstraint(["package_id"], ["package.id"], name=op.f("fk_package_item_package_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_package_item_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_package_item")),
        sa.UniqueConstraint("package_id", "product_id", name=op.f("uq_package_item_package_id_product_id")),
    )
    op.create_index(op.f("ix_package_item_product_id"), "package_item", ["product_id"])


def _person() -> None:
    op.create_table(
        "person",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("kind", _choice("personkind", "staff", "member"), nullable=False),
        sa.Column("email", sa.String(length=254)),
        sa.Column("email_verified_at", MOMENT),
        sa.Column("first_name", sa.String(length=100), nullable=False),
        sa.Column("last_name", sa.String(length=100), nullable=False),
        sa.Column("password_hash", sa.String(length=255)),
        sa.Column("password_changed_at", MOMENT),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("passkey_only", sa.Boolean(), nullable=False),
        sa.Column("sign_in_mail", sa.Boolean(), nullable=False),
        sa.Column("last_sign_in_at", MOMENT),
        sa.Column("disabled_at", MOMENT),
        sa.Column("checked_at", MOMENT),
        sa.Column("phone", sa.String(length=32)),
        sa.Column("phone_state", _choice("phonestate", "verified", "not_verified"), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("time_zone", sa.String(length=64)),
        sa.Column("avatar_file_id", KEY),
        sa.Column("rows_per_page", sa.Integer(), nullable=False),
        sa.Column("start_page", sa.String(length=40)),
        sa.Column("quiet_from", sa.Time()),
        sa.Column("quiet_until", sa.Time()),
        sa.Column("managed_by_account_id", KEY),
        sa.Column("restricted_at", MOMENT),
        sa.Column("erased_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind = 'member' OR managed_by_account_id IS NULL", name=op.f("ck_person_staff_not_managed")
        ),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_person_email_lower_case")),
        sa.CheckConstraint("rows_per_page BETWEEN 10 AND 200", name=op.f("ck_person_rows_per_page_range")),
        sa.ForeignKeyConstraint(["avatar_file_id"], ["file.id"], name=op.f("fk_person_avatar_file_id")),
        sa.ForeignKeyConstraint(
            ["managed_by_account_id"], ["account.id"], name=op.f("fk_person_managed_by_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("email", name=op.f("uq_person_email")),
        sa.UniqueConstraint("id", "kind", name=op.f("uq_person_id_kind")),
        sa.UniqueConstraint("public_id", name=op.f("uq_person_public_id")),
    )
    op.create_index(op.f("ix_person_avatar_file_id"), "person", ["avatar_file_id"])
    op.create_index("ix_person_created_at_id", "person", ["created_at", "id"])
    op.create_index("ix_person_email_id", "person", ["email", "id"])
    op.create_index(
        "ix_person_email_search", "person", ["email"], postgresql_using="gin", postgresql_ops={"email": "gin_trgm_ops"}
    )
    op.create_index(
        "ix_person_first_name_search",
        "person",
        ["first_name"],
        postgresql_using="gin",
        postgresql_ops={"first_name": "gin_trgm_ops"},
    )
    op.create_index("ix_person_last_name_id", "person", ["last_name", "id"])
    op.create_index(
        "ix_person_last_name_search",
        "person",
        ["last_name"],
        postgresql_using="gin",
        postgresql_ops={"last_name": "gin_trgm_ops"},
    )
    op.create_index("ix_person_last_sign_in_at_id", "person", ["last_sign_in_at", "id"])
    op.create_index(op.f("ix_person_managed_by_account_id"), "person", ["managed_by_account_id"])


def _price() -> None:
    op.create_table(
        "price",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("product_id", KEY),
        sa.Column("package_id", KEY),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column(
            "period", _choice("billingperiod", "once", "monthly", "quarterly", "yearly", "two_yearly"), nullable=False
        ),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date()),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(product_id IS NULL) <> (package_id IS NULL)", name=op.f("ck_price_of_one_thing")),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_price_amount_not_negative")),
        sa.CheckConstraint("valid_to > valid_from", name=op.f("ck_price_ends_after_start")),
        sa.ForeignKeyConstraint(["package_id"], ["package.id"], name=op.f("fk_price_package_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_price_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price")),
        sa.UniqueConstraint("package_id", "currency", "period", "valid_from", name="uq_price_package"),
        sa.UniqueConstraint("product_id", "currency", "period", "valid_from", name="uq_price_product"),
        sa.UniqueConstraint("public_id", name=op.f("uq_price_public_id")),
    )
    op.create_index("ix_price_amount_id", "price", ["amount", "id"])
    op.create_index("ix_price_created_at_id", "price", ["created_at", "id"])
    op.create_index("ix_price_valid_from_id", "price", ["valid_from", "id"])


def _release() -> None:
    op.create_table(
        "release",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("product_id", KEY, nullable=False),
        sa.Column("version_number", sa.String(length=40), nullable=False),
        sa.Column("published_on", sa.Date()),
        sa.Column("is_published", sa.Boolean(), nullable=False),
        sa.Column("notes", sa.String(length=10000), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "NOT is_published OR published_on IS NOT NULL", name=op.f("ck_release_published_has_its_day")
        ),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_release_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release")),
        sa.UniqueConstraint("product_id", "version_number", name=op.f("uq_release_product_id_version_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_release_public_id")),
    )
    op.create_index("ix_release_created_at_id", "release", ["created_at", "id"])
    op.create_index("ix_release_published_on_id", "release", ["published_on", "id"])
    op.create_index("ix_release_version_number_id", "release", ["version_number", "id"])
    op.create_index(
        "ix_release_version_number_search",
        "release",
        ["version_number"],
        postgresql_using="gin",
        postgresql_ops={"version_number": "gin_trgm_ops"},
    )


def _ticket_field() -> None:
    op.create_table(
        "ticket_field",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("ticket_type_id", KEY, nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("help", sa.String(length=255), nullable=False),
        sa.Column(
            "kind",
            _choice("ticketfieldkind", "text", "long_text", "number", "date", "choice", "yes_no", "license", "ticket"),
            nullable=False,
        ),
        sa.Column("choices", JSON, nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("max_length", sa.Integer()),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("max_length > 0", name=op.f("ck_ticket_field_max_length_positive")),
        sa.ForeignKeyConstraint(
            ["ticket_type_id"], ["ticket_type.id"], name=op.f("fk_ticket_field_ticket_type_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_field")),
        sa.UniqueConstraint("public_id", name=op.f("uq_ticket_field_public_id")),
        sa.UniqueConstraint("ticket_type_id", "key", name=op.f("uq_ticket_field_ticket_type_id_key")),
    )


def _webhook_delivery() -> None:
    op.create_table(
        "webhook_delivery",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", KEY),
        sa.Column("endpoint_id", KEY, nullable=False),
        sa.Column("event_id", sa.String(length=64), nullable=False),
        sa.Column("event", sa.String(length=80), nullable=False),
        sa.Column("payload", JSON, nullable=False),
        sa.Column(
            "state", _choice("deliverystate", "waiting", "sending", "sent", "failed", "cancelled"), nullable=False
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try_at", MOMENT),
        sa.Column("lease_until", MOMENT),
        sa.Column("sent_at", MOMENT),
        sa.Column("response_status", sa.Integer()),
        sa.Column("error", sa.Text()),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_webhook_delivery_attempts_not_negative")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_webhook_delivery_account_id")),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["webhook_endpoint.id"], name=op.f("fk_webhook_delivery_endpoint_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_delivery")),
        sa.UniqueConstraint("endpoint_id", "event_id", name=op.f("uq_webhook_delivery_endpoint_id_event_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_webhook_delivery_public_id")),
    )
    op.create_index(
        "ix_webhook_delivery_account_id_created_at_id", "webhook_delivery", ["account_id", "created_at", "id"]
    )
    op.create_index("ix_webhook_delivery_created_at_id", "webhook_delivery", ["created_at", "id"])
    op.create_index("ix_webhook_delivery_state_next_try_at", "webhook_delivery", ["state", "next_try_at"])


def _access_token() -> None:
    op.create_table(
        "access_token",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", KEY),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("prefix", sa.String(length=16), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", JSON, nullable=False),
        sa.Column("expires_at", MOMENT),
        sa.Column("last_used_at", MOMENT),
        sa.Column("last_used_ip", sa.String(length=45)),
        sa.Column("revoked_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_access_token_account_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_access_token_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_token")),
        sa.UniqueConstraint("public_id", name=op.f("uq_access_token_public_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_access_token_token_hash")),
    )
    op.create_index("ix_access_token_account_id_created_at_id", "access_token", ["account_id", "created_at", "id"])
    op.create_index("ix_access_token_created_at_id", "access_token", ["created_at", "id"])
    op.create_index(op.f("ix_access_token_person_id"), "access_token", ["person_id"])


def _allowed_network() -> None:
    op.create_table(
        "allowed_network",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("person_id", KEY),
        sa.Column("account_id", KEY),
        sa.Column("cidr", sa.String(length=43), nullable=False),
        sa.Column("note", sa.String(length=120)),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "(person_id IS NULL) <> (account_id IS NULL)", name=op.f("ck_allowed_network_person_or_account")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_allowed_network_account_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_allowed_network_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allowed_network")),
        sa.UniqueConstraint("account_id", "cidr", name=op.f("uq_allowed_network_account_id_cidr")),
        sa.UniqueConstraint("person_id", "cidr", name=op.f("uq_allowed_network_person_id_cidr")),
        sa.UniqueConstraint("public_id", name=op.f("uq_allowed_network_public_id")),
    )


def _audit_event() -> None:
    op.create_table(
        "audit_event",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY),
        sa.Column("chain", sa.String(length=40), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.String(length=80), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor_person_id", KEY),
        sa.Column("on_behalf_of_id", KEY),
        sa.Column("actor_name", sa.String(length=255), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("ip", sa.String(length=45)),
        sa.Column("target_type", sa.String(length=60)),
        sa.Column("target_key", sa.String(length=80)),
        sa.Column("before", JSON),
        sa.Column("after", JSON),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint("length(hash) = 64", name=op.f("ck_audit_event_hash_length")),
        sa.CheckConstraint("sequence >= 1", name=op.f("ck_audit_event_sequence_from_one")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_audit_event_account_id")),
        sa.ForeignKeyConstraint(["actor_person_id"], ["person.id"], name=op.f("fk_audit_event_actor_person_id")),
        sa.ForeignKeyConstraint(["chain"], ["audit_chain.key"], name=op.f("fk_audit_event_chain")),
        sa.ForeignKeyConstraint(["on_behalf_of_id"], ["person.id"], name=op.f("fk_audit_event_on_behalf_of_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
        sa.UniqueConstraint("chain", "sequence", name=op.f("uq_audit_event_chain_sequence")),
    )
    op.create_index("ix_audit_event_account_id_at_id", "audit_event", ["account_id", "at", "id"])
    op.create_index("ix_audit_event_account_id_event_id", "audit_event", ["account_id", "event", "id"])
    op.create_index("ix_audit_event_actor_person_id_at", "audit_event", ["actor_person_id", "at"])
    op.create_index("ix_audit_event_at_id", "audit_event", ["at", "id"])
    op.create_index("ix_audit_event_event_id", "audit_event", ["event", "id"])
    op.create_index(op.f("ix_audit_event_on_behalf_of_id"), "audit_event", ["on_behalf_of_id"])
    op.create_index("ix_audit_event_target", "audit_event", ["target_type", "target_key", "id"])
    op.create_index(
        "ix_audit_event_target_key_search",
        "audit_event",
        ["target_key"],
        postgresql_using="gin",
        postgresql_ops={"target_key": "gin_trgm_ops"},
    )


def _credit_limit() -> None:
    op.create_table(
        "credit_limit",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("kind", _choice("creditlimitkind", "temporary", "permanent"), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date()),
        sa.Column("reason", sa.String(length=255)),
        sa.Column("granted_by_id", KEY),
        sa.Column("withdrawn_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "(kind = 'temporary') = (valid_to IS NOT NULL)", name=op.f("ck_credit_limit_temporary_has_an_end")
        ),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_credit_limit_amount_not_negative")),
        sa.CheckConstraint("valid_to > valid_from", name=op.f("ck_credit_limit_ends_after_start")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_credit_limit_account_id")),
        sa.ForeignKeyConstraint(["granted_by_id"], ["person.id"], name=op.f("fk_credit_limit_granted_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_limit")),
        sa.UniqueConstraint("public_id", name=op.f("uq_credit_limit_public_id")),
    )
    op.create_index("ix_credit_limit_account_id_created_at_id", "credit_limit", ["account_id", "created_at", "id"])
    op.create_index("ix_credit_limit_created_at_id", "credit_limit", ["created_at", "id"])
    op.create_index(op.f("ix_credit_limit_granted_by_id"), "credit_limit", ["granted_by_id"])
    op.create_index(
        "uq_credit_limit_permanent",
        "credit_limit",
        ["account_id", "currency"],
        unique=True,
        sqlite_where=sa.text("kind = 'permanent' AND withdrawn_at IS NULL"),
        postgresql_where=sa.text("kind = 'permanent' AND withdrawn_at IS NULL"),
    )


def _customer_order() -> None:
    op.create_table(
        "customer_order",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column(
            "kind", _choice("orderkind", "purchase", "trial", "renewal", "change", "manual", "imported"), nullable=False
        ),
        sa.Column(
            "status", _choice("orderstatus", "draft", "placed", "paid", "fulfilled", "cancelled"), nullable=False
        ),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("reference", sa.String(length=120)),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("net_total", sa.BigInteger(), nullable=False),
        sa.Column("tax_total", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("placed_at", MOMENT),
        sa.Column("placed_by_id", KEY),
        sa.Column("fulfilled_at", MOMENT),
        sa.Column("cancelled_at", MOMENT),
        sa.Column("idempotency_key", sa.String(length=120)),
        sa.Column("external_ref", sa.String(length=120)),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(status = 'fulfilled') = (fulfilled_at IS NOT NULL)",
            name=op.f("ck_customer_order_fulfilled_has_its_moment"),
        ),
        sa.CheckConstraint(
            "status = 'draft' OR placed_at IS NOT NULL", name=op.f("ck_customer_order_placed_has_its_moment")
        ),
        sa.CheckConstraint("net_total >= 0 AND tax_total >= 0", name=op.f("ck_customer_order_amounts_not_negative")),
        sa.CheckConstraint("total = net_total + tax_total", name=op.f("ck_customer_order_total_adds_up")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_customer_order_account_id")),
        sa.ForeignKeyConstraint(["placed_by_id"], ["person.id"], name=op.f("fk_customer_order_placed_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_order")),
        sa.UniqueConstraint("account_id", "external_ref", name=op.f("uq_customer_order_account_id_external_ref")),
        sa.UniqueConstraint("account_id", "id", name="uq_customer_order_account_id_id"),
        sa.UniqueConstraint("account_id", "idempotency_key", name=op.f("uq_customer_order_account_id_idempotency_key")),
        sa.UniqueConstraint("number", name=op.f("uq_customer_order_number")),
    )
    op.create_index("ix_customer_order_account_id_created_at_id", "customer_order", ["account_id", "created_at", "id"])
    op.create_index("ix_customer_order_account_id_number_id", "customer_order", ["account_id", "number", "id"])
    op.create_index("ix_customer_order_account_id_placed_at_id", "customer_order", ["account_id", "placed_at", "id"])
    op.create_index(
        "ix_customer_order_account_id_status_created_at_id",
        "customer_order",
        ["account_id", "status", "created_at", "id"],
    )
    op.create_index("ix_customer_order_account_id_total_id", "customer_order", ["account_id", "total", "id"])
    op.create_index("ix_customer_order_created_at_id", "customer_order", ["created_at", "id"])
    op.create_index("ix_customer_order_number_id", "customer_order", ["number", "id"])
    op.create_index(
        "ix_customer_order_number_search",
        "customer_order",
        ["number"],
        postgresql_using="gin",
        postgresql_ops={"number": "gin_trgm_ops"},
    )
    op.create_index("ix_customer_order_placed_at_id", "customer_order", ["placed_at", "id"])
    op.create_index(op.f("ix_customer_order_placed_by_id"), "customer_order", ["placed_by_id"])
    op.create_index("ix_customer_order_status_created_at_id", "customer_order", ["status", "created_at", "id"])
    op.create_index("ix_customer_order_total_id", "customer_order", ["total", "id"])


def _delivery_link() -> None:
    op.create_table(
        "delivery_link",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("document_file_id", KEY, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("sent_to", sa.String(length=254)),
        sa.Column("made_by_id", KEY),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("revoked_at", MOMENT),
        sa.Column("opened_count", sa.Integer(), nullable=False),
        sa.Column("last_opened_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("expires_at > created_at", name=op.f("ck_delivery_link_expires_after_creation")),
        sa.CheckConstraint("opened_count >= 0", name=op.f("ck_delivery_link_opened_count_not_negative")),
        sa.ForeignKeyConstraint(
            ["account_id", "document_file_id"],
            ["document_file.account_id", "document_file.id"],
            name="fk_delivery_link_document_file_id",
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_delivery_link_account_id")),
        sa.ForeignKeyConstraint(["made_by_id"], ["person.id"], name=op.f("fk_delivery_link_made_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_link")),
        sa.UniqueConstraint("public_id", name=op.f("uq_delivery_link_public_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_delivery_link_token_hash")),
    )
    op.create_index("ix_delivery_link_account_id_created_at_id", "delivery_link", ["account_id", "created_at", "id"])
    op.create_index("ix_delivery_link_account_id_expires_at_id", "delivery_link", ["account_id", "expires_at", "id"])
    op.create_index("ix_delivery_link_created_at_id", "delivery_link", ["created_at", "id"])
    op.create_index(op.f("ix_delivery_link_document_file_id"), "delivery_link", ["document_file_id"])
    op.create_index("ix_delivery_link_expires_at_id", "delivery_link", ["expires_at", "id"])
    op.create_index(op.f("ix_delivery_link_made_by_id"), "delivery_link", ["made_by_id"])


def _hardware_reset() -> None:
    op.create_table(
        "hardware_reset",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("license_id", KEY, nullable=False),
        sa.Column("reset_at", MOMENT, nullable=False),
        sa.Column("reset_by", sa.String(length=120), nullable=False),
        sa.Column("reset_by_person_id", KEY),
        sa.Column("mac_address", sa.String(length=17)),
        sa.Column("last_valid_ip", sa.String(length=45)),
        sa.Column("resets_left", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "mac_address IS NOT NULL OR last_valid_ip IS NOT NULL", name=op.f("ck_hardware_reset_something_was_saved")
        ),
        sa.CheckConstraint("resets_left >= 0", name=op.f("ck_hardware_reset_resets_left_not_negative")),
        sa.ForeignKeyConstraint(
            ["account_id", "license_id"], ["license.account_id", "license.id"], name="fk_hardware_reset_license_id"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_hardware_reset_account_id")),
        sa.ForeignKeyConstraint(
            ["reset_by_person_id"], ["person.id"], name=op.f("fk_hardware_reset_reset_by_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hardware_reset")),
    )
    op.create_index("ix_hardware_reset_account_id", "hardware_reset", ["account_id"])
    op.create_index("ix_hardware_reset_license_id_reset_at_id", "hardware_reset", ["license_id", "reset_at", "id"])
    op.create_index(op.f("ix_hardware_reset_reset_by_person_id"), "hardware_reset", ["reset_by_person_id"])


def _item_transfer() -> None:
    op.create_table(
        "item_transfer",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("from_license_id", KEY, nullable=False),
        sa.Column("to_license_id", KEY, nullable=False),
        sa.Column("transferred_by", sa.String(length=120), nullable=False),
        sa.Column("transferred_by_person_id", KEY),
        sa.Column("undone_at", MOMENT),
        sa.Column("undone_by", sa.String(length=120)),
        sa.Column("undone_by_person_id", KEY),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("from_license_id <> to_license_id", name=op.f("ck_item_transfer_two_licenses")),
        sa.CheckConstraint(
            "undone_by IS NULL OR undone_at IS NOT NULL", name=op.f("ck_item_transfer_undone_has_its_moment")
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "from_license_id"],
            ["license.account_id", "license.id"],
            name="fk_item_transfer_from_license_id",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "to_license_id"], ["license.account_id", "license.id"], name="fk_item_transfer_to_license_id"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_item_transfer_account_id")),
        sa.ForeignKeyConstraint(
            ["transferred_by_person_id"], ["person.id"], name=op.f("fk_item_transfer_transferred_by_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["undone_by_person_id"], ["person.id"], name=op.f("fk_item_transfer_undone_by_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_transfer")),
        sa.UniqueConstraint("account_id", "id", name="uq_item_transfer_account_id_id"),
        sa.UniqueConstraint("public_id", name=op.f("uq_item_transfer_public_id")),
    )
    op.create_index("ix_item_transfer_account_id_created_at_id", "item_transfer", ["account_id", "created_at", "id"])
    op.create_index("ix_item_transfer_created_at_id", "item_transfer", ["created_at", "id"])
    op.create_index("ix_item_transfer_from_license_id", "item_transfer", ["from_license_id"])
    op.create_index("ix_item_transfer_to_license_id", "item_transfer", ["to_license_id"])
    op.create_index(op.f("ix_item_transfer_transferred_by_person_id"), "item_transfer", ["transferred_by_person_id"])
    op.create_index(op.f("ix_item_transfer_undone_by_person_id"), "item_transfer", ["undone_by_person_id"])


def _job() -> None:
    op.create_table(
        "job",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("unique_key", sa.String(length=160)),
        sa.Column("payload", JSON, nullable=False),
        sa.Column("state", _choice("jobstate", "waiting", "running", "done", "failed", "cancelled"), nullable=False),
        sa.Column("run_at", MOMENT, nullable=False),
        sa.Column("lease_until", MOMENT),
        sa.Column("lease_holder", sa.String(length=80)),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("progress_done", sa.Integer(), nullable=False),
        sa.Column("progress_total", sa.Integer()),
        sa.Column("result", JSON),
        sa.Column("error", sa.Text()),
        sa.Column("started_at", MOMENT),
        sa.Column("finished_at", MOMENT),
        sa.Column("requested_by_id", KEY),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("state <> 'running' OR lease_until IS NOT NULL", name=op.f("ck_job_running_has_lease")),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_job_attempts_not_negative")),
        sa.CheckConstraint("progress_done >= 0", name=op.f("ck_job_progress_not_negative")),
        sa.ForeignKeyConstraint(["requested_by_id"], ["person.id"], name=op.f("fk_job_requested_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("public_id", name=op.f("uq_job_public_id")),
        sa.UniqueConstraint("unique_key", name=op.f("uq_job_unique_key")),
    )
    op.create_index("ix_job_created_at_id", "job", ["created_at", "id"])
    op.create_index("ix_job_kind_id", "job", ["kind", "id"])
    op.create_index(
        "ix_job_kind_search", "job", ["kind"], postgresql_using="gin", postgresql_ops={"kind": "gin_trgm_ops"}
    )
    op.create_index(op.f("ix_job_requested_by_id"), "job", ["requested_by_id"])
    op.create_index("ix_job_run_at_id", "job", ["run_at", "id"])
    op.create_index("ix_job_state_id", "job", ["state", "id"])
    op.create_index("ix_job_state_run_at", "job", ["state", "run_at"])


def _known_device() -> None:
    op.create_table(
        "known_device",
        sa.Column("id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("device_hash", sa.String(length=64), nullable=False),
        sa.Column("description", sa.String(length=200)),
        sa.Column("last_seen_at", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_known_device_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_device")),
        sa.UniqueConstraint("person_id", "device_hash", name=op.f("uq_known_device_person_id_device_hash")),
    )


def _license_activation() -> None:
    op.create_table(
        "license_activation",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("license_id", KEY, nullable=False),
        sa.Column("mac_address", sa.String(length=17), nullable=False),
        sa.Column("ip", sa.String(length=45), nullable=False),
        sa.Column("hostname", sa.String(length=120)),
        sa.Column("activated_at", MOMENT, nullable=False),
        sa.Column("last_seen_at", MOMENT),
        sa.Column("deactivated_at", MOMENT),
        sa.ForeignKeyConstraint(
            ["account_id", "license_id"], ["license.account_id", "license.id"], name="fk_license_activation_license_id"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_license_activation_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_license_activation")),
        sa.UniqueConstraint("public_id", name=op.f("uq_license_activation_public_id")),
    )
    op.create_index("ix_license_activation_account_id", "license_activation", ["account_id"])
    op.create_index(
        "ix_license_activation_license_id_activated_at_id", "license_activation", ["license_id", "activated_at", "id"]
    )
    op.create_index(
        "uq_license_activation_live",
        "license_activation",
        ["license_id", "mac_address"],
        unique=True,
        sqlite_where=sa.text("deactivated_at IS NULL"),
        postgresql_where=sa.text("deactivated_at IS NULL"),
    )


def _license_change() -> None:
    op.create_table(
        "license_change",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("license_id", KEY, nullable=False),
        sa.Column(
            "license_kind",
            _choice("licensekind", "business", "call_center", "multi_tenant", "hosted", "client_app"),
            nullable=False,
        ),
        sa.Column("edition", sa.String(length=120)),
        sa.Column("field", sa.String(length=60), nullable=False),
        sa.Column("before", sa.String(length=255)),
        sa.Column("after", sa.String(length=255)),
        sa.Column("changed_by", sa.String(length=120), nullable=False),
        sa.Column("changed_by_person_id", KEY),
        sa.Column("ip", sa.String(length=45)),
        sa.ForeignKeyConstraint(
            ["account_id", "license_id"], ["license.account_id", "license.id"], name="fk_license_change_license_id"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_license_change_account_id")),
        sa.ForeignKeyConstraint(
            ["changed_by_person_id"], ["person.id"], name=op.f("fk_license_change_changed_by_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_license_change")),
        sa.UniqueConstraint("public_id", name=op.f("uq_license_change_public_id")),
    )
    op.create_index("ix_license_change_account_id_changed_at_id", "license_change", ["account_id", "changed_at", "id"])
    op.create_index("ix_license_change_account_id_changed_by_id", "license_change", ["account_id", "changed_by", "id"])
    op.create_index("ix_license_change_account_id_edition_id", "license_change", ["account_id", "edition", "id"])
    op.create_index(
        "ix_license_change_account_id_license_kind_changed_at_id",
        "license_change",
        ["account_id", "license_kind", "changed_at", "id"],
    )
    op.create_index(
        "ix_license_change_account_id_license_kind_id", "license_change", ["account_id", "license_kind", "id"]
    )
    op.create_index("ix_license_change_changed_at_id", "license_change", ["changed_at", "id"])
    op.create_index("ix_license_change_changed_by_id", "license_change", ["changed_by", "id"])
    op.create_index(op.f("ix_license_change_changed_by_person_id"), "license_change", ["changed_by_person_id"])
    op.create_index("ix_license_change_edition_id", "license_change", ["edition", "id"])
    op.create_index(
        "ix_license_change_edition_search",
        "license_change",
        ["edition"],
        postgresql_using="gin",
        postgresql_ops={"edition": "gin_trgm_ops"},
    )
    op.create_index("ix_license_change_license_id_changed_at_id", "license_change", ["license_id", "changed_at", "id"])
    op.create_index(
        "ix_license_change_license_kind_changed_at_id", "license_change", ["license_kind", "changed_at", "id"]
    )
    op.create_index("ix_license_change_license_kind_id", "license_change", ["license_kind", "id"])


def _license_item() -> None:
    op.create_table(
        "license_item",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("license_id", KEY, nullable=False),
        sa.Column("product_id", KEY, nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("quantity >= 0", name=op.f("ck_license_item_quantity_not_negative")),
        sa.ForeignKeyConstraint(
            ["account_id", "license_id"], ["license.account_id", "license.id"], name="fk_license_item_license_id"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_license_item_account_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_license_item_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_license_item")),
        sa.UniqueConstraint("license_id", "product_id", name=op.f("uq_license_item_license_id_product_id")),
    )
    op.create_index("ix_license_item_account_id", "license_item", ["account_id"])
    op.create_index("ix_license_item_product_id", "license_item", ["product_id"])


def _member() -> None:
    op.create_table(
        "member",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("person_kind", _choice("personkind", "staff", "member"), nullable=False),
        sa.Column(
            "type", _choice("membertype", "technical", "billing", "sales", "management", "other"), nullable=False
        ),
        sa.Column("status", _choice("memberstatus", "invited", "enabled", "disabled"), nullable=False),
        sa.Column("portal_access", sa.Boolean(), nullable=False),
        sa.Column("is_owner", sa.Boolean(), nullable=False),
        sa.Column("is_first", sa.Boolean(), nullable=False),
        sa.Column("phone", sa.String(length=32)),
        sa.Column("time_zone", sa.String(length=64)),
        sa.Column("pay_limit", sa.BigInteger()),
        sa.Column("currency", sa.String(length=3)),
        sa.Column("last_seen_at", MOMENT),
        sa.Column("external_ref", sa.String(length=64)),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("NOT is_owner OR status <> 'disabled'", name=op.f("ck_member_owner_not_disabled")),
        sa.CheckConstraint("person_kind = 'member'", name=op.f("ck_member_person_is_member")),
        sa.CheckConstraint("NOT is_owner OR portal_access", name=op.f("ck_member_owner_has_portal_access")),
        sa.CheckConstraint("pay_limit >= 0", name=op.f("ck_member_pay_limit_not_negative")),
        sa.CheckConstraint("pay_limit IS NULL OR currency IS NOT NULL", name=op.f("ck_member_pay_limit_has_currency")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_member_account_id")),
        sa.ForeignKeyConstraint(["person_id", "person_kind"], ["person.id", "person.kind"], name="fk_member_person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member")),
        sa.UniqueConstraint("account_id", "id", name="uq_member_account_id_id"),
        sa.UniqueConstraint("account_id", "person_id", name=op.f("uq_member_account_id_person_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_member_public_id")),
    )
    op.create_index("ix_member_account_id_created_at_id", "member", ["account_id", "created_at", "id"])
    op.create_index("ix_member_account_id_last_seen_at_id", "member", ["account_id", "last_seen_at", "id"])
    op.create_index("ix_member_account_id_status_id", "member", ["account_id", "status", "id"])
    op.create_index("ix_member_account_id_type_id", "member", ["account_id", "type", "id"])
    op.create_index("ix_member_created_at_id", "member", ["created_at", "id"])
    op.create_index("ix_member_last_seen_at_id", "member", ["last_seen_at", "id"])
    op.create_index("ix_member_person_id", "member", ["person_id"])
    op.create_index(
        "ix_member_phone_search", "member", ["phone"], postgresql_using="gin", postgresql_ops={"phone": "gin_trgm_ops"}
    )
    op.create_index("ix_member_status_id", "member", ["status", "id"])
    op.create_index("ix_member_type_id", "member", ["type", "id"])
    op.create_index(
        "uq_member_first",
        "member",
        ["account_id"],
        unique=True,
        sqlite_where=sa.text("is_first"),
        postgresql_where=sa.text("is_first"),
    )
    op.create_index(
        "uq_member_owner",
        "member",
        ["account_id"],
        unique=True,
        sqlite_where=sa.text("is_owner"),
        postgresql_where=sa.text("is_owner"),
    )


def _month_close() -> None:
    op.create_table(
        "month_close",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("closed_at", MOMENT, nullable=False),
        sa.Column("closed_by_id", KEY),
        sa.Column("totals", JSON, nullable=False),
        sa.CheckConstraint("length(month) = 7", name=op.f("ck_month_close_month_is_year_and_month")),
        sa.ForeignKeyConstraint(["closed_by_id"], ["person.id"], name=op.f("fk_month_close_closed_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_month_close")),
        sa.UniqueConstraint("month", name=op.f("uq_month_close_month")),
        sa.UniqueConstraint("public_id", name=op.f("uq_month_close_public_id")),
    )
    op.create_index("ix_month_close_closed_at_id", "month_close", ["closed_at", "id"])
    op.create_index(op.f("ix_month_close_closed_by_id"), "month_close", ["closed_by_id"])


def _notification() -> None:
    op.create_table(
        "notification",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", KEY),
        sa.Column("person_id", KEY),
        sa.Column("permission", sa.String(length=60)),
        sa.Column(
            "kind",
            _choice(
                "notificationkind",
                "ticket_replies",
                "service_status",
                "invoices",
                "payments",
                "security",
                "newsletters",
            ),
            nullable=False,
        ),
        sa.Column("event", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("target_type", sa.String(length=60)),
        sa.Column("target_key", sa.String(length=80)),
        sa.Column("mandatory", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "(person_id IS NULL) <> (permission IS NULL)", name=op.f("ck_notification_person_or_permission")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_notification_account_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_notification_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification")),
        sa.UniqueConstraint("public_id", name=op.f("uq_notification_public_id")),
    )
    op.create_index("ix_notification_account_id_created_at_id", "notification", ["account_id", "created_at", "id"])
    op.create_index("ix_notification_account_id_kind_id", "notification", ["account_id", "kind", "id"])
    op.create_index("ix_notification_created_at_id", "notification", ["created_at", "id"])
    op.create_index("ix_notification_kind_id", "notification", ["kind", "id"])
    op.create_index("ix_notification_person_id_created_at_id", "notification", ["person_id", "created_at", "id"])
    op.create_index(
        "ix_notification_title_search",
        "notification",
        ["title"],
        postgresql_using="gin",
        postgresql_ops={"title": "gin_trgm_ops"},
    )


def _notification_preference() -> None:
    op.create_table(
        "notification_preference",
        sa.Column("id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column(
            "kind",
            _choice(
                "notificationkind",
                "ticket_replies",
                "service_status",
                "invoices",
                "payments",
                "security",
                "newsletters",
            ),
            nullable=False,
        ),
        sa.Column("channel", _choice("notificationchannel", "portal", "email", "sms", "telegram"), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.CheckConstraint("enabled OR kind <> 'security'", name=op.f("ck_notification_preference_security_stays_on")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_notification_preference_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification_preference")),
        sa.UniqueConstraint(
            "person_id", "kind", "channel", name=op.f("uq_notification_preference_person_id_kind_channel")
        ),
    )


def _passkey() -> None:
    op.create_table(
        "passkey",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(length=1023), nullable=False),
        sa.Column("public_key", sa.LargeBinary(length=2048), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("transports", JSON, nullable=False),
        sa.Column("backed_up", sa.Boolean(), nullable=False),
        sa.Column("last_used_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("sign_count >= 0", name=op.f("ck_passkey_sign_count_not_negative")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_passkey_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkey_credential_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_passkey_public_id")),
    )
    op.create_index(op.f("ix_passkey_person_id"), "passkey", ["person_id"])


def _password_reset() -> None:
    op.create_table(
        "password_reset",
        sa.Column("id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("kind", _choice("passwordresetkind", "link", "temporary_password", "invitation"), nullable=False),
        sa.Column("token_hash", sa.String(length=255), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("requested_by_id", KEY),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT),
        sa.Column("superseded_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_password_reset_person_id")),
        sa.ForeignKeyConstraint(["requested_by_id"], ["person.id"], name=op.f("fk_password_reset_requested_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_password_reset")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_password_reset_token_hash")),
    )
    op.create_index(op.f("ix_password_reset_person_id"), "password_reset", ["person_id"])
    op.create_index(op.f("ix_password_reset_requested_by_id"), "password_reset", ["requested_by_id"])
    op.create_index(
        "uq_password_reset_live",
        "password_reset",
        ["person_id"],
        unique=True,
        sqlite_where=sa.text("used_at IS NULL AND superseded_at IS NULL"),
        postgresql_where=sa.text("used_at IS NULL AND superseded_at IS NULL"),
    )


def _payment_method() -> None:
    op.create_table(
        "payment_method",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("kind", _choice("paymentmethodkind", "card", "billing_agreement", "bank_account"), nullable=False),
        sa.Column("status", _choice("paymentmethodstatus", "pending", "active", "expired", "removed"), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("brand", sa.String(length=40)),
        sa.Column("last_four", sa.String(length=4)),
        sa.Column("expires_on", sa.Date()),
        sa.Column("gateway", sa.String(length=40), nullable=False),
        sa.Column("gateway_customer_ref", sa.String(length=120)),
        sa.Column("gateway_method_ref", sa.String(length=120)),
        sa.Column("added_by_id", KEY),
        sa.Column("removed_at", MOMENT),
        sa.Column("expiry_warned_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(status = 'removed') = (removed_at IS NOT NULL)", name=op.f("ck_payment_method_removed_has_its_moment")
        ),
        sa.CheckConstraint("NOT is_default OR status = 'active'", name=op.f("ck_payment_method_default_is_active")),
        sa.CheckConstraint("length(last_four) <= 4", name=op.f("ck_payment_method_last_four_is_all_we_keep")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_payment_method_account_id")),
        sa.ForeignKeyConstraint(["added_by_id"], ["person.id"], name=op.f("fk_payment_method_added_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_method")),
        sa.UniqueConstraint("account_id", "id", name="uq_payment_method_account_id_id"),
        sa.UniqueConstraint("gateway", "gateway_customer_ref", "gateway_method_ref", name="uq_payment_method_refs"),
        sa.UniqueConstraint("public_id", name=op.f("uq_payment_method_public_id")),
    )
    op.create_index("ix_payment_method_account_id_created_at_id", "payment_method", ["account_id", "created_at", "id"])
    op.create_index("ix_payment_method_account_id_expires_on_id", "payment_method", ["account_id", "expires_on", "id"])
    op.create_index(op.f("ix_payment_method_added_by_id"), "payment_method", ["added_by_id"])
    op.create_index("ix_payment_method_created_at_id", "payment_method", ["created_at", "id"])
    op.create_index("ix_payment_method_expires_on_id", "payment_method", ["expires_on", "id"])
    op.create_index(
        "uq_payment_method_default",
        "payment_method",
        ["account_id"],
        unique=True,
        sqlite_where=sa.text("is_default"),
        postgresql_where=sa.text("is_default"),
    )


def _phone_verification() -> None:
    op.create_table(
        "phone_verification",
        sa.Column("id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("purpose", _choice("phoneverificationpurpose", "verify", "release"), nullable=False),
        sa.Column("phone", sa.String(length=32), nullable=False),
        sa.Column("code_hash", sa.String(length=255), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT),
        sa.Column("superseded_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("tries >= 0", name=op.f("ck_phone_verification_tries_not_negative")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_phone_verification_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_verification")),
    )
    op.create_index(op.f("ix_phone_verification_person_id"), "phone_verification", ["person_id"])
    op.create_index(op.f("ix_phone_verification_phone"), "phone_verification", ["phone"])


def _policy_decision() -> None:
    op.create_table(
        "policy_decision",
        sa.Column("id", KEY, nullable=False),
        sa.Column("policy_version_id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("decision", _choice("decision", "accepted", "declined"), nullable=False),
        sa.Column("decided_at", MOMENT, nullable=False),
        sa.Column("ip", sa.String(length=45)),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_policy_decision_person_id")),
        sa.ForeignKeyConstraint(
            ["policy_version_id"], ["policy_version.id"], name=op.f("fk_policy_decision_policy_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_decision")),
    )
    op.create_index("ix_policy_decision_decided_at_id", "policy_decision", ["decided_at", "id"])
    op.create_index(
        "ix_policy_decision_person_id_policy_version_id_id", "policy_decision", ["person_id", "policy_version_id", "id"]
    )
    op.create_index(op.f("ix_policy_decision_policy_version_id"), "policy_decision", ["policy_version_id"])


def _prospect() -> None:
    op.create_table(
        "prospect",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("company", sa.String(length=255), nullable=False),
        sa.Column("company_key", sa.String(length=255), nullable=False),
        sa.Column("contact", sa.String(length=120), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("phone", sa.String(length=32)),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("note", sa.String(length=2000)),
        sa.Column("reserved_until", sa.Date(), nullable=False),
        sa.Column("reserved_by_id", KEY),
        sa.Column("released_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("company_key <> ''", name=op.f("ck_prospect_company_key_not_empty")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_prospect_account_id")),
        sa.ForeignKeyConstraint(["reserved_by_id"], ["person.id"], name=op.f("fk_prospect_reserved_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prospect")),
        sa.UniqueConstraint("public_id", name=op.f("uq_prospect_public_id")),
    )
    op.create_index("ix_prospect_account_id_company_id", "prospect", ["account_id", "company", "id"])
    op.create_index("ix_prospect_account_id_country_id", "prospect", ["account_id", "country", "id"])
    op.create_index("ix_prospect_account_id_created_at_id", "prospect", ["account_id", "created_at", "id"])
    op.create_index("ix_prospect_account_id_reserved_until_id", "prospect", ["account_id", "reserved_until", "id"])
    op.create_index("ix_prospect_company_id", "prospect", ["company", "id"])
    op.create_index(
        "ix_prospect_company_search",
        "prospect",
        ["company"],
        postgresql_using="gin",
        postgresql_ops={"company": "gin_trgm_ops"},
    )
    op.create_index(
        "ix_prospect_contact_search",
        "prospect",
        ["contact"],
        postgresql_using="gin",
        postgresql_ops={"contact": "gin_trgm_ops"},
    )
    op.create_index("ix_prospect_country_id", "prospect", ["country", "id"])
    op.create_index("ix_prospect_created_at_id", "prospect", ["created_at", "id"])
    op.create_index(
        "ix_prospect_email_search",
        "prospect",
        ["email"],
        postgresql_using="gin",
        postgresql_ops={"email": "gin_trgm_ops"},
    )
    op.create_index(op.f("ix_prospect_reserved_by_id"), "prospect", ["reserved_by_id"])
    op.create_index("ix_prospect_reserved_until_id", "prospect", ["reserved_until", "id"])
    op.create_index(
        "uq_prospect_live",
        "prospect",
        ["company_key", "country"],
        unique=True,
        sqlite_where=sa.text("released_at IS NULL"),
        postgresql_where=sa.text("released_at IS NULL"),
    )


def _recovery_code() -> None:
    op.create_table(
        "recovery_code",
        sa.Column("id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("code_hash", sa.String(length=255), nullable=False),
        sa.Column("used_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_recovery_code_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
        sa.UniqueConstraint("person_id", "code_hash", name=op.f("uq_recovery_code_person_id_code_hash")),
    )


def _release_file() -> None:
    op.create_table(
        "release_file",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("release_id", KEY, nullable=False),
        sa.Column("file_id", KEY, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("platform", sa.String(length=60)),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("size >= 0", name=op.f("ck_release_file_size_not_negative")),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_release_file_file_id")),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_release_file_release_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release_file")),
        sa.UniqueConstraint("public_id", name=op.f("uq_release_file_public_id")),
        sa.UniqueConstraint("release_id", "name", name=op.f("uq_release_file_release_id_name")),
    )
    op.create_index(op.f("ix_release_file_file_id"), "release_file", ["file_id"])


def _saved_view() -> None:
    op.create_table(
        "saved_view",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("realm", sa.String(length=16), nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("query", sa.String(length=2000), nullable=False),
        sa.Column("columns", JSON, nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("NOT shared OR realm = 'staff'", name=op.f("ck_saved_view_only_staff_share")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_saved_view_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("person_id", "realm", "slug", "name", name=op.f("uq_saved_view_person_id_realm_slug_name")),
        sa.UniqueConstraint("public_id", name=op.f("uq_saved_view_public_id")),
    )


def _setting() -> None:
    op.create_table(
        "setting",
        sa.Column("id", KEY, nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("value", JSON, nullable=False),
        sa.Column("changed_at", MOMENT),
        sa.Column("changed_by_id", KEY),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["changed_by_id"], ["person.id"], name=op.f("fk_setting_changed_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_setting")),
        sa.UniqueConstraint("key", name=op.f("uq_setting_key")),
    )
    op.create_index(op.f("ix_setting_changed_by_id"), "setting", ["changed_by_id"])
    op.create_index("ix_setting_key_id", "setting", ["key", "id"])
    op.create_index(
        "ix_setting_key_search", "setting", ["key"], postgresql_using="gin", postgresql_ops={"key": "gin_trgm_ops"}
    )


def _sign_in_session() -> None:
    op.create_table(
        "sign_in_session",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("last_seen_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.Column(
            "end_reason",
            _choice(
                "sessionend",
                "signed_out",
                "expired",
                "ended_by_person",
                "password_changed",
                "factor_reset",
                "disabled",
                "account_suspended",
                "replaced",
            ),
        ),
        sa.Column("ip", sa.String(length=45)),
        sa.Column("user_agent", sa.String(length=400)),
        sa.Column("place", sa.String(length=120)),
        sa.Column("second_step_at", MOMENT),
        sa.Column("proved_at", MOMENT),
        sa.Column("remember", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name=op.f("ck_sign_in_session_end_has_reason")),
        sa.CheckConstraint("length(token_hash) = 64", name=op.f("ck_sign_in_session_token_hash_length")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_sign_in_session_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_session")),
        sa.UniqueConstraint("public_id", name=op.f("uq_sign_in_session_public_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sign_in_session_token_hash")),
    )
    op.create_index(op.f("ix_sign_in_session_expires_at"), "sign_in_session", ["expires_at"])
    op.create_index("ix_sign_in_session_person_id_ended_at", "sign_in_session", ["person_id", "ended_at"])


def _social_identity() -> None:
    op.create_table(
        "social_identity",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("email", sa.String(length=254)),
        sa.Column("last_used_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_social_identity_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_social_identity")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_social_identity_issuer_subject")),
        sa.UniqueConstraint("public_id", name=op.f("uq_social_identity_public_id")),
    )
    op.create_index(op.f("ix_social_identity_person_id"), "social_identity", ["person_id"])


def _staff_member() -> None:
    op.create_table(
        "staff_member",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("person_kind", _choice("personkind", "staff", "member"), nullable=False),
        sa.Column(
            "role",
            _choice("staffrole", "administrator", "billing", "sales", "support_agent", "auditor"),
            nullable=False,
        ),
        sa.Column("status", _choice("staffstatus", "invited", "enabled", "disabled"), nullable=False),
        sa.Column("signature", sa.String(length=1000)),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("person_kind = 'staff'", name=op.f("ck_staff_member_person_is_staff")),
        sa.ForeignKeyConstraint(
            ["person_id", "person_kind"], ["person.id", "person.kind"], name="fk_staff_member_person"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_member")),
        sa.UniqueConstraint("person_id", name=op.f("uq_staff_member_person_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_staff_member_public_id")),
    )
    op.create_index("ix_staff_member_created_at_id", "staff_member", ["created_at", "id"])
    op.create_index("ix_staff_member_role_id", "staff_member", ["role", "id"])
    op.create_index("ix_staff_member_status_id", "staff_member", ["status", "id"])


def _telegram_binding() -> None:
    op.create_table(
        "telegram_binding",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("chat_id", sa.BigInteger()),
        sa.Column("chat_name", sa.String(length=120)),
        sa.Column("code_hash", sa.String(length=64)),
        sa.Column("code_expires_at", MOMENT),
        sa.Column("bound_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("(bound_at IS NULL) = (chat_id IS NULL)", name=op.f("ck_telegram_binding_bound_has_chat")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_telegram_binding_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_telegram_binding")),
        sa.UniqueConstraint("chat_id", name=op.f("uq_telegram_binding_chat_id")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_telegram_binding_code_hash")),
        sa.UniqueConstraint("person_id", name=op.f("uq_telegram_binding_person_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_telegram_binding_public_id")),
    )


def _totp_factor() -> None:
    op.create_table(
        "totp_factor",
        sa.Column("id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("secret", sa.String(length=500), nullable=False),
        sa.Column("confirmed_at", MOMENT),
        sa.Column("last_used_step", sa.BigInteger(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_totp_factor_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_totp_factor")),
        sa.UniqueConstraint("person_id", name=op.f("uq_totp_factor_person_id")),
    )


def _announcement() -> None:
    op.create_table(
        "announcement",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("kind", _choice("announcementkind", "notice", "service_status", "newsletter"), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("emergency", sa.Boolean(), nullable=False),
        sa.Column("for_all", sa.Boolean(), nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT),
        sa.Column("blocked_ticket_type_id", KEY),
        sa.Column("sent_at", MOMENT),
        sa.Column("written_by_id", KEY),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "blocked_ticket_type_id IS NULL OR ends_at IS NOT NULL", name=op.f("ck_announcement_block_has_end")
        ),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_announcement_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["blocked_ticket_type_id"], ["ticket_type.id"], name=op.f("fk_announcement_blocked_ticket_type_id")
        ),
        sa.ForeignKeyConstraint(["written_by_id"], ["staff_member.id"], name=op.f("fk_announcement_written_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_announcement")),
        sa.UniqueConstraint("public_id", name=op.f("uq_announcement_public_id")),
    )
    op.create_index(op.f("ix_announcement_blocked_ticket_type_id"), "announcement", ["blocked_ticket_type_id"])
    op.create_index("ix_announcement_created_at_id", "announcement", ["created_at", "id"])
    op.create_index("ix_announcement_starts_at_id", "announcement", ["starts_at", "id"])
    op.create_index("ix_announcement_title_id", "announcement", ["title", "id"])
    op.create_index(
        "ix_announcement_title_search",
        "announcement",
        ["title"],
        postgresql_using="gin",
        postgresql_ops={"title": "gin_trgm_ops"},
    )
    op.create_index(op.f("ix_announcement_written_by_id"), "announcement", ["written_by_id"])


def _auto_top_up() -> None:
    op.create_table(
        "auto_top_up",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("payment_method_id", KEY, nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("threshold", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("last_run_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_auto_top_up_amount_positive")),
        sa.CheckConstraint("threshold >= 0", name=op.f("ck_auto_top_up_threshold_not_negative")),
        sa.ForeignKeyConstraint(
            ["account_id", "payment_method_id"],
            ["payment_method.account_id", "payment_method.id"],
            name="fk_auto_top_up_payment_method_id",
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_auto_top_up_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auto_top_up")),
        sa.UniqueConstraint("account_id", name=op.f("uq_auto_top_up_account_id")),
    )
    op.create_index(op.f("ix_auto_top_up_payment_method_id"), "auto_top_up", ["payment_method_id"])


def _data_request() -> None:
    op.create_table(
        "data_request",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", KEY),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("kind", _choice("datarequestkind", "export", "deletion", "restriction"), nullable=False),
        sa.Column(
            "status",
            _choice("datarequeststatus", "open", "in_progress", "done", "refused", "withdrawn"),
            nullable=False,
        ),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("note", sa.String(length=1000)),
        sa.Column("outcome", sa.Text()),
        sa.Column("closed_at", MOMENT),
        sa.Column("handled_by_id", KEY),
        sa.Column("file_id", KEY),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(status IN ('done', 'refused', 'withdrawn')) = (closed_at IS NOT NULL)",
            name=op.f("ck_data_request_closed_has_time"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_data_request_account_id")),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_data_request_file_id")),
        sa.ForeignKeyConstraint(["handled_by_id"], ["staff_member.id"], name=op.f("fk_data_request_handled_by_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_data_request_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_request")),
        sa.UniqueConstraint("public_id", name=op.f("uq_data_request_public_id")),
    )
    op.create_index("ix_data_request_account_id_created_at_id", "data_request", ["account_id", "created_at", "id"])
    op.create_index("ix_data_request_account_id_due_on_id", "data_request", ["account_id", "due_on", "id"])
    op.create_index("ix_data_request_account_id_status_id", "data_request", ["account_id", "status", "id"])
    op.create_index("ix_data_request_created_at_id", "data_request", ["created_at", "id"])
    op.create_index("ix_data_request_due_on_id", "data_request", ["due_on", "id"])
    op.create_index(op.f("ix_data_request_file_id"), "data_request", ["file_id"])
    op.create_index(op.f("ix_data_request_handled_by_id"), "data_request", ["handled_by_id"])
    op.create_index("ix_data_request_person_id", "data_request", ["person_id"])
    op.create_index("ix_data_request_status_id", "data_request", ["status", "id"])


def _download() -> None:
    op.create_table(
        "download",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("release_file_id", KEY, nullable=False),
        sa.Column("person_id", KEY),
        sa.Column("downloaded_at", MOMENT, nullable=False),
        sa.Column("ip", sa.String(length=45)),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_download_account_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_download_person_id")),
        sa.ForeignKeyConstraint(["release_file_id"], ["release_file.id"], name=op.f("fk_download_release_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_download")),
    )
    op.create_index("ix_download_account_id_downloaded_at_id", "download", ["account_id", "downloaded_at", "id"])
    op.create_index(op.f("ix_download_person_id"), "download", ["person_id"])
    op.create_index("ix_download_release_file_id", "download", ["release_file_id"])


def _item_transfer_line() -> None:
    op.create_table(
        "item_transfer_line",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("transfer_id", KEY, nullable=False),
        sa.Column("license_id", KEY, nullable=False),
        sa.Column("product_id", KEY, nullable=False),
        sa.Column("direction", _choice("transferdirection", "taken", "given"), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("quantity_before", sa.Integer(), nullable=False),
        sa.Column("quantity_after", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "quantity_after = quantity_before + CASE direction WHEN 'given' THEN quantity ELSE -quantity END",
            name=op.f("ck_item_transfer_line_quantities_add_up"),
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_item_transfer_line_quantity_positive")),
        sa.CheckConstraint(
            "quantity_before >= 0 AND quantity_after >= 0", name=op.f("ck_item_transfer_line_quantities_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "license_id"], ["license.account_id", "license.id"], name="fk_item_transfer_line_license_id"
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "transfer_id"],
            ["item_transfer.account_id", "item_transfer.id"],
            name="fk_item_transfer_line_transfer_id",
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_item_transfer_line_account_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_item_transfer_line_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_transfer_line")),
        sa.UniqueConstraint("transfer_id", "product_id", "direction", name="uq_item_transfer_line_side"),
    )
    op.create_index("ix_item_transfer_line_account_id", "item_transfer_line", ["account_id"])
    op.create_index("ix_item_transfer_line_license_id", "item_transfer_line", ["license_id"])
    op.create_index(op.f("ix_item_transfer_line_product_id"), "item_transfer_line", ["product_id"])


def _login_consent() -> None:
    op.create_table(
        "login_consent",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("staff_member_id", KEY),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("status", _choice("loginconsentstatus", "asked", "given", "declined", "withdrawn"), nullable=False),
        sa.Column("decided_by_id", KEY),
        sa.Column("decided_at", MOMENT),
        sa.Column("valid_until", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("status <> 'given' OR valid_until IS NOT NULL", name=op.f("ck_login_consent_given_has_end")),
        sa.CheckConstraint(
            "status = 'asked' OR decided_at IS NOT NULL", name=op.f("ck_login_consent_decided_has_time")
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "decided_by_id"], ["member.account_id", "member.id"], name="fk_login_consent_decided_by_id"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_login_consent_account_id")),
        sa.ForeignKeyConstraint(
            ["staff_member_id"], ["staff_member.id"], name=op.f("fk_login_consent_staff_member_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_consent")),
        sa.UniqueConstraint("account_id", "id", name="uq_login_consent_account_id_id"),
        sa.UniqueConstraint("public_id", name=op.f("uq_login_consent_public_id")),
    )
    op.create_index("ix_login_consent_account_id_created_at_id", "login_consent", ["account_id", "created_at", "id"])
    op.create_index("ix_login_consent_created_at_id", "login_consent", ["created_at", "id"])
    op.create_index("ix_login_consent_decided_by_id", "login_consent", ["decided_by_id"])
    op.create_index(op.f("ix_login_consent_staff_member_id"), "login_consent", ["staff_member_id"])


def _member_interest() -> None:
    op.create_table(
        "member_interest",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("member_id", KEY, nullable=False),
        sa.Column("interest_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "member_id"],
            ["member.account_id", "member.id"],
            name="fk_member_interest_member_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_member_interest_account_id")),
        sa.ForeignKeyConstraint(["interest_id"], ["interest.id"], name=op.f("fk_member_interest_interest_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_interest")),
        sa.UniqueConstraint(
            "account_id", "member_id", "interest_id", name=op.f("uq_member_interest_account_id_member_id_interest_id")
        ),
    )
    op.create_index(op.f("ix_member_interest_interest_id"), "member_interest", ["interest_id"])
    op.create_index("ix_member_interest_member_id", "member_interest", ["member_id"])


def _member_invitation() -> None:
    op.create_table(
        "member_invitation",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("member_id", KEY, nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("invited_by_id", KEY),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("accepted_at", MOMENT),
        sa.Column("withdrawn_at", MOMENT),
        sa.Column("superseded_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "member_id"],
            ["member.account_id", "member.id"],
            name="fk_member_invitation_member_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_member_invitation_account_id")),
        sa.ForeignKeyConstraint(["invited_by_id"], ["person.id"], name=op.f("fk_member_invitation_invited_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_invitation")),
        sa.UniqueConstraint("public_id", name=op.f("uq_member_invitation_public_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_member_invitation_token_hash")),
    )
    op.create_index(
        "ix_member_invitation_account_id_created_at_id", "member_invitation", ["account_id", "created_at", "id"]
    )
    op.create_index("ix_member_invitation_created_at_id", "member_invitation", ["created_at", "id"])
    op.create_index(op.f("ix_member_invitation_invited_by_id"), "member_invitation", ["invited_by_id"])
    op.create_index("ix_member_invitation_member_id", "member_invitation", ["member_id"])
    op.create_index(
        "uq_member_invitation_live",
        "member_invitation",
        ["account_id", "member_id"],
        unique=True,
        sqlite_where=sa.text("accepted_at IS NULL AND withdrawn_at IS NULL AND superseded_at IS NULL"),
        postgresql_where=sa.text("accepted_at IS NULL AND withdrawn_at IS NULL AND superseded_at IS NULL"),
    )


def _member_role() -> None:
    op.create_table(
        "member_role",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("member_id", KEY, nullable=False),
        sa.Column(
            "role",
            _choice(
                "memberrole",
                "owner",
                "billing",
                "payments",
                "licenses",
                "licenses_edit",
                "subscriptions",
                "subscriptions_edit",
                "support_chat",
                "tickets",
                "release_manager",
            ),
            nullable=False,
        ),
        sa.Column("granted_by_id", KEY),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("role <> 'owner'", name=op.f("ck_member_role_owner_is_on_member")),
        sa.ForeignKeyConstraint(
            ["account_id", "member_id"],
            ["member.account_id", "member.id"],
            name="fk_member_role_member_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_member_role_account_id")),
        sa.ForeignKeyConstraint(["granted_by_id"], ["person.id"], name=op.f("fk_member_role_granted_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_role")),
        sa.UniqueConstraint("account_id", "member_id", "role", name=op.f("uq_member_role_account_id_member_id_role")),
        sa.UniqueConstraint("public_id", name=op.f("uq_member_role_public_id")),
    )
    op.create_index("ix_member_role_account_id_created_at_id", "member_role", ["account_id", "created_at", "id"])
    op.create_index("ix_member_role_created_at_id", "member_role", ["created_at", "id"])
    op.create_index(op.f("ix_member_role_granted_by_id"), "member_role", ["granted_by_id"])
    op.create_index("ix_member_role_member_id", "member_role", ["member_id"])


def _notification_delivery() -> None:
    op.create_table(
        "notification_delivery",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", KEY),
        sa.Column("notification_id", KEY),
        sa.Column("person_id", KEY),
        sa.Column("event", sa.String(length=80), nullable=False),
        sa.Column("channel", _choice("notificationchannel", "portal", "email", "sms", "telegram"), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text()),
        sa.Column("message_id", sa.String(length=255), nullable=False),
        sa.Column("reply_to", sa.String(length=320)),
        sa.Column("in_reply_to", sa.String(length=255)),
        sa.Column("headers", JSON, nullable=False),
        sa.Column("file_keys", JSON, nullable=False),
        sa.Column("secret", sa.Boolean(), nullable=False),
        sa.Column("unique_key", sa.String(length=160)),
        sa.Column(
            "state", _choice("deliverystate", "waiting", "sending", "sent", "failed", "cancelled"), nullable=False
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try_at", MOMENT),
        sa.Column("lease_until", MOMENT),
        sa.Column("sent_at", MOMENT),
        sa.Column("error", sa.Text()),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "state <> 'sent' OR sent_at IS NOT NULL", name=op.f("ck_notification_delivery_sent_has_time")
        ),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_notification_delivery_attempts_not_negative")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_notification_delivery_account_id")),
        sa.ForeignKeyConstraint(
            ["notification_id"], ["notification.id"], name=op.f("fk_notification_delivery_notification_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_notification_delivery_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification_delivery")),
        sa.UniqueConstraint("message_id", name=op.f("uq_notification_delivery_message_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_notification_delivery_public_id")),
        sa.UniqueConstraint("unique_key", name=op.f("uq_notification_delivery_unique_key")),
    )
    op.create_index(
        "ix_notification_delivery_account_id_created_at_id", "notification_delivery", ["account_id", "created_at", "id"]
    )
    op.create_index(
        "ix_notification_delivery_account_id_state_id", "notification_delivery", ["account_id", "state", "id"]
    )
    op.create_index(
        "ix_notification_delivery_address_search",
        "notification_delivery",
        ["address"],
        postgresql_using="gin",
        postgresql_ops={"address": "gin_trgm_ops"},
    )
    op.create_index("ix_notification_delivery_created_at_id", "notification_delivery", ["created_at", "id"])
    op.create_index(op.f("ix_notification_delivery_notification_id"), "notification_delivery", ["notification_id"])
    op.create_index(op.f("ix_notification_delivery_person_id"), "notification_delivery", ["person_id"])
    op.create_index("ix_notification_delivery_state_id", "notification_delivery", ["state", "id"])
    op.create_index("ix_notification_delivery_state_next_try_at", "notification_delivery", ["state", "next_try_at"])
    op.create_index(
        "ix_notification_delivery_subject_search",
        "notification_delivery",
        ["subject"],
        postgresql_using="gin",
        postgresql_ops={"subject": "gin_trgm_ops"},
    )


def _notification_read() -> None:
    op.create_table(
        "notification_read",
        sa.Column("id", KEY, nullable=False),
        sa.Column("notification_id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("read_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["notification_id"], ["notification.id"], name=op.f("fk_notification_read_notification_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_notification_read_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification_read")),
        sa.UniqueConstraint(
            "notification_id", "person_id", name=op.f("uq_notification_read_notification_id_person_id")
        ),
    )
    op.create_index(op.f("ix_notification_read_person_id"), "notification_read", ["person_id"])


def _ownership_change() -> None:
    op.create_table(
        "ownership_change",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("from_member_id", KEY, nullable=False),
        sa.Column("to_member_id", KEY, nullable=False),
        sa.Column("proposed_by_id", KEY),
        sa.Column(
            "status",
            _choice("ownershipchangestatus", "proposed", "done", "declined", "withdrawn", "expired"),
            nullable=False,
        ),
        sa.Column("from_confirmed_at", MOMENT),
        sa.Column("to_confirmed_at", MOMENT),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("closed_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "status <> 'done' OR (from_confirmed_at IS NOT NULL AND to_confirmed_at IS NOT NULL)",
            name=op.f("ck_ownership_change_done_when_both_confirmed"),
        ),
        sa.CheckConstraint("from_member_id <> to_member_id", name=op.f("ck_ownership_change_two_members")),
        sa.ForeignKeyConstraint(
            ["account_id", "from_member_id"],
            ["member.account_id", "member.id"],
            name="fk_ownership_change_from_member_id",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "to_member_id"], ["member.account_id", "member.id"], name="fk_ownership_change_to_member_id"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_ownership_change_account_id")),
        sa.ForeignKeyConstraint(["proposed_by_id"], ["person.id"], name=op.f("fk_ownership_change_proposed_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ownership_change")),
        sa.UniqueConstraint("public_id", name=op.f("uq_ownership_change_public_id")),
    )
    op.create_index(
        "ix_ownership_change_account_id_created_at_id", "ownership_change", ["account_id", "created_at", "id"]
    )
    op.create_index("ix_ownership_change_created_at_id", "ownership_change", ["created_at", "id"])
    op.create_index("ix_ownership_change_from_member_id", "ownership_change", ["from_member_id"])
    op.create_index(op.f("ix_ownership_change_proposed_by_id"), "ownership_change", ["proposed_by_id"])
    op.create_index("ix_ownership_change_to_member_id", "ownership_change", ["to_member_id"])
    op.create_index(
        "uq_ownership_change_live",
        "ownership_change",
        ["account_id"],
        unique=True,
        sqlite_where=sa.text("status = 'proposed'"),
        postgresql_where=sa.text("status = 'proposed'"),
    )


def _payment() -> None:
    op.create_table(
        "payment",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column(
            "method",
            _choice("paymentkind", "card", "cheque", "bank_transfer", "paypal", "paypal_agreement", "balance", "other"),
            nullable=False,
        ),
        sa.Column("gateway", sa.String(length=40)),
        sa.Column(
            "status",
            _choice("paymentstatus", "pending", "being_checked", "settled", "failed", "partially_refunded", "refunded"),
            nullable=False,
        ),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("amount_allocated", sa.BigInteger(), nullable=False),
        sa.Column("amount_refunded", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("reference", sa.String(length=120)),
        sa.Column("remark", sa.String(length=1000)),
        sa.Column("paid_by_id", KEY),
        sa.Column("payment_method_id", KEY),
        sa.Column("settled_at", MOMENT),
        sa.Column("failure_reason", sa.String(length=255)),
        sa.Column("gateway_ref", sa.String(length=120)),
        sa.Column("idempotency_key", sa.String(length=120)),
        sa.Column("external_ref", sa.String(length=120)),
        sa.Column("intent", JSON, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(status IN ('settled', 'partially_refunded', 'refunded')) = (settled_at IS NOT NULL)",
            name=op.f("ck_payment_settled_has_its_moment"),
        ),
        sa.CheckConstraint(
            "CASE status WHEN 'refunded' THEN amount_refunded = amount WHEN 'partially_refunded' "
            "THEN amount_refunded > 0 AND amount_refunded < amount ELSE amount_refunded = 0 END",
            name=op.f("ck_payment_status_agrees_with_refunds"),
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payment_amount_positive")),
        sa.CheckConstraint(
            "amount_allocated BETWEEN 0 AND amount - amount_refunded", name=op.f("ck_payment_allocated_at_most_amount")
        ),
        sa.CheckConstraint("amount_refunded BETWEEN 0 AND amount", name=op.f("ck_payment_refunded_at_most_amount")),
        sa.CheckConstraint("fee >= 0", name=op.f("ck_payment_fee_not_negative")),
        sa.CheckConstraint(
            "settled_at IS NOT NULL OR amount_allocated = 0", name=op.f("ck_payment_only_settled_is_allocated")
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "payment_method_id"],
            ["payment_method.account_id", "payment_method.id"],
            name="fk_payment_payment_method_id",
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_payment_account_id")),
        sa.ForeignKeyConstraint(["paid_by_id"], ["person.id"], name=op.f("fk_payment_paid_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("account_id", "external_ref", name=op.f("uq_payment_account_id_external_ref")),
        sa.UniqueConstraint("account_id", "id", "currency", name="uq_payment_account_id_id_currency"),
        sa.UniqueConstraint("account_id", "id", name="uq_payment_account_id_id"),
        sa.UniqueConstraint("account_id", "idempotency_key", name=op.f("uq_payment_account_id_idempotency_key")),
        sa.UniqueConstraint("gateway", "gateway_ref", name=op.f("uq_payment_gateway_gateway_ref")),
        sa.UniqueConstraint("number", name=op.f("uq_payment_number")),
    )
    op.create_index("ix_payment_account_id_amount_id", "payment", ["account_id", "amount", "id"])
    op.create_index("ix_payment_account_id_created_at_id", "payment", ["account_id", "created_at", "id"])
    op.create_index("ix_payment_account_id_method_id", "payment", ["account_id", "method", "id"])
    op.create_index("ix_payment_account_id_number_id", "payment", ["account_id", "number", "id"])
    op.create_index("ix_payment_account_id_received_on_id", "payment", ["account_id", "received_on", "id"])
    op.create_index(
        "ix_payment_account_id_status_received_on_id", "payment", ["account_id", "status", "received_on", "id"]
    )
    op.create_index("ix_payment_amount_id", "payment", ["amount", "id"])
    op.create_index("ix_payment_created_at_id", "payment", ["created_at", "id"])
    op.create_index("ix_payment_method_id", "payment", ["method", "id"])
    op.create_index("ix_payment_number_id", "payment", ["number", "id"])
    op.create_index(
        "ix_payment_number_search",
        "payment",
        ["number"],
        postgresql_using="gin",
        postgresql_ops={"number": "gin_trgm_ops"},
    )
    op.create_index(op.f("ix_payment_paid_by_id"), "payment", ["paid_by_id"])
    op.create_index(op.f("ix_payment_payment_method_id"), "payment", ["payment_method_id"])
    op.create_index("ix_payment_received_on_id", "payment", ["received_on", "id"])
    op.create_index(
        "ix_payment_reference_search",
        "payment",
        ["reference"],
        postgresql_using="gin",
        postgresql_ops={"reference": "gin_trgm_ops"},
    )
    op.create_index("ix_payment_status_received_on_id", "payment", ["status", "received_on", "id"])


def _staff_department() -> None:
    op.create_table(
        "staff_department",
        sa.Column("staff_member_id", KEY, nullable=False),
        sa.Column("department_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_staff_department_department_id")),
        sa.ForeignKeyConstraint(
            ["staff_member_id"], ["staff_member.id"], name=op.f("fk_staff_department_staff_member_id")
        ),
        sa.PrimaryKeyConstraint("staff_member_id", "department_id", name=op.f("pk_staff_department")),
    )
    op.create_index("ix_staff_department_department_id", "staff_department", ["department_id"])


def _subscription() -> None:
    op.create_table(
        "subscription",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("package_id", KEY, nullable=False),
        sa.Column("next_package_id", KEY),
        sa.Column("license_id", KEY),
        sa.Column("order_id", KEY),
        sa.Column("reseller_account_id", KEY),
        sa.Column("licensee", sa.String(length=120)),
        sa.Column(
            "status", _choice("subscriptionstatus", "active", "expired", "suspended", "terminated"), nullable=False
        ),
        sa.Column(
            "period", _choice("billingperiod", "once", "monthly", "quarterly", "yearly", "two_yearly"), nullable=False
        ),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("current_period_from", sa.Date(), nullable=False),
        sa.Column("current_period_to", sa.Date(), nullable=False),
        sa.Column("renews_on", sa.Date()),
        sa.Column("aligns_to_month", sa.Boolean(), nullable=False),
        sa.Column("trial_ends_on", sa.Date()),
        sa.Column("suspended_at", MOMENT),
        sa.Column("terminated_on", sa.Date()),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("recurring_price", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.String(length=120)),
        sa.Column("external_ref", sa.String(length=120)),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(status = 'terminated') = (terminated_on IS NOT NULL)", name=op.f("ck_subscription_terminated_has_its_day")
        ),
        sa.CheckConstraint(
            "current_period_to >= current_period_from", name=op.f("ck_subscription_period_ends_after_start")
        ),
        sa.CheckConstraint("recurring_price >= 0", name=op.f("ck_subscription_recurring_price_not_negative")),
        sa.CheckConstraint("terminated_on >= started_on", name=op.f("ck_subscription_terminated_after_start")),
        sa.ForeignKeyConstraint(
            ["account_id", "license_id"], ["license.account_id", "license.id"], name="fk_subscription_license_id"
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "order_id"],
            ["customer_order.account_id", "customer_order.id"],
            name="fk_subscription_order_id",
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_subscription_account_id")),
        sa.ForeignKeyConstraint(["next_package_id"], ["package.id"], name=op.f("fk_subscription_next_package_id")),
        sa.ForeignKeyConstraint(["package_id"], ["package.id"], name=op.f("fk_subscription_package_id")),
        sa.ForeignKeyConstraint(
            ["reseller_account_id"], ["account.id"], name=op.f("fk_subscription_reseller_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
        sa.UniqueConstraint("account_id", "external_ref", name=op.f("uq_subscription_account_id_external_ref")),
        sa.UniqueConstraint("account_id", "id", name="uq_subscription_account_id_id"),
        sa.UniqueConstraint("number", name=op.f("uq_subscription_number")),
    )
    op.create_index("ix_subscription_account_id_created_at_id", "subscription", ["account_id", "created_at", "id"])
    op.create_index(
        "ix_subscription_account_id_current_period_to_id", "subscription", ["account_id", "current_period_to", "id"]
    )
    op.create_index("ix_subscription_account_id_licensee_id", "subscription", ["account_id", "licensee", "id"])
    op.create_index("ix_subscription_account_id_number_id", "subscription", ["account_id", "number", "id"])
    op.create_index(
        "ix_subscription_account_id_recurring_price_id", "subscription", ["account_id", "recurring_price", "id"]
    )
    op.create_index("ix_subscription_account_id_reference_id", "subscription", ["account_id", "reference", "id"])
    op.create_index("ix_subscription_account_id_renews_on_id", "subscription", ["account_id", "renews_on", "id"])
    op.create_index("ix_subscription_account_id_started_on_id", "subscription", ["account_id", "started_on", "id"])
    op.create_index(
        "ix_subscription_account_id_status_created_at_id", "subscription", ["account_id", "status", "created_at", "id"]
    )
    op.create_index("ix_subscription_created_at_id", "subscription", ["created_at", "id"])
    op.create_index("ix_subscription_current_period_to_id", "subscription", ["current_period_to", "id"])
    op.create_index("ix_subscription_license_id", "subscription", ["license_id"])
    op.create_index("ix_subscription_licensee_id", "subscription", ["licensee", "id"])
    op.create_index(
        "ix_subscription_licensee_search",
        "subscription",
        ["licensee"],
        postgresql_using="gin",
        postgresql_ops={"licensee": "gin_trgm_ops"},
    )
    op.create_index(op.f("ix_subscription_next_package_id"), "subscription", ["next_package_id"])
    op.create_index("ix_subscription_number_id", "subscription", ["number", "id"])
    op.create_index(
        "ix_subscription_number_search",
        "subscription",
        ["number"],
        postgresql_using="gin",
        postgresql_ops={"number": "gin_trgm_ops"},
    )
    op.create_index("ix_subscription_order_id", "subscription", ["order_id"])
    op.create_index("ix_subscription_package_id_created_at_id", "subscription", ["package_id", "created_at", "id"])
    op.create_index("ix_subscription_recurring_price_id", "subscription", ["recurring_price", "id"])
    op.create_index("ix_subscription_reference_id", "subscription", ["reference", "id"])
    op.create_index(
        "ix_subscription_reference_search",
        "subscription",
        ["reference"],
        postgresql_using="gin",
        postgresql_ops={"reference": "gin_trgm_ops"},
    )
    op.create_index("ix_subscription_renews_on_id", "subscription", ["renews_on", "id"])
    op.create_index(
        "ix_subscription_reseller_account_id_created_at_id", "subscription", ["reseller_account_id", "created_at", "id"]
    )
    op.create_index("ix_subscription_started_on_id", "subscription", ["started_on", "id"])
    op.create_index("ix_subscription_status_created_at_id", "subscription", ["status", "created_at", "id"])
    op.create_index("ix_subscription_status_renews_on_id", "subscription", ["status", "renews_on", "id"])
    op.create_index(
        "uq_subscription_trial",
        "subscription",
        ["account_id", "package_id"],
        unique=True,
        sqlite_where=sa.text("trial_ends_on IS NOT NULL"),
        postgresql_where=sa.text("trial_ends_on IS NOT NULL"),
    )


def _announcement_account() -> None:
    op.create_table(
        "announcement_account",
        sa.Column("announcement_id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_announcement_account_account_id")),
        sa.ForeignKeyConstraint(
            ["announcement_id"],
            ["announcement.id"],
            name=op.f("fk_announcement_account_announcement_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("announcement_id", "account_id", name=op.f("pk_announcement_account")),
    )
    op.create_index(op.f("ix_announcement_account_account_id"), "announcement_account", ["account_id"])


def _data_request_step() -> None:
    op.create_table(
        "data_request_step",
        sa.Column("id", KEY, nullable=False),
        sa.Column("data_request_id", KEY, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("decision", _choice("stepdecision", "keep", "replace", "remove")),
        sa.Column("reason", sa.String(length=500)),
        sa.Column("done_at", MOMENT),
        sa.Column("done_by_id", KEY),
        sa.ForeignKeyConstraint(
            ["data_request_id"],
            ["data_request.id"],
            name=op.f("fk_data_request_step_data_request_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["done_by_id"], ["staff_member.id"], name=op.f("fk_data_request_step_done_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_request_step")),
        sa.UniqueConstraint("data_request_id", "position", name=op.f("uq_data_request_step_data_request_id_position")),
    )
    op.create_index(op.f("ix_data_request_step_done_by_id"), "data_request_step", ["done_by_id"])


def _gateway_event() -> None:
    op.create_table(
        "gateway_event",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("gateway", sa.String(length=40), nullable=False),
        sa.Column("event_id", sa.String(length=190), nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column(
            "status", _choice("gatewayeventstatus", "received", "processed", "ignored", "refused"), nullable=False
        ),
        sa.Column("occurred_at", MOMENT),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("processed_at", MOMENT),
        sa.Column("payment_id", KEY),
        sa.Column("payload", JSON, nullable=False),
        sa.Column("note", sa.String(length=255)),
        sa.CheckConstraint(
            "(status = 'received') = (processed_at IS NULL)", name=op.f("ck_gateway_event_processed_has_its_moment")
        ),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_gateway_event_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_event")),
        sa.UniqueConstraint("gateway", "event_id", name=op.f("uq_gateway_event_gateway_event_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_gateway_event_public_id")),
    )
    op.create_index(op.f("ix_gateway_event_payment_id"), "gateway_event", ["payment_id"])
    op.create_index("ix_gateway_event_received_at_id", "gateway_event", ["received_at", "id"])
    op.create_index("ix_gateway_event_status_received_at_id", "gateway_event", ["status", "received_at", "id"])


def _invoice() -> None:
    op.create_table(
        "invoice",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("order_id", KEY, nullable=False),
        sa.Column("subscription_id", KEY),
        sa.Column(
            "status", _choice("invoicestatus", "draft", "unpaid", "partially_paid", "paid", "void"), nullable=False
        ),
        sa.Column("issued_on", sa.Date()),
        sa.Column("due_on", sa.Date()),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("net_total", sa.BigInteger(), nullable=False),
        sa.Column("tax_total", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("amount_paid", sa.BigInteger(), nullable=False),
        sa.Column("amount_credited", sa.BigInteger(), nullable=False),
        sa.Column("amount_due", sa.BigInteger(), nullable=False),
        sa.Column("billing", JSON, nullable=False),
        sa.Column("remark", sa.String(length=1000)),
        sa.Column("external_ref", sa.String(length=120)),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(status = 'draft') = (number LIKE 'DRAFT-%')", name=op.f("ck_invoice_draft_number_is_provisional")
        ),
        sa.CheckConstraint(
            "CASE status WHEN 'draft' THEN amount_paid = 0 AND amount_credited = 0 WHEN 'unpaid' "
            "THEN amount_paid = 0 AND amount_due > 0 WHEN 'partially_paid' THEN amount_paid > 0 "
            "AND amount_due > 0 WHEN 'paid' THEN amount_due = 0 ELSE amount_paid = 0 END",
            name=op.f("ck_invoice_status_agrees_with_amounts"),
        ),
        sa.CheckConstraint(
            "amount_due = CASE WHEN status = 'void' THEN 0 ELSE total - amount_paid - amount_credited END",
            name=op.f("ck_invoice_amount_due_adds_up"),
        ),
        sa.CheckConstraint(
            "status = 'draft' OR (issued_on IS NOT NULL AND due_on IS NOT NULL)",
            name=op.f("ck_invoice_issued_has_its_days"),
        ),
        sa.CheckConstraint("amount_credited <= total", name=op.f("ck_invoice_credited_at_most_total")),
        sa.CheckConstraint("amount_due >= 0", name=op.f("ck_invoice_amount_due_not_negative")),
        sa.CheckConstraint("amount_paid >= 0 AND amount_credited >= 0", name=op.f("ck_invoice_settled_not_negative")),
        sa.CheckConstraint("net_total >= 0 AND tax_total >= 0", name=op.f("ck_invoice_amounts_not_negative")),
        sa.CheckConstraint("total = net_total + tax_total", name=op.f("ck_invoice_total_adds_up")),
        sa.ForeignKeyConstraint(
            ["account_id", "order_id"], ["customer_order.account_id", "customer_order.id"], name="fk_invoice_order_id"
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "subscription_id"],
            ["subscription.account_id", "subscription.id"],
            name="fk_invoice_subscription_id",
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_invoice_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice")),
        sa.UniqueConstraint("account_id", "external_ref", name=op.f("uq_invoice_account_id_external_ref")),
        sa.UniqueConstraint("account_id", "id", "currency", name="uq_invoice_account_id_id_currency"),
        sa.UniqueConstraint("account_id", "id", name="uq_invoice_account_id_id"),
        sa.UniqueConstraint("number", name=op.f("uq_invoice_number")),
    )
    op.create_index("ix_invoice_account_id_amount_due_id", "invoice", ["account_id", "amount_due", "id"])
    op.create_index("ix_invoice_account_id_created_at_id", "invoice", ["account_id", "created_at", "id"])
    op.create_index("ix_invoice_account_id_due_on_id", "invoice", ["account_id", "due_on", "id"])
    op.create_index("ix_invoice_account_id_issued_on_id", "invoice", ["account_id", "issued_on", "id"])
    op.create_index("ix_invoice_account_id_number_id", "invoice", ["account_id", "number", "id"])
    op.create_index("ix_invoice_account_id_status_issued_on_id", "invoice", ["account_id", "status", "issued_on", "id"])
    op.create_index("ix_invoice_account_id_total_id", "invoice", ["account_id", "total", "id"])
    op.create_index("ix_invoice_amount_due_id", "invoice", ["amount_due", "id"])
    op.create_index("ix_invoice_created_at_id", "invoice", ["created_at", "id"])
    op.create_index("ix_invoice_due_on_id", "invoice", ["due_on", "id"])
    op.create_index("ix_invoice_issued_on_id", "invoice", ["issued_on", "id"])
    op.create_index("ix_invoice_number_id", "invoice", ["number", "id"])
    op.create_index(
        "ix_invoice_number_search",
        "invoice",
        ["number"],
        postgresql_using="gin",
        postgresql_ops={"number": "gin_trgm_ops"},
    )
    op.create_index("ix_invoice_order_id", "invoice", ["order_id"])
    op.create_index("ix_invoice_status_issued_on_id", "invoice", ["status", "issued_on", "id"])
    op.create_index("ix_invoice_subscription_id_issued_on_id", "invoice", ["subscription_id", "issued_on", "id"])
    op.create_index("ix_invoice_total_id", "invoice", ["total", "id"])


def _login_as_session() -> None:
    op.create_table(
        "login_as_session",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("staff_member_id", KEY, nullable=False),
        sa.Column("member_id", KEY, nullable=False),
        sa.Column("sign_in_session_id", KEY, nullable=False),
        sa.Column("consent_id", KEY),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.Column("end_reason", _choice("loginasend", "left", "expired", "signed_out", "stopped")),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (end_reason IS NULL)", name=op.f("ck_login_as_session_end_has_reason")
        ),
        sa.CheckConstraint("expires_at > created_at", name=op.f("ck_login_as_session_ends_after_start")),
        sa.CheckConstraint("length(reason) >= 3", name=op.f("ck_login_as_session_reason_given")),
        sa.ForeignKeyConstraint(
            ["account_id", "consent_id"],
            ["login_consent.account_id", "login_consent.id"],
            name="fk_login_as_session_consent_id",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "member_id"], ["member.account_id", "member.id"], name="fk_login_as_session_member_id"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_login_as_session_account_id")),
        sa.ForeignKeyConstraint(
            ["sign_in_session_id"], ["sign_in_session.id"], name=op.f("fk_login_as_session_sign_in_session_id")
        ),
        sa.ForeignKeyConstraint(
            ["staff_member_id"], ["staff_member.id"], name=op.f("fk_login_as_session_staff_member_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_as_session")),
        sa.UniqueConstraint("public_id", name=op.f("uq_login_as_session_public_id")),
    )
    op.create_index(
        "ix_login_as_session_account_id_created_at_id", "login_as_session", ["account_id", "created_at", "id"]
    )
    op.create_index("ix_login_as_session_consent_id", "login_as_session", ["consent_id"])
    op.create_index("ix_login_as_session_created_at_id", "login_as_session", ["created_at", "id"])
    op.create_index("ix_login_as_session_member_id", "login_as_session", ["member_id"])
    op.create_index(op.f("ix_login_as_session_sign_in_session_id"), "login_as_session", ["sign_in_session_id"])
    op.create_index(op.f("ix_login_as_session_staff_member_id"), "login_as_session", ["staff_member_id"])
    op.create_index(
        "uq_login_as_session_live",
        "login_as_session",
        ["sign_in_session_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _order_line() -> None:
    op.create_table(
        "order_line",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("order_id", KEY, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("package_id", KEY),
        sa.Column("product_id", KEY),
        sa.Column("subscription_id", KEY),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("period_from", sa.Date()),
        sa.Column("period_to", sa.Date()),
        sa.Column("provisioned_at", MOMENT),
        sa.CheckConstraint("period_to >= period_from", name=op.f("ck_order_line_period_ends_after_start")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_order_line_quantity_positive")),
        sa.ForeignKeyConstraint(
            ["account_id", "order_id"],
            ["customer_order.account_id", "customer_order.id"],
            name="fk_order_line_order_id",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "subscription_id"],
            ["subscription.account_id", "subscription.id"],
            name="fk_order_line_subscription_id",
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_order_line_account_id")),
        sa.ForeignKeyConstraint(["package_id"], ["package.id"], name=op.f("fk_order_line_package_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_order_line_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_line")),
        sa.UniqueConstraint("order_id", "position", name=op.f("uq_order_line_order_id_position")),
    )
    op.create_index("ix_order_line_account_id", "order_line", ["account_id"])
    op.create_index(op.f("ix_order_line_package_id"), "order_line", ["package_id"])
    op.create_index(op.f("ix_order_line_product_id"), "order_line", ["product_id"])
    op.create_index(op.f("ix_order_line_subscription_id"), "order_line", ["subscription_id"])


def _payment_attempt() -> None:
    op.create_table(
        "payment_attempt",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("payment_id", KEY, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("gateway", sa.String(length=40), nullable=False),
        sa.Column(
            "outcome", _choice("attemptoutcome", "started", "succeeded", "declined", "unknown", "error"), nullable=False
        ),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT),
        sa.Column("idempotency_key", sa.String(length=120), nullable=False),
        sa.Column("gateway_ref", sa.String(length=120)),
        sa.Column("code", sa.String(length=60)),
        sa.Column("message", sa.String(length=255)),
        sa.CheckConstraint(
            "(outcome = 'started') = (finished_at IS NULL)", name=op.f("ck_payment_attempt_finished_has_its_moment")
        ),
        sa.CheckConstraint("attempt > 0", name=op.f("ck_payment_attempt_attempt_positive")),
        sa.ForeignKeyConstraint(
            ["account_id", "payment_id"], ["payment.account_id", "payment.id"], name="fk_payment_attempt_payment_id"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_payment_attempt_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_attempt")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_payment_attempt_idempotency_key")),
        sa.UniqueConstraint("payment_id", "attempt", name=op.f("uq_payment_attempt_payment_id_attempt")),
        sa.UniqueConstraint("public_id", name=op.f("uq_payment_attempt_public_id")),
    )
    op.create_index("ix_payment_attempt_account_id", "payment_attempt", ["account_id"])
    op.create_index("ix_payment_attempt_outcome_started_at", "payment_attempt", ["outcome", "started_at"])


def _subscription_item() -> None:
    op.create_table(
        "subscription_item",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("subscription_id", KEY, nullable=False),
        sa.Column("product_id", KEY, nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("pending_quantity", sa.Integer()),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("pending_quantity >= 0", name=op.f("ck_subscription_item_pending_quantity_not_negative")),
        sa.CheckConstraint("quantity >= 0", name=op.f("ck_subscription_item_quantity_not_negative")),
        sa.CheckConstraint("unit_price >= 0", name=op.f("ck_subscription_item_unit_price_not_negative")),
        sa.ForeignKeyConstraint(
            ["account_id", "subscription_id"],
            ["subscription.account_id", "subscription.id"],
            name="fk_subscription_item_subscription_id",
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_subscription_item_account_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_subscription_item_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription_item")),
        sa.UniqueConstraint("account_id", "id", name="uq_subscription_item_account_id_id"),
        sa.UniqueConstraint("public_id", name=op.f("uq_subscription_item_public_id")),
        sa.UniqueConstraint(
            "subscription_id", "product_id", name=op.f("uq_subscription_item_subscription_id_product_id")
        ),
    )
    op.create_index(
        "ix_subscription_item_account_id_created_at_id", "subscription_item", ["account_id", "created_at", "id"]
    )
    op.create_index(
        "ix_subscription_item_account_id_quantity_id", "subscription_item", ["account_id", "quantity", "id"]
    )
    op.create_index("ix_subscription_item_created_at_id", "subscription_item", ["created_at", "id"])
    op.create_index(
        "ix_subscription_item_product_id_created_at_id", "subscription_item", ["product_id", "created_at", "id"]
    )
    op.create_index("ix_subscription_item_quantity_id", "subscription_item", ["quantity", "id"])


def _credit_note() -> None:
    op.create_table(
        "credit_note",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("invoice_id", KEY, nullable=False),
        sa.Column("order_id", KEY, nullable=False),
        sa.Column(
            "reason",
            _choice("creditreason", "refund", "overcharge", "cancelled_service", "goodwill", "tax_correction", "other"),
            nullable=False,
        ),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("net_total", sa.BigInteger(), nullable=False),
        sa.Column("tax_total", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("amount_allocated", sa.BigInteger(), nullable=False),
        sa.Column("billing", JSON, nullable=False),
        sa.Column("remark", sa.String(length=1000)),
        sa.Column("external_ref", sa.String(length=120)),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("amount_allocated BETWEEN 0 AND total", name=op.f("ck_credit_note_allocated_at_most_total")),
        sa.CheckConstraint("net_total >= 0 AND tax_total >= 0", name=op.f("ck_credit_note_amounts_not_negative")),
        sa.CheckConstraint("total > 0 AND total = net_total + tax_total", name=op.f("ck_credit_note_total_adds_up")),
        sa.ForeignKeyConstraint(
            ["account_id", "invoice_id", "currency"],
            ["invoice.account_id", "invoice.id", "invoice.currency"],
            name="fk_credit_note_invoice_id",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "order_id"],
            ["customer_order.account_id", "customer_order.id"],
            name="fk_credit_note_order_id",
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_credit_note_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_note")),
        sa.UniqueConstraint("account_id", "external_ref", name=op.f("uq_credit_note_account_id_external_ref")),
        sa.UniqueConstraint("account_id", "id", "currency", name="uq_credit_note_account_id_id_currency"),
        sa.UniqueConstraint("account_id", "id", name="uq_credit_note_account_id_id"),
        sa.UniqueConstraint("number", name=op.f("uq_credit_note_number")),
    )
    op.create_index("ix_credit_note_account_id_created_at_id", "credit_note", ["account_id", "created_at", "id"])
    op.create_index("ix_credit_note_account_id_issued_on_id", "credit_note", ["account_id", "issued_on", "id"])
    op.create_index("ix_credit_note_account_id_number_id", "credit_note", ["account_id", "number", "id"])
    op.create_index(
        "ix_credit_note_account_id_reason_issued_on_id", "credit_note", ["account_id", "reason", "issued_on", "id"]
    )
    op.create_index("ix_credit_note_account_id_total_id", "credit_note", ["account_id", "total", "id"])
    op.create_index("ix_credit_note_created_at_id", "credit_note", ["created_at", "id"])
    op.create_index("ix_credit_note_invoice_id", "credit_note", ["invoice_id"])
    op.create_index("ix_credit_note_issued_on_id", "credit_note", ["issued_on", "id"])
    op.create_index("ix_credit_note_number_id", "credit_note", ["number", "id"])
    op.create_index(
        "ix_credit_note_number_search",
        "credit_note",
        ["number"],
        postgresql_using="gin",
        postgresql_ops={"number": "gin_trgm_ops"},
    )
    op.create_index("ix_credit_note_order_id", "credit_note", ["order_id"])
    op.create_index("ix_credit_note_reason_issued_on_id", "credit_note", ["reason", "issued_on", "id"])
    op.create_index("ix_credit_note_total_id", "credit_note", ["total", "id"])


def _dunning_step() -> None:
    op.create_table(
        "dunning_step",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("invoice_id", KEY, nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column(
            "kind",
            _choice("dunningkind", "retry", "reminder", "final_warning", "suspension", "lifting"),
            nullable=False,
        ),
        sa.Column("planned_on", sa.Date(), nullable=False),
        sa.Column("done_at", MOMENT),
        sa.Column("skipped_at", MOMENT),
        sa.Column("outcome", JSON, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("done_at IS NULL OR skipped_at IS NULL", name=op.f("ck_dunning_step_done_or_skipped")),
        sa.ForeignKeyConstraint(
            ["account_id", "invoice_id"], ["invoice.account_id", "invoice.id"], name="fk_dunning_step_invoice_id"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_dunning_step_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dunning_step")),
        sa.UniqueConstraint("invoice_id", "step", name=op.f("uq_dunning_step_invoice_id_step")),
    )
    op.create_index("ix_dunning_step_account_id", "dunning_step", ["account_id"])
    op.create_index("ix_dunning_step_planned_on_id", "dunning_step", ["planned_on", "id"])


def _invoice_line() -> None:
    op.create_table(
        "invoice_line",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("invoice_id", KEY, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("product_id", KEY),
        sa.Column("subscription_id", KEY),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("tax_rate", sa.Integer(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("period_from", sa.Date()),
        sa.Column("period_to", sa.Date()),
        sa.Column("explanation", JSON, nullable=False),
        sa.CheckConstraint("period_to >= period_from", name=op.f("ck_invoice_line_period_ends_after_start")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_invoice_line_quantity_positive")),
        sa.CheckConstraint("tax_rate BETWEEN 0 AND 1000000", name=op.f("ck_invoice_line_tax_rate_is_a_share")),
        sa.CheckConstraint("total = net + tax", name=op.f("ck_invoice_line_total_adds_up")),
        sa.ForeignKeyConstraint(
            ["account_id", "invoice_id", "currency"],
            ["invoice.account_id", "invoice.id", "invoice.currency"],
            name="fk_invoice_line_invoice_id",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "subscription_id"],
            ["subscription.account_id", "subscription.id"],
            name="fk_invoice_line_subscription_id",
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_invoice_line_account_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_invoice_line_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_line")),
        sa.UniqueConstraint("account_id", "id", name="uq_invoice_line_account_id_id"),
        sa.UniqueConstraint("invoice_id", "position", name=op.f("uq_invoice_line_invoice_id_position")),
    )
    op.create_index(op.f("ix_invoice_line_product_id"), "invoice_line", ["product_id"])
    op.create_index(op.f("ix_invoice_line_subscription_id"), "invoice_line", ["subscription_id"])


def _invoice_tax() -> None:
    op.create_table(
        "invoice_tax",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("invoice_id", KEY, nullable=False),
        sa.Column("tax_rule_id", KEY),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("rate", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("rate BETWEEN 0 AND 1000000", name=op.f("ck_invoice_tax_rate_is_a_share")),
        sa.ForeignKeyConstraint(
            ["account_id", "invoice_id", "currency"],
            ["invoice.account_id", "invoice.id", "invoice.currency"],
            name="fk_invoice_tax_invoice_id",
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_invoice_tax_account_id")),
        sa.ForeignKeyConstraint(["tax_rule_id"], ["tax_rule.id"], name=op.f("fk_invoice_tax_tax_rule_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_tax")),
        sa.UniqueConstraint("invoice_id", "name", "rate", name="uq_invoice_tax_invoice_name_rate"),
    )
    op.create_index("ix_invoice_tax_account_id", "invoice_tax", ["account_id"])
    op.create_index(op.f("ix_invoice_tax_tax_rule_id"), "invoice_tax", ["tax_rule_id"])


def _pay_approval() -> None:
    op.create_table(
        "pay_approval",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("member_id", KEY, nullable=False),
        sa.Column("invoice_id", KEY),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("note", sa.String(length=500)),
        sa.Column(
            "status", _choice("payapprovalstatus", "asked", "approved", "declined", "withdrawn", "used"), nullable=False
        ),
        sa.Column("decided_by_id", KEY),
        sa.Column("decided_at", MOMENT),
        sa.Column("used_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "status IN ('asked', 'withdrawn') OR decided_at IS NOT NULL", name=op.f("ck_pay_approval_decided_has_time")
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_pay_approval_amount_positive")),
        sa.ForeignKeyConstraint(
            ["account_id", "decided_by_id"], ["member.account_id", "member.id"], name="fk_pay_approval_decided_by_id"
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "invoice_id"], ["invoice.account_id", "invoice.id"], name="fk_pay_approval_invoice_id"
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "member_id"], ["member.account_id", "member.id"], name="fk_pay_approval_member_id"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_pay_approval_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pay_approval")),
        sa.UniqueConstraint("public_id", name=op.f("uq_pay_approval_public_id")),
    )
    op.create_index("ix_pay_approval_account_id_created_at_id", "pay_approval", ["account_id", "created_at", "id"])
    op.create_index("ix_pay_approval_created_at_id", "pay_approval", ["created_at", "id"])
    op.create_index("ix_pay_approval_decided_by_id", "pay_approval", ["decided_by_id"])
    op.create_index("ix_pay_approval_invoice_id", "pay_approval", ["invoice_id"])
    op.create_index("ix_pay_approval_member_id", "pay_approval", ["member_id"])


def _subscription_change() -> None:
    op.create_table(
        "subscription_change",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("subscription_id", KEY, nullable=False),
        sa.Column("subscription_item_id", KEY),
        sa.Column("invoice_id", KEY),
        sa.Column(
            "kind",
            _choice(
                "subscriptionchangekind",
                "started",
                "quantity_increased",
                "quantity_decreased",
                "upgraded",
                "downgraded",
                "renewed",
                "expired",
                "reactivated",
                "suspended",
                "resumed",
                "terminated",
                "reference_updated",
            ),
            nullable=False,
        ),
        sa.Column("before", sa.String(length=255)),
        sa.Column("after", sa.String(length=255)),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("changed_by", sa.String(length=120), nullable=False),
        sa.Column("changed_by_person_id", KEY),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_subscription_change_amount_not_negative")),
        sa.ForeignKeyConstraint(
            ["account_id", "invoice_id"], ["invoice.account_id", "invoice.id"], name="fk_subscription_change_invoice_id"
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "subscription_id"],
            ["subscription.account_id", "subscription.id"],
            name="fk_subscription_change_subscription_id",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "subscription_item_id"],
            ["subscription_item.account_id", "subscription_item.id"],
            name="fk_subscription_change_subscription_item_id",
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_subscription_change_account_id")),
        sa.ForeignKeyConstraint(
            ["changed_by_person_id"], ["person.id"], name=op.f("fk_subscription_change_changed_by_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription_change")),
        sa.UniqueConstraint("public_id", name=op.f("uq_subscription_change_public_id")),
    )
    op.create_index("ix_subscription_change_account_id", "subscription_change", ["account_id"])
    op.create_index(
        op.f("ix_subscription_change_changed_by_person_id"), "subscription_change", ["changed_by_person_id"]
    )
    op.create_index(op.f("ix_subscription_change_invoice_id"), "subscription_change", ["invoice_id"])
    op.create_index(
        "ix_subscription_change_subscription_id_created_at_id",
        "subscription_change",
        ["subscription_id", "created_at", "id"],
    )
    op.create_index(
        op.f("ix_subscription_change_subscription_item_id"), "subscription_change", ["subscription_item_id"]
    )


def _subscription_period() -> None:
    op.create_table(
        "subscription_period",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("subscription_id", KEY, nullable=False),
        sa.Column("invoice_id", KEY),
        sa.Column("period_from", sa.Date(), nullable=False),
        sa.Column("period_to", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("net >= 0", name=op.f("ck_subscription_period_net_not_negative")),
        sa.CheckConstraint("period_to >= period_from", name=op.f("ck_subscription_period_period_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["account_id", "invoice_id"], ["invoice.account_id", "invoice.id"], name="fk_subscription_period_invoice_id"
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "subscription_id"],
            ["subscription.account_id", "subscription.id"],
            name="fk_subscription_period_subscription_id",
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_subscription_period_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription_period")),
        sa.UniqueConstraint(
            "subscription_id", "period_from", name=op.f("uq_subscription_period_subscription_id_period_from")
        ),
    )
    op.create_index("ix_subscription_period_account_id", "subscription_period", ["account_id"])
    op.create_index(op.f("ix_subscription_period_invoice_id"), "subscription_period", ["invoice_id"])


def _ticket() -> None:
    op.create_table(
        "ticket",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column(
            "status",
            _choice("ticketstatus", "open", "waiting_for_customer", "waiting_for_support", "solved", "archived"),
            nullable=False,
        ),
        sa.Column("priority", _choice("ticketpriority", "low", "normal", "high", "urgent"), nullable=False),
        sa.Column("ticket_type_id", KEY, nullable=False),
        sa.Column("project_id", KEY),
        sa.Column("department_id", KEY),
        sa.Column("assignee_id", KEY),
        sa.Column("opened_by_id", KEY),
        sa.Column(
            "source",
            _choice("messagesource", "portal", "staff", "email", "telegram", "chat", "api", "system"),
            nullable=False,
        ),
        sa.Column("answers", JSON, nullable=False),
        sa.Column("escalated_from_id", KEY),
        sa.Column("merged_into_id", KEY),
        sa.Column("license_id", KEY),
        sa.Column("invoice_id", KEY),
        sa.Column("sla_policy_id", KEY),
        sa.Column("due_at", MOMENT),
        sa.Column("first_reply_due_at", MOMENT),
        sa.Column("first_replied_at", MOMENT),
        sa.Column("solution_due_at", MOMENT),
        sa.Column("paused_at", MOMENT),
        sa.Column("last_message_at", MOMENT, nullable=False),
        sa.Column("solved_at", MOMENT),
        sa.Column("archived_at", MOMENT),
        sa.Column("rating", sa.Integer()),
        sa.Column("rating_comment", sa.String(length=1000)),
        sa.Column("rated_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("status <> 'archived' OR archived_at IS NOT NULL", name=op.f("ck_ticket_archived_has_time")),
        sa.CheckConstraint("status <> 'solved' OR solved_at IS NOT NULL", name=op.f("ck_ticket_solved_has_time")),
        sa.CheckConstraint("(rating IS NULL) = (rated_at IS NULL)", name=op.f("ck_ticket_rating_has_time")),
        sa.CheckConstraint("escalated_from_id <> id", name=op.f("ck_ticket_not_escalated_from_itself")),
        sa.CheckConstraint("merged_into_id <> id", name=op.f("ck_ticket_not_merged_into_itself")),
        sa.CheckConstraint("rating BETWEEN 1 AND 5", name=op.f("ck_ticket_rating_range")),
        sa.ForeignKeyConstraint(
            ["account_id", "escalated_from_id"], ["ticket.account_id", "ticket.id"], name="fk_ticket_escalated_from_id"
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "invoice_id"], ["invoice.account_id", "invoice.id"], name="fk_ticket_invoice_id"
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "license_id"], ["license.account_id", "license.id"], name="fk_ticket_license_id"
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "merged_into_id"], ["ticket.account_id", "ticket.id"], name="fk_ticket_merged_into_id"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_ticket_account_id")),
        sa.ForeignKeyConstraint(["assignee_id"], ["staff_member.id"], name=op.f("fk_ticket_assignee_id")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_ticket_department_id")),
        sa.ForeignKeyConstraint(["opened_by_id"], ["person.id"], name=op.f("fk_ticket_opened_by_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_ticket_project_id")),
        sa.ForeignKeyConstraint(["sla_policy_id"], ["sla_policy.id"], name=op.f("fk_ticket_sla_policy_id")),
        sa.ForeignKeyConstraint(["ticket_type_id"], ["ticket_type.id"], name=op.f("fk_ticket_ticket_type_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket")),
        sa.UniqueConstraint("account_id", "id", name="uq_ticket_account_id_id"),
        sa.UniqueConstraint("number", name=op.f("uq_ticket_number")),
    )
    op.create_index("ix_ticket_account_id_created_at_id", "ticket", ["account_id", "created_at", "id"])
    op.create_index("ix_ticket_account_id_due_at_id", "ticket", ["account_id", "due_at", "id"])
    op.create_index("ix_ticket_account_id_last_message_at_id", "ticket", ["account_id", "last_message_at", "id"])
    op.create_index("ix_ticket_account_id_number_id", "ticket", ["account_id", "number", "id"])
    op.create_index("ix_ticket_account_id_priority_id", "ticket", ["account_id", "priority", "id"])
    op.create_index("ix_ticket_account_id_status_id", "ticket", ["account_id", "status", "id"])
    op.create_index("ix_ticket_account_id_subject_id", "ticket", ["account_id", "subject", "id"])
    op.create_index("ix_ticket_assignee_id_status", "ticket", ["assignee_id", "status"])
    op.create_index("ix_ticket_created_at_id", "ticket", ["created_at", "id"])
    op.create_index("ix_ticket_department_id_status_due_at", "ticket", ["department_id", "status", "due_at"])
    op.create_index("ix_ticket_due_at_id", "ticket", ["due_at", "id"])
    op.create_index("ix_ticket_escalated_from_id", "ticket", ["escalated_from_id"])
    op.create_index("ix_ticket_invoice_id", "ticket", ["invoice_id"])
    op.create_index("ix_ticket_last_message_at_id", "ticket", ["last_message_at", "id"])
    op.create_index("ix_ticket_license_id", "ticket", ["license_id"])
    op.create_index("ix_ticket_merged_into_id", "ticket", ["merged_into_id"])
    op.create_index("ix_ticket_number_id", "ticket", ["number", "id"])
    op.create_index(
        "ix_ticket_number_search",
        "ticket",
        ["number"],
        postgresql_using="gin",
        postgresql_ops={"number": "gin_trgm_ops"},
    )
    op.create_index(op.f("ix_ticket_opened_by_id"), "ticket", ["opened_by_id"])
    op.create_index("ix_ticket_priority_id", "ticket", ["priority", "id"])
    op.create_index(op.f("ix_ticket_project_id"), "ticket", ["project_id"])
    op.create_index(op.f("ix_ticket_sla_policy_id"), "ticket", ["sla_policy_id"])
    op.create_index("ix_ticket_status_id", "ticket", ["status", "id"])
    op.create_index("ix_ticket_subject_id", "ticket", ["subject", "id"])
    op.create_index(
        "ix_ticket_subject_search",
        "ticket",
        ["subject"],
        postgresql_using="gin",
        postgresql_ops={"subject": "gin_trgm_ops"},
    )
    op.create_index(op.f("ix_ticket_ticket_type_id"), "ticket", ["ticket_type_id"])
    op.create_index(
        "uq_ticket_live_invoice",
        "ticket",
        ["invoice_id"],
        unique=True,
        sqlite_where=sa.text("status NOT IN ('solved', 'archived')"),
        postgresql_where=sa.text("status NOT IN ('solved', 'archived')"),
    )


def _chat_session() -> None:
    op.create_table(
        "chat_session",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("member_id", KEY, nullable=False),
        sa.Column("staff_member_id", KEY),
        sa.Column("status", _choice("chatstatus", "waiting", "open", "closed"), nullable=False),
        sa.Column("last_sequence", sa.Integer(), nullable=False),
        sa.Column("taken_at", MOMENT),
        sa.Column("closed_at", MOMENT),
        sa.Column("ticket_id", KEY),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "(status = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_chat_session_closed_has_time")
        ),
        sa.CheckConstraint(
            "status <> 'open' OR staff_member_id IS NOT NULL", name=op.f("ck_chat_session_open_has_agent")
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "member_id"], ["member.account_id", "member.id"], name="fk_chat_session_member_id"
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "ticket_id"], ["ticket.account_id", "ticket.id"], name="fk_chat_session_ticket_id"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_chat_session_account_id")),
        sa.ForeignKeyConstraint(["staff_member_id"], ["staff_member.id"], name=op.f("fk_chat_session_staff_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_session")),
        sa.UniqueConstraint("account_id", "id", name="uq_chat_session_account_id_id"),
        sa.UniqueConstraint("public_id", name=op.f("uq_chat_session_public_id")),
    )
    op.create_index("ix_chat_session_account_id_created_at_id", "chat_session", ["account_id", "created_at", "id"])
    op.create_index("ix_chat_session_account_id_status_id", "chat_session", ["account_id", "status", "id"])
    op.create_index("ix_chat_session_created_at_id", "chat_session", ["created_at", "id"])
    op.create_index("ix_chat_session_member_id", "chat_session", ["member_id"])
    op.create_index(op.f("ix_chat_session_staff_member_id"), "chat_session", ["staff_member_id"])
    op.create_index("ix_chat_session_status_id", "chat_session", ["status", "id"])
    op.create_index("ix_chat_session_ticket_id", "chat_session", ["ticket_id"])


def _credit_note_line() -> None:
    op.create_table(
        "credit_note_line",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("credit_note_id", KEY, nullable=False),
        sa.Column("invoice_line_id", KEY),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("tax_rate", sa.Integer(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("explanation", JSON, nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_credit_note_line_quantity_positive")),
        sa.CheckConstraint("tax_rate BETWEEN 0 AND 1000000", name=op.f("ck_credit_note_line_tax_rate_is_a_share")),
        sa.CheckConstraint("total = net + tax", name=op.f("ck_credit_note_line_total_adds_up")),
        sa.ForeignKeyConstraint(
            ["account_id", "credit_note_id", "currency"],
            ["credit_note.account_id", "credit_note.id", "credit_note.currency"],
            name="fk_credit_note_line_credit_note_id",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "invoice_line_id"],
            ["invoice_line.account_id", "invoice_line.id"],
            name="fk_credit_note_line_invoice_line_id",
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_credit_note_line_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_note_line")),
        sa.UniqueConstraint("credit_note_id", "position", name=op.f("uq_credit_note_line_credit_note_id_position")),
    )
    op.create_index("ix_credit_note_line_account_id", "credit_note_line", ["account_id"])
    op.create_index(op.f("ix_credit_note_line_invoice_line_id"), "credit_note_line", ["invoice_line_id"])


def _discussion() -> None:
    op.create_table(
        "discussion",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("ticket_id", KEY, nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "ticket_id"], ["ticket.account_id", "ticket.id"], name="fk_discussion_ticket_id"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_discussion_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discussion")),
        sa.UniqueConstraint("account_id", "id", name="uq_discussion_account_id_id"),
        sa.UniqueConstraint("public_id", name=op.f("uq_discussion_public_id")),
    )
    op.create_index("ix_discussion_ticket_id", "discussion", ["ticket_id"])


def _financing_request() -> None:
    op.create_table(
        "financing_request",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("option_id", KEY, nullable=False),
        sa.Column("ticket_id", KEY),
        sa.Column("requested_by_id", KEY),
        sa.Column("status", _choice("financingstatus", "requested", "approved", "declined"), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("contact", sa.String(length=120), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("phone", sa.String(length=32)),
        sa.Column("note", sa.String(length=2000)),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_financing_request_amount_positive")),
        sa.ForeignKeyConstraint(
            ["account_id", "ticket_id"], ["ticket.account_id", "ticket.id"], name="fk_financing_request_ticket_id"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_financing_request_account_id")),
        sa.ForeignKeyConstraint(["option_id"], ["financing_option.id"], name=op.f("fk_financing_request_option_id")),
        sa.ForeignKeyConstraint(["requested_by_id"], ["person.id"], name=op.f("fk_financing_request_requested_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_financing_request")),
        sa.UniqueConstraint("public_id", name=op.f("uq_financing_request_public_id")),
    )
    op.create_index(
        "ix_financing_request_account_id_created_at_id", "financing_request", ["account_id", "created_at", "id"]
    )
    op.create_index("ix_financing_request_created_at_id", "financing_request", ["created_at", "id"])
    op.create_index("ix_financing_request_option_id", "financing_request", ["option_id"])
    op.create_index(op.f("ix_financing_request_requested_by_id"), "financing_request", ["requested_by_id"])
    op.create_index(op.f("ix_financing_request_ticket_id"), "financing_request", ["ticket_id"])


def _payment_allocation() -> None:
    op.create_table(
        "payment_allocation",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("payment_id", KEY),
        sa.Column("credit_note_id", KEY),
        sa.Column("invoice_id", KEY, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("amount_reversed", sa.BigInteger(), nullable=False),
        sa.Column("reversed_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "(payment_id IS NULL) <> (credit_note_id IS NULL)", name=op.f("ck_payment_allocation_one_source")
        ),
        sa.CheckConstraint(
            "(reversed_at IS NULL) = (amount_reversed = 0)", name=op.f("ck_payment_allocation_reversal_has_its_moment")
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payment_allocation_amount_positive")),
        sa.CheckConstraint(
            "amount_reversed BETWEEN 0 AND amount", name=op.f("ck_payment_allocation_reversed_at_most_amount")
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "credit_note_id", "currency"],
            ["credit_note.account_id", "credit_note.id", "credit_note.currency"],
            name="fk_payment_allocation_credit_note_id",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "invoice_id", "currency"],
            ["invoice.account_id", "invoice.id", "invoice.currency"],
            name="fk_payment_allocation_invoice_id",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "payment_id", "currency"],
            ["payment.account_id", "payment.id", "payment.currency"],
            name="fk_payment_allocation_payment_id",
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_payment_allocation_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_allocation")),
    )
    op.create_index("ix_payment_allocation_account_id", "payment_allocation", ["account_id"])
    op.create_index(op.f("ix_payment_allocation_credit_note_id"), "payment_allocation", ["credit_note_id"])
    op.create_index(op.f("ix_payment_allocation_invoice_id"), "payment_allocation", ["invoice_id"])
    op.create_index(op.f("ix_payment_allocation_payment_id"), "payment_allocation", ["payment_id"])


def _refund() -> None:
    op.create_table(
        "refund",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("payment_id", KEY, nullable=False),
        sa.Column("credit_note_id", KEY),
        sa.Column("status", _choice("refundstatus", "pending", "being_checked", "settled", "failed"), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=False),
        sa.Column("refunded_by_id", KEY),
        sa.Column("settled_at", MOMENT),
        sa.Column("gateway_ref", sa.String(length=120)),
        sa.Column("idempotency_key", sa.String(length=120)),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "(status = 'settled') = (settled_at IS NOT NULL)", name=op.f("ck_refund_settled_has_its_moment")
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_refund_amount_positive")),
        sa.ForeignKeyConstraint(
            ["account_id", "credit_note_id", "currency"],
            ["credit_note.account_id", "credit_note.id", "credit_note.currency"],
            name="fk_refund_credit_note_id",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "payment_id", "currency"],
            ["payment.account_id", "payment.id", "payment.currency"],
            name="fk_refund_payment_id",
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_refund_account_id")),
        sa.ForeignKeyConstraint(["refunded_by_id"], ["person.id"], name=op.f("fk_refund_refunded_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund")),
        sa.UniqueConstraint("account_id", "id", name="uq_refund_account_id_id"),
        sa.UniqueConstraint("account_id", "idempotency_key", name=op.f("uq_refund_account_id_idempotency_key")),
        sa.UniqueConstraint("number", name=op.f("uq_refund_number")),
    )
    op.create_index("ix_refund_account_id_created_at_id", "refund", ["account_id", "created_at", "id"])
    op.create_index("ix_refund_account_id_number_id", "refund", ["account_id", "number", "id"])
    op.create_index("ix_refund_created_at_id", "refund", ["created_at", "id"])
    op.create_index(op.f("ix_refund_credit_note_id"), "refund", ["credit_note_id"])
    op.create_index("ix_refund_number_id", "refund", ["number", "id"])
    op.create_index(op.f("ix_refund_payment_id"), "refund", ["payment_id"])
    op.create_index(op.f("ix_refund_refunded_by_id"), "refund", ["refunded_by_id"])


def _ticket_participant() -> None:
    op.create_table(
        "ticket_participant",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("ticket_id", KEY, nullable=False),
        sa.Column("person_id", KEY),
        sa.Column("email", sa.String(length=254)),
        sa.Column("part", _choice("participantpart", "opener", "copied", "writer", "assignee"), nullable=False),
        sa.Column("left_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "(person_id IS NULL) <> (email IS NULL)", name=op.f("ck_ticket_participant_person_or_email")
        ),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_ticket_participant_email_lower_case")),
        sa.ForeignKeyConstraint(
            ["account_id", "ticket_id"], ["ticket.account_id", "ticket.id"], name="fk_ticket_participant_ticket_id"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_ticket_participant_account_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_ticket_participant_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_participant")),
        sa.UniqueConstraint("ticket_id", "email", name=op.f("uq_ticket_participant_ticket_id_email")),
        sa.UniqueConstraint("ticket_id", "person_id", name=op.f("uq_ticket_participant_ticket_id_person_id")),
    )
    op.create_index("ix_ticket_participant_account_id", "ticket_participant", ["account_id"])
    op.create_index(op.f("ix_ticket_participant_person_id"), "ticket_participant", ["person_id"])


def _ticket_presence() -> None:
    op.create_table(
        "ticket_presence",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("ticket_id", KEY, nullable=False),
        sa.Column("staff_member_id", KEY, nullable=False),
        sa.Column("writing", sa.Boolean(), nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "ticket_id"], ["ticket.account_id", "ticket.id"], name="fk_ticket_presence_ticket_id"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_ticket_presence_account_id")),
        sa.ForeignKeyConstraint(
            ["staff_member_id"], ["staff_member.id"], name=op.f("fk_ticket_presence_staff_member_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_presence")),
        sa.UniqueConstraint("ticket_id", "staff_member_id", name=op.f("uq_ticket_presence_ticket_id_staff_member_id")),
    )
    op.create_index("ix_ticket_presence_account_id", "ticket_presence", ["account_id"])
    op.create_index(op.f("ix_ticket_presence_staff_member_id"), "ticket_presence", ["staff_member_id"])


def _chat_message() -> None:
    op.create_table(
        "chat_message",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("chat_session_id", KEY, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("author_id", KEY),
        sa.Column("from_staff", sa.Boolean(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("file_id", KEY),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "chat_session_id"],
            ["chat_session.account_id", "chat_session.id"],
            name="fk_chat_message_chat_session_id",
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_chat_message_account_id")),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_chat_message_author_id")),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_chat_message_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_message")),
        sa.UniqueConstraint("chat_session_id", "sequence", name=op.f("uq_chat_message_chat_session_id_sequence")),
        sa.UniqueConstraint("public_id", name=op.f("uq_chat_message_public_id")),
    )
    op.create_index("ix_chat_message_account_id", "chat_message", ["account_id"])
    op.create_index(op.f("ix_chat_message_author_id"), "chat_message", ["author_id"])
    op.create_index(op.f("ix_chat_message_file_id"), "chat_message", ["file_id"])


def _message() -> None:
    op.create_table(
        "message",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("discussion_id", KEY, nullable=False),
        sa.Column("author_id", KEY),
        sa.Column("author_email", sa.String(length=254)),
        sa.Column("from_staff", sa.Boolean(), nullable=False),
        sa.Column("internal", sa.Boolean(), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("quoted", sa.Text()),
        sa.Column(
            "source",
            _choice("messagesource", "portal", "staff", "email", "telegram", "chat", "api", "system"),
            nullable=False,
        ),
        sa.Column("email_message_id", sa.String(length=255)),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("NOT internal OR from_staff", name=op.f("ck_message_only_staff_write_internal")),
        sa.CheckConstraint("length(title) > 0", name=op.f("ck_message_title_given")),
        sa.ForeignKeyConstraint(
            ["account_id", "discussion_id"], ["discussion.account_id", "discussion.id"], name="fk_message_discussion_id"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_message_account_id")),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_message_author_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("account_id", "id", name="uq_message_account_id_id"),
        sa.UniqueConstraint("email_message_id", name=op.f("uq_message_email_message_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_message_public_id")),
    )
    op.create_index("ix_message_account_id_created_at_id", "message", ["account_id", "created_at", "id"])
    op.create_index(op.f("ix_message_author_id"), "message", ["author_id"])
    op.create_index("ix_message_created_at_id", "message", ["created_at", "id"])
    op.create_index("ix_message_discussion_id_id", "message", ["discussion_id", "id"])


def _inbound_mail() -> None:
    op.create_table(
        "inbound_mail",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("email_message_id", sa.String(length=255)),
        sa.Column("sender", sa.String(length=320), nullable=False),
        sa.Column("recipient", sa.String(length=320), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("file_id", KEY),
        sa.Column("outcome", _choice("inboundoutcome", "reply", "new_ticket", "held", "rejected"), nullable=False),
        sa.Column("reason", sa.String(length=255)),
        sa.Column("message_id", KEY),
        sa.Column("person_id", KEY),
        sa.Column("decided_by_id", KEY),
        sa.Column("decided_at", MOMENT),
        sa.CheckConstraint(
            "outcome NOT IN ('reply', 'new_ticket') OR message_id IS NOT NULL",
            name=op.f("ck_inbound_mail_taken_has_message"),
        ),
        sa.ForeignKeyConstraint(["decided_by_id"], ["staff_member.id"], name=op.f("fk_inbound_mail_decided_by_id")),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_inbound_mail_file_id")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_inbound_mail_message_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_inbound_mail_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_mail")),
        sa.UniqueConstraint("digest", name=op.f("uq_inbound_mail_digest")),
        sa.UniqueConstraint("public_id", name=op.f("uq_inbound_mail_public_id")),
    )
    op.create_index(op.f("ix_inbound_mail_decided_by_id"), "inbound_mail", ["decided_by_id"])
    op.create_index(op.f("ix_inbound_mail_email_message_id"), "inbound_mail", ["email_message_id"])
    op.create_index(op.f("ix_inbound_mail_file_id"), "inbound_mail", ["file_id"])
    op.create_index(op.f("ix_inbound_mail_message_id"), "inbound_mail", ["message_id"])
    op.create_index("ix_inbound_mail_outcome_received_at", "inbound_mail", ["outcome", "received_at"])
    op.create_index(op.f("ix_inbound_mail_person_id"), "inbound_mail", ["person_id"])
    op.create_index("ix_inbound_mail_received_at_id", "inbound_mail", ["received_at", "id"])
    op.create_index("ix_inbound_mail_sender_id", "inbound_mail", ["sender", "id"])
    op.create_index(
        "ix_inbound_mail_sender_search",
        "inbound_mail",
        ["sender"],
        postgresql_using="gin",
        postgresql_ops={"sender": "gin_trgm_ops"},
    )
    op.create_index(
        "ix_inbound_mail_subject_search",
        "inbound_mail",
        ["subject"],
        postgresql_using="gin",
        postgresql_ops={"subject": "gin_trgm_ops"},
    )


def _message_attachment() -> None:
    op.create_table(
        "message_attachment",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("message_id", KEY, nullable=False),
        sa.Column("file_id", KEY, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "message_id"], ["message.account_id", "message.id"], name="fk_message_attachment_message_id"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_message_attachment_account_id")),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_message_attachment_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_attachment")),
        sa.UniqueConstraint("message_id", "file_id", name=op.f("uq_message_attachment_message_id_file_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_message_attachment_public_id")),
    )
    op.create_index("ix_message_attachment_account_id", "message_attachment", ["account_id"])
    op.create_index(op.f("ix_message_attachment_file_id"), "message_attachment", ["file_id"])


def _message_cc() -> None:
    op.create_table(
        "message_cc",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("message_id", KEY, nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("person_id", KEY),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_message_cc_email_lower_case")),
        sa.ForeignKeyConstraint(
            ["account_id", "message_id"], ["message.account_id", "message.id"], name="fk_message_cc_message_id"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_message_cc_account_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_message_cc_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_cc")),
        sa.UniqueConstraint("message_id", "email", name=op.f("uq_message_cc_message_id_email")),
    )
    op.create_index("ix_message_cc_account_id", "message_cc", ["account_id"])
    op.create_index(op.f("ix_message_cc_person_id"), "message_cc", ["person_id"])


TABLES = {
    "account": _account,
    "audit_chain": _audit_chain,
    "business_hours": _business_hours,
    "clock_slot": _clock_slot,
    "department": _department,
    "financing_option": _financing_option,
    "interest": _interest,
    "number_series": _number_series,
    "policy": _policy,
    "product_class": _product_class,
    "project": _project,
    "resource_article": _resource_article,
    "sign_in_attempt": _sign_in_attempt,
    "account_ancestor": _account_ancestor,
    "credit_reservation": _credit_reservation,
    "file": _file,
    "ledger_account": _ledger_account,
    "ledger_entry": _ledger_entry,
    "package": _package,
    "policy_version": _policy_version,
    "product": _product,
    "ready_answer": _ready_answer,
    "sla_policy": _sla_policy,
    "statement_line": _statement_line,
    "tax_rule": _tax_rule,
    "ticket_type": _ticket_type,
    "webhook_endpoint": _webhook_endpoint,
    "document_file": _document_file,
    "edition": _edition,
    "ledger_posting": _ledger_posting,
    "license": _license,
    "package_item": _package_item,
    "person": _person,
    "price": _price,
    "release": _release,
    "ticket_field": _ticket_field,
    "webhook_delivery": _webhook_delivery,
    "access_token": _access_token,
    "allowed_network": _allowed_network,
    "audit_event": _audit_event,
    "credit_limit": _credit_limit,
    "customer_order": _customer_order,
    "delivery_link": _delivery_link,
    "hardware_reset": _hardware_reset,
    "item_transfer": _item_transfer,
    "job": _job,
    "known_device": _known_device,
    "license_activation": _license_activation,
    "license_change": _license_change,
    "license_item": _license_item,
    "member": _member,
    "month_close": _month_close,
    "notification": _notification,
    "notification_preference": _notification_preference,
    "passkey": _passkey,
    "password_reset": _password_reset,
    "payment_method": _payment_method,
    "phone_verification": _phone_verification,
    "policy_decision": _policy_decision,
    "prospect": _prospect,
    "recovery_code": _recovery_code,
    "release_file": _release_file,
    "saved_view": _saved_view,
    "setting": _setting,
    "sign_in_session": _sign_in_session,
    "social_identity": _social_identity,
    "staff_member": _staff_member,
    "telegram_binding": _telegram_binding,
    "totp_factor": _totp_factor,
    "announcement": _announcement,
    "auto_top_up": _auto_top_up,
    "data_request": _data_request,
    "download": _download,
    "item_transfer_line": _item_transfer_line,
    "login_consent": _login_consent,
    "member_interest": _member_interest,
    "member_invitation": _member_invitation,
    "member_role": _member_role,
    "notification_delivery": _notification_delivery,
    "notification_read": _notification_read,
    "ownership_change": _ownership_change,
    "payment": _payment,
    "staff_department": _staff_department,
    "subscription": _subscription,
    "announcement_account": _announcement_account,
    "data_request_step": _data_request_step,
    "gateway_event": _gateway_event,
    "invoice": _invoice,
    "login_as_session": _login_as_session,
    "order_line": _order_line,
    "payment_attempt": _payment_attempt,
    "subscription_item": _subscription_item,
    "credit_note": _credit_note,
    "dunning_step": _dunning_step,
    "invoice_line": _invoice_line,
    "invoice_tax": _invoice_tax,
    "pay_approval": _pay_approval,
    "subscription_change": _subscription_change,
    "subscription_period": _subscription_period,
    "ticket": _ticket,
    "chat_session": _chat_session,
    "credit_note_line": _credit_note_line,
    "discussion": _discussion,
    "financing_request": _financing_request,
    "payment_allocation": _payment_allocation,
    "refund": _refund,
    "ticket_participant": _ticket_participant,
    "ticket_presence": _ticket_presence,
    "chat_message": _chat_message,
    "message": _message,
    "inbound_mail": _inbound_mail,
    "message_attachment": _message_attachment,
    "message_cc": _message_cc,
}
APPEND_ONLY = ("audit_event", "ledger_entry", "ledger_posting", "policy_decision")
