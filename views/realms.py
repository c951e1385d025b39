"""The two doors: the back office for staff, the portal of one account for its members."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import abort, redirect, request
from werkzeug.wrappers import Response

from domain.actor import Actor, Source
from domain.permissions import MEMBER_GRANTS, STAFF_GRANTS
from panel import PORTAL, STAFF, Realm, Visit
from services.presence import note_seat, seat_needs_note
from services.standing import Standing
from services.unit_of_work import unit_of_work
from views.access import ASKED_BY_SCRIPTS, standing_here
from views.clock import now
from views.identity import Identity, current_identity, sign_in_url
from views.locale import select_locale, zone_of

STAFF_PREFIX = "/staff"
PORTAL_PREFIX = "/portal"


def enter_back_office(_values: Mapping[str, Any]) -> Visit | Response:
    """Let enabled staff in; send those without a session to sign in; to others nothing is here."""
    identity = current_identity()
    if identity is None:
        return redirect(sign_in_url(), code=303)
    standing = standing_here(identity, None)
    if standing is None:
        abort(404)
    return _visit(back_office, identity, standing, Source.STAFF, STAFF_PREFIX)


def enter_portal(values: Mapping[str, Any]) -> Visit | Response:
    """Let members of the account in that the address names; a stranger is not told that it exists."""
    identity = current_identity()
    if identity is None:
        return redirect(sign_in_url(), code=303)
    client_id = str(values.get("client_id", ""))
    standing = standing_here(identity, client_id)
    if standing is None:
        abort(404)
    _note_presence(standing)
    return _visit(portal, identity, standing, Source.PORTAL, f"{PORTAL_PREFIX}/{client_id}")


def _note_presence(standing: Standing) -> None:
    """Write down that the member is here themself; at most every five minutes."""
    own_seat = standing.member_id if standing.stand_in is None else None
    if (
        request.endpoint not in ASKED_BY_SCRIPTS
        and own_seat is not None
        and seat_needs_note(standing.last_seen_at, now=now())
    ):
        with unit_of_work():
            note_seat(own_seat, now=now())


def _visit(realm: Realm, identity: Identity, standing: Standing, source: Source, base_url: str) -> Visit:
    person = identity.person
    actor = Actor(
        name=person.name or person.email or person.public_id,
        source=source,
        person_id=person.id,
        staff_member_id=standing.staff_member_id,
        member_id=standing.member_id,
        account_id=standing.account_id,
        ip=request.remote_addr,
        on_behalf_of_id=standing.on_behalf_of_id,
        proved_at=identity.session.proved_at,
    )
    return Visit(
        realm=realm,
        actor=actor,
        grants=standing.grants,
        owner_id=standing.account_id,
        base_url=base_url,
        time_zone=zone_of(person.time_zone),
        locale=select_locale(),
        context=standing,
        page_size=person.rows_per_page,
    )


back_office = Realm(
    name=STAFF,
    prefix=STAFF_PREFIX,
    label="Back office",
    enter=enter_back_office,
    layout="layouts/staff.html",
    grants=frozenset().union(*STAFF_GRANTS.values()),
)
portal = Realm(
    name=PORTAL,
    prefix=f"{PORTAL_PREFIX}/<client_id>",
    label="Portal",
    enter=enter_portal,
    layout="layouts/portal.html",
    grants=frozenset().union(*MEMBER_GRANTS.values()),
)
REALMS = (back_office, portal)
