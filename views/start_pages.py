"""Where a person begins after sign-in: the dashboard or back office, or a list they chose and may open."""

from __future__ import annotations

from models.person import PersonKind
from panel import PORTAL, STAFF
from services.seats import live_seats
from services.standing import standing_of
from views.clock import now
from views.identity import Identity
from views.locale import said
from views.resources import RESOURCES


def start_pages(identity: Identity) -> list[tuple[str, str]]:
    """What the person can choose, by what their roles let them open: (value, label), the usual one first."""
    is_staff = identity.person.kind is PersonKind.STAFF
    offered = _lists(identity, None if is_staff else _client_ids(identity))
    labels = {resource.slug: resource.title for resource in RESOURCES}
    first = ("", "Home of the back office" if is_staff else "Dashboard")
    return [(slug, said(label)) for slug, label in (first, *((slug, labels[slug]) for slug in offered))]


def start_url(identity: Identity) -> str:
    """The address of the chosen list where the person may open it now; empty where they may not, or chose none."""
    chosen = identity.person.start_page
    if not chosen:
        return ""
    if identity.person.kind is PersonKind.STAFF:
        return f"/staff/{chosen}/" if chosen in _lists(identity, None) else ""
    for client_id in _client_ids(identity)[:1]:
        if chosen in _lists(identity, [client_id]):
            return f"/portal/{client_id}/{chosen}/"
    return ""


def _client_ids(identity: Identity) -> list[str]:
    return [seat.client_id for seat in live_seats(identity.person.id)]


def _lists(identity: Identity, client_ids: list[str] | None) -> list[str]:
    """The slugs of the lists that may be opened in the back office (None), or in any of these accounts."""
    realm = STAFF if client_ids is None else PORTAL
    held: set[str] = set()
    for client_id in [None] if client_ids is None else client_ids:
        standing = standing_of(identity.session, identity.person, client_id, now=now())
        if standing is not None:
            held |= standing.grants
    return [
        resource.slug
        for resource in RESOURCES
        if realm in resource.realms and (grant := resource.grant("list", realm)) and (grant == "*" or grant in held)
    ]
