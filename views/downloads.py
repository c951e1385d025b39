"""Files of releases, streamed: a download that broke off goes on where it was, with the file that it began with."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from flask import abort, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from markupsafe import Markup

from domain.permissions import P
from models import Release
from panel import DetailsField, Facts, RealmPage, Visit
from panel.addresses import address
from services.releases import files_of, note_download, open_file, release_file
from services.unit_of_work import unit_of_work
from views.sending_files import send_stored, size_text

_LONGEST_ID = 40


def files_to_fetch(visit: Visit, release: Release, _now: dt.datetime) -> list[Facts]:
    """One box: each file with its size and checksum; none where there is no file."""
    told = [
        DetailsField(
            f"file-{place}",
            each.platform or "File",
            "text",
            Markup('<a href="{}">{}</a> ({}), SHA-256 <code class="checksum">{}</code>').format(
                f"{visit.base_url}/downloads/{address(each.public_id)}", each.name, size_text(each.size), each.sha256
            ),
        )
        for place, each in enumerate(files_of(release), start=1)
    ]
    return [Facts("Downloads", told)] if told else []


class DownloadPage(RealmPage):
    """Members of the Release manager role fetch what is published; staff everything."""

    slug, title = "downloads", "Downloads"
    verbs: ClassVar[dict[str, str]] = dict.fromkeys(("index", "fetch"), P.RELEASES_READ)

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """A file is chosen on its release."""
        return redirect(f"{self.visit.base_url}/releases/", code=303)

    @expose("/<public_id>")
    def fetch(self, public_id: str) -> ResponseReturnValue:
        """The file, or the piece of it that is asked for."""
        owner_id = self.visit.owner_id
        known = "\0" not in public_id and len(public_id) <= _LONGEST_ID
        wanted = release_file(public_id, published_only=owner_id is not None) if known else None
        opened = open_file(wanted) if wanted is not None else None
        if wanted is None or opened is None:
            abort(404)
        if owner_id is not None and "Range" not in request.headers and request.method == "GET":
            with unit_of_work():
                note_download(
                    wanted,
                    account_id=owner_id,
                    actor=self.visit.actor,
                    now=self.hooks.now(),
                    ip=request.remote_addr,
                )
        return send_stored(opened)
