"""Releases of products, their files, and who downloaded them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from extensions import Base
from models.base import AccountOwned, Keyed, Public, Stamped, UtcDateTime, Versioned, list_indexes, search_index

if TYPE_CHECKING:
    from models.file import File
    from models.person import Person
    from models.product import Product


class Release(Keyed, Public, Stamped, Versioned, Base):
    """One version of a product; members see it once it is published."""

    __tablename__ = "release"
    __table_args__ = (
        UniqueConstraint("product_id", "version_number"),
        CheckConstraint("NOT is_published OR published_on IS NOT NULL", name="published_has_its_day"),
        *list_indexes("release", "version_number", "published_on", "created_at", owned=False),
        search_index("release", "version_number"),
    )

    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    # Not "version": that is the count of saves.
    version_number: Mapped[str] = mapped_column(String(40), info={"label": "Version"})
    published_on: Mapped[dt.date | None]
    is_published: Mapped[bool] = mapped_column(default=False)
    notes: Mapped[str] = mapped_column(String(10000), default="")

    product: Mapped[Product] = relationship(lazy="raise")
    files: Mapped[list[ReleaseFile]] = relationship(back_populates="release", lazy="raise")

    def __str__(self) -> str:
        return self.version_number


class ReleaseFile(Keyed, Public, Stamped, Base):
    """One file of a release, with the checksum that is shown beside it."""

    __tablename__ = "release_file"
    __table_args__ = (
        UniqueConstraint("release_id", "name"),
        CheckConstraint("size >= 0", name="size_not_negative"),
    )

    release_id: Mapped[int] = mapped_column(ForeignKey("release.id"))
    file_id: Mapped[int] = mapped_column(ForeignKey("file.id"), index=True)
    name: Mapped[str] = mapped_column(String(255))
    platform: Mapped[str | None] = mapped_column(String(60))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))

    release: Mapped[Release] = relationship(back_populates="files", lazy="raise")
    file: Mapped[File] = relationship(lazy="raise")

    def __str__(self) -> str:
        return self.name


class Download(Keyed, AccountOwned, Base):
    """One download by a member."""

    __tablename__ = "download"
    __table_args__ = (
        Index("ix_download_account_id_downloaded_at_id", "account_id", "downloaded_at", "id"),
        Index("ix_download_release_file_id", "release_file_id"),
    )

    release_file_id: Mapped[int] = mapped_column(ForeignKey("release_file.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    downloaded_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    ip: Mapped[str | None] = mapped_column(String(45))

    release_file: Mapped[ReleaseFile] = relationship(lazy="raise")
    person: Mapped[Person | None] = relationship(lazy="raise")
