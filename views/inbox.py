"""The bell: what is new to whoever is here, and the page where it is read. In both realms, for everybody in them."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import abort, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_admin import expose

from models import Notification
from panel import Visit
from panel.door import RealmPage
from panel.form import Form
from panel.realm import EVERYONE
from services.notices import (
    find_notice,
    latest_notices,
    mark_all_read,
    mark_read,
    told_to,
)
from services.unit_of_work import unit_of_work
from views.clock import now
from views.counters import counters
from views.locale import chosen, flash, said
from views.moments import moment_text
from views.readers import has_own_eyes, reader_of

SHOWN = 50


class MarkReadForm(Form):
    """Nothing but the token that shows that the form came from our page."""


class InboxPage(RealmPage):
    """The newest notices; opening one marks it read."""

    slug, title = "inbox", "Notifications"
    verbs: ClassVar[dict[str, str]] = {
        "index": EVERYONE,
        "mark_all": EVERYONE,
        "notice": EVERYONE,
    }

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """What was told lately, the newest first."""
        visit = self.visit
        rows = [_row(visit, notice, new) for notice, new in latest_notices(reader_of(visit), limit=SHOWN, now=now())]
        return render_template(
            "pages/inbox/index.html",
            layout=self.realm.layout,
            notices=rows,
            unread=counters(visit)["bell"],
            form=MarkReadForm(),
            mark_url=f"{visit.base_url}/inbox/read",
            settings_url="/settings/notifications",
            all_url=f"{visit.base_url}/notifications/" if visit.allows("notifications:read") else "",
        )

    @expose("/read", methods=("POST",))
    def mark_all(self) -> ResponseReturnValue:
        """Everything is read."""
        if not MarkReadForm().validate():
            abort(422)
        visit = self.visit
        with unit_of_work():
            number = mark_all_read(reader_of(visit), actor=visit.actor, now=now())
        flash("Everything is marked as read." if number else "There was nothing new.", "success")
        return redirect(f"{visit.base_url}/inbox/", code=303)

    @expose("/<key>")
    def notice(self, key: str) -> ResponseReturnValue:
        """One notice, which is read by that."""
        visit = self.visit
        found = find_notice(reader_of(visit), key.replace("\0", ""))
        if found is None:
            abort(404)
        note_read(visit, found)
        shown = {**_row(visit, found, False), "body": found.body}
        return render_template(
            "pages/inbox/notice.html", layout=self.realm.layout, notice=shown, list_url=f"{visit.base_url}/inbox/"
        )


def seen_notices(visit: Visit) -> Any:
    """What narrows the list of notifications: staff see all that was told, members what was told to them."""
    return None if visit.owner_id is None else told_to(reader_of(visit))


def note_read(visit: Visit, notice: Notification) -> None:
    """Whoever opened it has read it; with somebody else's eyes it stays as it is."""
    if not has_own_eyes(visit):
        return
    if notice.person_id not in (None, visit.actor.person_id):
        return
    with unit_of_work():
        mark_read([notice.id], actor=visit.actor, now=now())


def _row(visit: Visit, notice: Notification, is_new: bool) -> dict[str, Any]:
    return {
        "title": notice.title,
        "url": f"{visit.base_url}/inbox/{notice.public_id}",
        "kind": chosen(notice.kind),
        "unread": is_new,
        "to": said("You" if notice.person_id is not None else "Everybody whose roles cover it"),
        "at": moment_text(visit, notice.created_at),
        "at_iso": notice.created_at.isoformat(timespec="seconds"),
    }
