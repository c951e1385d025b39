"""Document files: the PDF of an issued document, made once, and links that hand documents to people outside."""

from __future__ import annotations

import datetime as dt
import enum
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from extensions import Base
from models.base import (
    AccountOwned,
    BigKey,
    Keyed,
    Public,
    Stamped,
    UtcDateTime,
    account_key,
    choice_column,
    list_indexes,
    same_account,
)

if TYPE_CHECKING:
    from models.file import File
    from models.person import Person


class DocumentKind(enum.StrEnum):
    """What can be printed."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    RECEIPT = "receipt"
    STATEMENT = "statement"
    MONTH_PACK = "month_pack"


class DocumentFile(Keyed, Public, AccountOwned, Stamped, Base):
    """The stored bytes of one document: rendered once, the same for ever."""

    __tablename__ = "document_file"
    __table_args__ = (
        account_key("document_file"),
        UniqueConstraint("account_id", "kind", "document_key", name="uq_document_file_document"),
    )

    kind: Mapped[DocumentKind] = choice_column(DocumentKind)
    document_key: Mapped[str] = mapped_column(String(64))  # the number; of a statement or month pack its period
    file_id: Mapped[int] = mapped_column(ForeignKey("file.id"), unique=True)

    file: Mapped[File] = relationship(lazy="raise")


class DeliveryLink(Keyed, Public, AccountOwned, Stamped, Base):
    """An expiring link to a stored document. Only the hash of its token is kept."""

    __tablename__ = "delivery_link"
    __table_args__ = (
        same_account("delivery_link", "document_file_id", "document_file"),
        CheckConstraint("expires_at > created_at", name="expires_after_creation"),
        CheckConstraint("opened_count >= 0", name="opened_count_not_negative"),
        *list_indexes("delivery_link", "expires_at", "created_at"),
    )

    document_file_id: Mapped[int] = mapped_column(BigKey, index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    sent_to: Mapped[str | None] = mapped_column(String(254))
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    expires_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    opened_count: Mapped[int] = mapped_column(default=0)
    last_opened_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    document_file: Mapped[DocumentFile] = relationship(lazy="raise", foreign_keys=[document_file_id])
    made_by: Mapped[Person | None] = relationship(lazy="raise")
