"""Where gateways tell what happened to payments: for machines, without session or form token."""

from __future__ import annotations

import logging
from typing import Final

from flask import Blueprint, abort, current_app, request
from flask.typing import ResponseReturnValue

from extensions import csrf
from services.paying.events import NotAnEvent, receive_event
from services.unit_of_work import unit_of_work
from views.access import public
from views.clock import now

blueprint = Blueprint("webhooks", __name__)
log = logging.getLogger("foyer.webhooks")

LONGEST_EVENT: Final = 256 * 1024


@blueprint.post("/webhooks/<gateway>")
@public
@csrf.exempt
def receive(gateway: str) -> ResponseReturnValue:
    """200 for an event that is proved, also when it was known; 400 for any other, and nothing is said of why."""
    gateways = current_app.extensions["gateways"]
    if gateway not in gateways:
        abort(404)
    request.max_content_length = LONGEST_EVENT
    try:
        with unit_of_work():
            receive_event(gateway, dict(request.headers), request.get_data(cache=False), gateways, now=now())
    except NotAnEvent as refused:
        log.warning("an event for %s from %s was refused: %s", gateway, request.remote_addr, refused.reason)
        return {"status": "refused"}, 400
    return {"status": "received"}
