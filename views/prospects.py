"""Reserved prospects: companies a reseller is talking to."""

from __future__ import annotations

from domain.permissions import P
from models import Prospect
from panel import PORTAL, STAFF, Action, Column, DateRange, Lookup, Resource, Text, reading
from services.prospects import edit_prospect, release_prospect, reserve_prospect

FIELDS = ("company", "contact", "email", "phone", "country", "note")


class ProspectResource(Resource):
    model, slug, title, noun = Prospect, "prospects", "Reserved prospects", "Reserved prospect"
    description = "A company you are talking to is yours until the day that is shown."
    group, icon, label, status = "Customers", "star", "company", ""
    columns = (
        Column("company", sort=True, link=True),
        Column("account.name", "Reserved for", realms={STAFF}),
        Column("contact"),
        Column("email", "E-mail"),
        Column("phone"),
        Column("country", sort=True),
        Column("reserved_until", sort=True),
        Column("created_at", "Date", sort=True),
        Column("released_at", list=False),
        Column("note", list=False),
    )
    filters = (DateRange("created_at", "Date"), Text("country", exact=True), Lookup("account", realms={STAFF}))
    search = ("company", "contact", "email")
    default_sort = "-created_at"
    form = {"create": {STAFF: ("account", *FIELDS), PORTAL: FIELDS}, "edit": FIELDS}
    labels = {"email": "E-mail"}
    saves = {"create": reserve_prospect, "edit": edit_prospect}
    load = ("account",)
    grants = {**reading(P.PROSPECTS_READ), "create": P.PROSPECTS_EDIT, "edit": P.PROSPECTS_EDIT}
    actions = (
        Action(
            release_prospect,
            "Release company",
            grant=P.PROSPECTS_EDIT,
            when=Prospect.can_release,
            confirm="Another reseller may reserve the company then.",
            done="The reservation is released.",
            name="release",
        ),
    )
