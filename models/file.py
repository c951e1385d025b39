"""What is known of a stored file: attachments, avatars, exports, raw mails."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from extensions import Base
from models.base import Keyed, Public, Stamped


class File(Public, Keyed, Stamped, Base):
    """The content lies in the private store under ``key``.

    Not AccountOwned: avatars of staff stand beside their messages in every portal. A file is reached only through the
    owned row that carries it (an attachment, an export), never by its own address alone.
    """

    __tablename__ = "file"

    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    name: Mapped[str] = mapped_column(String(255))
    size: Mapped[int] = mapped_column(BigInteger)
    content_type: Mapped[str] = mapped_column(String(127))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    safe_image: Mapped[bool] = mapped_column(default=False)
    uploaded_by: Mapped[str | None] = mapped_column(String(16))  # the public id of the person: person points here

    __table_args__ = (
        CheckConstraint("size >= 0", name="size_not_negative"),
        CheckConstraint("length(sha256) = 64", name="sha256_length"),
    )

    def __str__(self) -> str:
        return self.name
