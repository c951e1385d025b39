"""What staff write for members: the resources centre and the help menu (SPEC E10)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import or_, select

from domain.actor import Actor
from domain.refusals import Refusal
from extensions import db
from models.resource_article import ArticleKind, ResourceArticle
from services.records import create_record, edit_record

CENTRE: Final = (ArticleKind.ARTICLE, ArticleKind.STORY, ArticleKind.WEBINAR, ArticleKind.VIDEO)
HELP: Final = (ArticleKind.GUIDE, ArticleKind.TUTORIAL)
MOST: Final = 200
"""How many pieces a page shows at most; older ones are found by searching."""
_MOST_WORDS: Final = 8


class AddressNotUsable(Refusal):
    message = "Enter the whole address, like https://videos.example.com/first-steps."


class NothingToRead(Refusal):
    message = "Write the text, or enter the address of what is to be read or watched."


def add_article(values: Mapping[str, Any], *, actor: Actor, now: dt.datetime) -> ResourceArticle:
    """Write a piece; published without a day it is published today. Refused: AddressNotUsable, NothingToRead."""
    kept = {**values, "body": values.get("body") or "", "url": values.get("url") or None}
    _check(kept["body"], kept["url"])
    if kept.get("is_published") and kept.get("published_on") is None:
        kept["published_on"] = now.date()
    return create_record(ResourceArticle, kept, actor=actor, now=now)


def edit_article(
    article: ResourceArticle, changes: Mapping[str, Any], *, actor: Actor, now: dt.datetime
) -> ResourceArticle:
    """Change a piece. Refused: AddressNotUsable, NothingToRead."""
    kept = dict(changes)
    body, url = kept.get("body", article.body) or "", kept.get("url", article.url) or None
    if (body, url) != (article.body, article.url):
        _check(body, url)
    if kept.get("is_published", article.is_published) and kept.get("published_on", article.published_on) is None:
        kept["published_on"] = now.date()
    return edit_record(article, {**kept, "body": body, "url": url}, actor=actor, now=now)


def articles(kinds: Collection[ArticleKind], *, day: dt.date, words: str = "") -> list[ResourceArticle]:
    """The pieces of these kinds that are published by a day, the newest first, at most MOST.

    Each of the ``words`` stands in the title or the summary, without regard to case.
    """
    found = select(ResourceArticle).where(*_published(kinds, day))
    for word in words.split()[:_MOST_WORDS]:
        title, summary = ResourceArticle.title, ResourceArticle.summary
        found = found.where(or_(title.icontains(word, autoescape=True), summary.icontains(word, autoescape=True)))
    newest = found.order_by(ResourceArticle.published_on.desc(), ResourceArticle.id.desc())
    return list(db.session.scalars(newest.limit(MOST)))


def article_of(public_id: str, kinds: Collection[ArticleKind], *, day: dt.date) -> ResourceArticle | None:
    """A published piece of these kinds by the name in its address."""
    found = select(ResourceArticle).where(ResourceArticle.public_id == public_id, *_published(kinds, day))
    return db.session.scalar(found)


def can_be_opened(url: str | None) -> bool:
    """Whether an address may stand in a link: nothing but https, to a house by name."""
    try:
        parts = urlsplit(url or "")
        return parts.scheme == "https" and bool(parts.hostname) and not any(each.isspace() for each in url or "")
    except ValueError:
        return False


def _published(kinds: Collection[ArticleKind], day: dt.date) -> tuple[Any, ...]:
    return (
        ResourceArticle.is_published.is_(True),
        ResourceArticle.published_on <= day,
        ResourceArticle.kind.in_(kinds),
    )


def _check(body: str, url: str | None) -> None:
    if url is not None and not can_be_opened(url):
        raise AddressNotUsable
    if not body.strip() and url is None:
        raise NothingToRead
