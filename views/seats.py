"""A person's seats: the page to choose an account on, and what the menu of accounts offers."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from services.seats import Seat, seats_of
from views.access import signed_in
from views.identity import current_identity

blueprint = Blueprint("seats", __name__)


@blueprint.get("/accounts")
@signed_in
def accounts() -> ResponseReturnValue:
    """Every account the person has a seat in. Those that are suspended are named, and lead nowhere."""
    identity = current_identity()
    if identity is None:
        raise RuntimeError("a page for people with a session was reached without one")
    return render_template("pages/seats/accounts.html", seats=seats_shown(seats_of(identity.person.id)))


def seats_shown(seats: list[Seat]) -> list[dict[str, Any]]:
    """The seats as pages name them; one in a suspended account has no address."""
    return [
        {
            "name": seat.account_name,
            "client_id": seat.client_id,
            "url": "" if seat.suspended else f"/portal/{seat.client_id}/",
            "leave_url": "" if seat.suspended else f"/portal/{seat.client_id}/leave/",
        }
        for seat in seats
    ]
