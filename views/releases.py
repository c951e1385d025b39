"""Releases to download, and the resources centre."""

from __future__ import annotations

from sqlalchemy import ColumnElement

from domain.permissions import P
from models import Release, ResourceArticle
from panel import STAFF, Choice, Column, DateRange, Lookup, Related, Resource, YesNo, reading


def published_releases(_account_id: int) -> ColumnElement[bool]:
    """Accounts see what is published, nothing else."""
    return Release.is_published.is_(True)


def published_articles(_account_id: int) -> ColumnElement[bool]:
    """Accounts see what is published, nothing else."""
    return ResourceArticle.is_published.is_(True)


class ReleaseResource(Resource):
    model, slug, title = Release, "releases", "Releases"
    group, icon, label, status = "Services", "cloud-download", "version_number", ""
    scope = published_releases
    columns = (
        Column("version_number", "Version", sort=True, link=True),
        Column("product.name", "Product"),
        Column("published_on", sort=True),
        Column("is_published", realms={STAFF}),
        Column("notes", list=False),
        Column("created_at", list=False, sort=True, realms={STAFF}),
    )
    filters = (
        Lookup("product", realms={STAFF}),
        DateRange("published_on", "Published"),
        YesNo("is_published", realms={STAFF}),
    )
    search = ("version_number",)
    default_sort = "-published_on"
    form = {
        "create": ("product", "version_number", "published_on", "is_published", "notes"),
        "edit": ("published_on", "is_published", "notes"),
    }
    grants = {**reading(P.RELEASES_READ), "create": P.STAFF_RELEASES_EDIT, "edit": P.STAFF_RELEASES_EDIT}
    related = (Related("files", columns=("name", "platform", "size")),)


class ResourceArticleResource(Resource):
    model, slug, title, noun = ResourceArticle, "resources", "Resources", "Resource"
    description = "Articles, stories, webinars and videos."
    group, icon, label, status = "Support", "newspaper", "title", ""
    scope = published_articles
    columns = (
        Column("title", sort=True, link=True),
        Column("kind"),
        Column("summary"),
        Column("language"),
        Column("published_on", sort=True),
        Column("is_published", realms={STAFF}),
        Column("url", "Address", list=False),
        Column("body", list=False),
    )
    filters = (Choice("kind"), DateRange("published_on", "Published"), YesNo("is_published", realms={STAFF}))
    search = ("title",)
    default_sort = "-published_on"
    form = {
        "create": ("kind", "title", "summary", "body", "url", "language", "is_published", "published_on"),
        "edit": ("kind", "title", "summary", "body", "url", "language", "is_published", "published_on"),
    }
    grants = {**reading(P.RESOURCES_READ), "create": P.STAFF_RESOURCES_EDIT, "edit": P.STAFF_RESOURCES_EDIT}
