"""Articles of the resources centre and of the help menu, written by staff."""

from __future__ import annotations

import datetime as dt
import enum

from sqlalchemy import CheckConstraint, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from extensions import Base
from models.base import Keyed, Public, Stamped, Versioned, choice_column, list_indexes, search_index


class ArticleKind(enum.StrEnum):
    """The first four are the resources centre, the last two the help menu."""

    ARTICLE = "article"
    STORY = "story"
    WEBINAR = "webinar"
    VIDEO = "video"
    GUIDE = "guide"
    TUTORIAL = "tutorial"


class ResourceArticle(Keyed, Public, Stamped, Versioned, Base):
    """One piece to read or watch: a text of its own, an address elsewhere, or both."""

    __tablename__ = "resource_article"
    __table_args__ = (
        CheckConstraint("NOT is_published OR published_on IS NOT NULL", name="published_has_its_day"),
        CheckConstraint("body <> '' OR url IS NOT NULL", name="body_or_url"),
        *list_indexes("resource_article", "title", "published_on", "created_at", owned=False),
        search_index("resource_article", "title"),
    )

    kind: Mapped[ArticleKind] = choice_column(ArticleKind)
    title: Mapped[str] = mapped_column(String(200))
    summary: Mapped[str] = mapped_column(String(500), default="")
    body: Mapped[str] = mapped_column(Text, default="")
    url: Mapped[str | None] = mapped_column(String(500))
    language: Mapped[str] = mapped_column(String(8), default="en")
    is_published: Mapped[bool] = mapped_column(default=False)
    published_on: Mapped[dt.date | None]

    def __str__(self) -> str:
        return self.title
