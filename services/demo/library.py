"""What members read and download in the demo: releases of the products, and articles of the resources centre."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Final

from models.release import Release
from models.resource_article import ArticleKind
from services.demo.world import World
from services.library import add_article
from services.records import create_record

_RELEASES: Final = (
    # product, newest version (year.number counts down from it), how many
    ("platform-business", 7, 6),
    ("platform-call-center", 7, 4),
    ("platform-multi-tenant", 7, 4),
    ("edition-office", 8, 7),
)
_NOTES: Final = (
    "Faster start of large systems. Corrected: recordings of transferred calls are complete.",
    "New: call queues show the expected waiting time. Corrected: time zones of holidays.",
    "Security update. We recommend to install it this week.",
    "New: the directory can be searched by department. Smaller corrections.",
)
_ARTICLES: Final = (
    (ArticleKind.ARTICLE, "Ten settings that make calls sound better", "Codecs, priorities and what to measure first."),
    (ArticleKind.ARTICLE, "What a session border controller does", "In plain words, with one picture."),
    (ArticleKind.ARTICLE, "Planning the move to a hosted system", "A checklist of eight weeks."),
    (ArticleKind.STORY, "How a hospital moved 2,000 phones in one night", "And what they would do differently."),
    (ArticleKind.STORY, "A call centre without a building", "Ninety agents in eleven countries."),
    (ArticleKind.WEBINAR, "Queues that callers like", "Forty minutes, recorded in spring."),
    (ArticleKind.WEBINAR, "Questions and answers about the new release", "With the people who wrote it."),
    (ArticleKind.VIDEO, "The client app in three minutes", "For people who start today."),
    (ArticleKind.VIDEO, "Setting up a desk phone", "Unpack, plug in, done."),
    (ArticleKind.GUIDE, "Reset the MAC and IP address of a license", "When a system moves to other hardware."),
    (ArticleKind.GUIDE, "Read your invoice", "Every line explained, with days and prices."),
    (ArticleKind.GUIDE, "Give a colleague access", "Invite, choose roles, done."),
    (ArticleKind.TUTORIAL, "Your first ticket", "What to write so that the first answer helps."),
    (ArticleKind.TUTORIAL, "Export lists to a spreadsheet", "Filter first, then download."),
)


def make_library(world: World) -> None:
    """Releases over three years and the articles, the newest of each not yet published."""
    for code, major, count in _RELEASES:
        for place in range(count):
            _release(world, code, major, count - place, days_ago=place * (1_000 // count) - 5)
    for place, (kind, title, summary) in enumerate(_ARTICLES):
        published = place != len(_ARTICLES) - 1
        at = world.ago(40 + place * 61)
        film = kind in (ArticleKind.WEBINAR, ArticleKind.VIDEO, ArticleKind.TUTORIAL)
        values = {
            "kind": kind,
            "title": title,
            "summary": summary,
            "body": "" if film else f"{summary}\n\nThe full text stands here in the demo as an example.",
            "url": f"https://media.foyer.example/{hashlib.sha256(title.encode()).hexdigest()[:10]}" if film else None,
            "is_published": published,
            "published_on": at.date() if published else None,
        }
        add_article(values, actor=world.as_staff("admin"), now=at)


def _release(world: World, code: str, major: int, minor: int, *, days_ago: int) -> None:
    published = days_ago >= 0
    at = world.ago(max(days_ago, 0) + 2)
    values = {
        "product": world.products[code],
        "version_number": f"{major}.{minor}.0",
        "is_published": published,
        "published_on": world.today - dt.timedelta(days=days_ago) if published else None,
        "notes": _NOTES[(major + minor) % len(_NOTES)],
    }
    create_record(Release, values, actor=world.as_staff("admin"), now=at)
