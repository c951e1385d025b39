"""Releases to download."""

from __future__ import annotations

import datetime as dt

from flask_wtf.file import FileField, FileRequired
from sqlalchemy import ColumnElement
from werkzeug.datastructures import FileStorage
from wtforms import StringField
from wtforms.validators import Length

from domain.actor import Actor
from domain.permissions import P
from models import Release, ReleaseFile
from panel import STAFF, Action, Column, DateRange, Lookup, Resource, YesNo, reading
from panel.form import Form
from services.releases import add_release_file
from views.downloads import files_to_fetch


class ReleaseFileForm(Form):
    """A file, with what it runs on. What is larger than a request may be is added by `flask add-release-file`."""

    file = FileField("File", [FileRequired("Choose a file.")], description="Up to 25 MB; larger ones by the command.")
    platform = StringField("Platform", [Length(max=60)], description="What it runs on, like Windows.")


def _add_file(release: Release, *, file: FileStorage, platform: str, actor: Actor, now: dt.datetime) -> ReleaseFile:
    return add_release_file(release, file.filename or "", file.stream, platform=platform or "", actor=actor, now=now)


def published_releases(_account_id: int) -> ColumnElement[bool]:
    """Accounts see what is published, nothing else."""
    return Release.is_published.is_(True)


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
    facts = files_to_fetch
    actions = (
        Action(
            _add_file,
            "Add file",
            grant=P.STAFF_RELEASES_EDIT,
            form=ReleaseFileForm,
            realms={STAFF},
            done="The file is added.",
            name="add-file",
        ),
    )
