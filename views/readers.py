"""Whose eyes look: who reads what was told, and whether the visitor looks as themself."""

from __future__ import annotations

from panel import Visit
from services.notices import Reader


def reader_of(visit: Visit) -> Reader:
    """Whose notices a visit shows. Who uses somebody else's seat reads what was told to the account only."""
    own = visit.actor.person_id if visit.actor.on_behalf_of_id is None else None
    return Reader(person_id=own, account_id=visit.owner_id, grants=visit.grants)


def has_own_eyes(visit: Visit) -> bool:
    """Whether the visitor looks as themself: neither logged in as a member nor at a preview."""
    return visit.actor.on_behalf_of_id is None and not getattr(visit.context, "is_preview", False)
