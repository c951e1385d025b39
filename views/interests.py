"""Interests in the company: what the provider offers, and the boxes to tick in a member's form."""

from __future__ import annotations

from domain.permissions import P
from models import Interest
from panel import STAFF, Column, Resource, TicksField, YesNo, reading
from panel.form import Form
from services.interests import offered_interests


def _choices() -> list[tuple[str, str]]:
    return [(interest.public_id, interest.name) for interest in offered_interests()]


class InterestFields(Form):
    """What a member would like to hear about."""

    interests = TicksField("Interests in the company", choices=_choices)


class InterestResource(Resource):
    model, slug, title = Interest, "interests", "Interests"
    description = "What members may say they would like to hear about. A retired one is not offered any more."
    group, icon = "Administration", "star"
    realms = frozenset({STAFF})
    columns = (
        Column("name", link=True, sort=True),
        Column("position", sort=True),
        Column("retired"),
        Column("created_at", "Added", list=False),
    )
    filters = (YesNo("retired"),)
    search = ("name",)
    default_sort = "position"
    form = {"create": ("name", "position"), "edit": ("name", "position", "retired")}
    help = {"position": "Interests are offered in this order, the lowest number first."}
    grants = {
        **reading(P.STAFF_SETTINGS_READ),
        "create": P.STAFF_SETTINGS_EDIT,
        "edit": P.STAFF_SETTINGS_EDIT,
    }
