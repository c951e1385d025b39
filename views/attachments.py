"""Files on messages of tickets: pictures are shown, everything else is saved."""

from __future__ import annotations

from typing import ClassVar

from flask import abort, redirect
from flask.typing import ResponseReturnValue
from flask_admin import expose

from domain.permissions import P
from panel import RealmPage
from services.attachments import find_attachment, open_attachment
from views.sending_files import send_stored
from views.tickets import seen_tickets

_LONGEST_ID = 40


class AttachmentPage(RealmPage):
    """Whoever reads tickets fetches what hangs on their messages; the guard keeps members within their account."""

    slug, title = "attachments", "Attachments"
    verbs: ClassVar[dict[str, str]] = dict.fromkeys(("index", "fetch"), P.TICKETS_READ)

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """A file is found on its ticket."""
        return redirect(f"{self.visit.base_url}/tickets/", code=303)

    @expose("/<public_id>")
    def fetch(self, public_id: str) -> ResponseReturnValue:
        """The file, or the piece of it that is asked for."""
        known = "\0" not in public_id and len(public_id) <= _LONGEST_ID
        with_notes, tickets = self.visit.owner_id is None, seen_tickets(self.visit)
        found = find_attachment(public_id, with_notes=with_notes, tickets=tickets) if known else None
        opened = open_attachment(found) if found is not None else None
        if opened is None:
            abort(404)
        return send_stored(opened, inline=True)
