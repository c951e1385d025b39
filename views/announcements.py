"""Announcements, for staff: written for all accounts or for chosen ones, and sent once."""

from __future__ import annotations

import datetime as dt

from markupsafe import escape
from wtforms import TextAreaField
from wtforms.validators import Length

from domain.permissions import P
from domain.sentences import Sentence, counted
from models import Announcement
from panel import STAFF, Action, Choice, Column, DateRange, Resource, Visit, YesNo, reading
from panel.form import Form
from panel.pages import DetailsField, Facts
from services.announcements import (
    MOST_COUNTED,
    AnnouncementSent,
    accounts_counted,
    client_ids_of,
    create_announcement,
    edit_announcement,
    send_announcement,
)
from services.markdown import markdown
from views.locale import said

FIELDS = ("kind", "title", "body", "for_all", "starts_at", "ends_at", "emergency", "blocked_ticket_type")


class AudienceForm(Form):
    """The accounts that it is for, where it is not for all."""

    client_ids = TextAreaField(
        "Client IDs",
        [Length(max=20_000, message="Enter at most 20,000 characters.")],
        description="Of the accounts it is for, with commas between. Empty when it is for all.",
        render_kw={"rows": 3},
    )


def accounts_in_words(announcement: Announcement) -> str:
    """How many accounts it is for: "all 12 accounts", "1 account"."""
    number = accounts_counted(announcement)
    if number > MOST_COUNTED:
        return Sentence("more than %(count)s accounts", count=MOST_COUNTED)
    if announcement.for_all and number > 1:
        return counted("all accounts", "all %(count)s accounts", number)
    return counted("1 account", "%(count)s accounts", number)


def what_is_asked(announcement: Announcement) -> str:
    """What comes of sending it."""
    return Sentence(
        "The members of %(accounts)s are told: in the portal, and by mail or message as each of them "
        "chose for this kind. It is sent once and cannot be taken back.",
        accounts=accounts_in_words(announcement),
    )


def as_it_is_read(_visit: Visit, announcement: Announcement, _now: dt.datetime) -> list[Facts]:
    """Its text as a banner shows it, and whom it is for."""
    listed = client_ids_of(announcement)
    told = accounts_in_words(announcement)
    return [
        Facts(
            "What it says",
            [
                DetailsField("text", "Text", "text", markdown(announcement.body)),
                DetailsField("told", "For", "text", escape(f"{said(told)}: {listed}" if listed else said(told))),
            ],
        )
    ]


class AnnouncementResource(Resource):
    model, slug, title = Announcement, "announcements", "Announcements"
    description = (
        "What accounts are told: notices and the service status, and newsletters to who asked for them. "
        "Nobody is told before you send it."
    )
    group, icon, label, status = "Support", "megaphone", "title", ""
    realms = frozenset({STAFF})
    columns = (
        Column("title", sort=True, link=True),
        Column("kind"),
        Column("for_all", "For all", list=False),
        Column("starts_at", "From", sort=True),
        Column("ends_at", "Until"),
        Column("emergency", "Emergency"),
        Column("blocked_ticket_type.name", "Blocks tickets of type"),
        Column("sent_at", "Sent"),
        Column("written_by.person.email", "Written by", list=False),
        Column("created_at", "Added", sort=True, list=False),
    )
    filters = (
        Choice("kind"),
        YesNo("emergency", "Emergency"),
        YesNo("sent_at", "Sent"),
        DateRange("starts_at", "From"),
    )
    search = ("title",)
    default_sort = "-starts_at"
    form = {"create": FIELDS, "edit": FIELDS}
    form_extras = {"create": AudienceForm, "edit": AudienceForm}
    extra_values = {"client_ids": client_ids_of}
    required = frozenset({"kind"})
    labels = {"body": "Text", "for_all": "For all accounts", "blocked_ticket_type": "Blocks new tickets of type"}
    help = {
        "kind": "A newsletter is mailed to who asked for newsletters; the others as people chose for service status.",
        "body": "Markdown is understood.",
        "ends_at": "Empty: until it is given an end.",
        "emergency": "A banner on every page of these accounts and of the back office, from its start to its end, "
        "whether it is sent or not.",
        "blocked_ticket_type": "Members cannot open such tickets meanwhile; staff can, and mails are answered with "
        "this text. It needs an end.",
    }
    saves = {"create": create_announcement, "edit": edit_announcement}
    facts = as_it_is_read
    grants = {
        **reading(P.STAFF_ANNOUNCEMENTS_READ),
        "create": P.STAFF_ANNOUNCEMENTS_EDIT,
        "edit": P.STAFF_ANNOUNCEMENTS_EDIT,
    }
    actions = (
        Action(
            send_announcement,
            "Send",
            grant=P.STAFF_ANNOUNCEMENTS_EDIT,
            when=Announcement.can_send,
            why_not=AnnouncementSent.message,
            sensitive=True,
            confirm=what_is_asked,
            done="It is being sent.",
            name="send",
        ),
    )
