"""What staff write for the resources centre and the help menu; members read it in views/library.py."""

from __future__ import annotations

from domain.permissions import P
from models import ResourceArticle
from panel import STAFF, Choice, Column, DateRange, Resource, YesNo, reading
from services.library import add_article, edit_article

FIELDS = ("kind", "title", "summary", "body", "url", "language", "is_published", "published_on")


class ResourceArticleResource(Resource):
    model, slug, title, noun = ResourceArticle, "resources", "Resources", "Resource"
    description = (
        "Articles, stories, webinars and videos stand in the resources centre, guides and tutorials in the help menu."
    )
    group, icon, label, status = "Support", "newspaper", "title", ""
    realms = frozenset({STAFF})
    columns = (
        Column("title", sort=True, link=True),
        Column("kind"),
        Column("summary"),
        Column("language"),
        Column("published_on", sort=True),
        Column("is_published"),
        Column("url", "Address", list=False),
        Column("body", list=False),
    )
    filters = (Choice("kind"), DateRange("published_on", "Published"), YesNo("is_published"))
    search = ("title",)
    default_sort = "-published_on"
    form = {"create": FIELDS, "edit": FIELDS}
    labels = {"url": "Address", "body": "Text"}
    help = {
        "body": "Plain text; an empty line begins a paragraph.",
        "url": "Where it is read or watched, like https://videos.example.com/first-steps. Members are led there.",
        "is_published": "Members see it from the day below on.",
        "published_on": "Empty: the day on which it is published.",
    }
    saves = {"create": add_article, "edit": edit_article}
    grants = {**reading(P.RESOURCES_READ), "create": P.STAFF_RESOURCES_EDIT, "edit": P.STAFF_RESOURCES_EDIT}
