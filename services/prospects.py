"""Reserved prospects: one reseller at a time talks to a company (SPEC E9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, Table, and_, select, update

from domain.actor import Actor, system_actor
from domain.audit import AuditEvent
from domain.companies import company_key
from domain.refusals import Refusal
from extensions import db
from models.prospect import Prospect
from services.audit import Happening, Target, record_event, record_events
from services.records import edit_record, flush_or_refuse
from services.settings import number_setting

_prospect = cast(Table, Prospect.__table__)


class ProspectAlreadyReserved(Refusal):
    """Said without telling who holds it."""

    message = "This company is reserved already in this country. Ask again when the reservation has ended."


_REFUSALS: Final = {"uq_prospect_live": ProspectAlreadyReserved, "prospect.company_key": ProspectAlreadyReserved}


class CountryNotReadable(Refusal):
    message = "Enter the country as two letters, like US or DE."


class ProspectNotHeld(Refusal):
    message = "This reservation has been released already."


def reserve_prospect(values: Mapping[str, Any], *, actor: Actor, now: dt.datetime) -> Prospect:
    """Reserve a company for an account, for as many days as staff set.

    One live reservation a company and country over all accounts, compared by ``company_key``. Refused:
    CompanyNotReadable, CountryNotReadable, ProspectAlreadyReserved.
    """
    kept = {**values, "country": _country(values.get("country"))}
    key = company_key(str(kept.get("company", "")))
    _end_lapsed(key, kept["country"], now)
    prospect = Prospect(
        **kept,
        company_key=key,
        reserved_until=now.date() + dt.timedelta(days=number_setting("prospect_days")),
        reserved_by_id=actor.person_id,
        created_at=now,
    )
    db.session.add(prospect)
    _flush()
    record_event(
        AuditEvent.PROSPECT_RESERVED,
        prospect,
        actor=actor,
        now=now,
        after={"company": prospect.company, "country": prospect.country, "reserved_until": prospect.reserved_until},
    )
    return prospect


def edit_prospect(prospect: Prospect, changes: Mapping[str, Any], *, actor: Actor, now: dt.datetime) -> Prospect:
    """Correct what was typed. Another name or country has to be free as for a new reservation."""
    if prospect.released_at is not None:
        raise ProspectNotHeld
    kept = dict(changes)
    if "country" in kept:
        kept["country"] = _country(kept["country"])
    if "company" in kept:
        kept["company_key"] = company_key(str(kept["company"]))
    key, country = kept.get("company_key", prospect.company_key), kept.get("country", prospect.country)
    if (key, country) != (prospect.company_key, prospect.country):
        _end_lapsed(key, country, now)
    kept.pop("company_key", None)
    prospect.company_key = key
    return edit_record(prospect, kept, actor=actor, now=now, refusals=_REFUSALS)


def release_prospect(prospect: Prospect, *, actor: Actor, now: dt.datetime) -> Prospect:
    """Give the company free for others."""
    if prospect.released_at is not None:
        raise ProspectNotHeld
    prospect.released_at = now
    prospect.version += 1
    db.session.flush()
    record_event(AuditEvent.PROSPECT_RELEASED, prospect, actor=actor, now=now)
    return prospect


def _country(text: Any) -> str:
    country = str(text or "").strip().upper()
    if len(country) != 2 or not country.isascii() or not country.isalpha():
        raise CountryNotReadable
    return country


def end_lapsed_reservations(*, now: dt.datetime, limit: int = 500) -> int:
    """Free companies whose reservation ran out, at most so many; how many there were."""
    lapsed = select(_prospect.c.id).where(_prospect.c.released_at.is_(None), _prospect.c.reserved_until < now.date())
    return _end(_prospect.c.id.in_(lapsed.order_by(_prospect.c.id).limit(limit)), now)


def _end_lapsed(key: str, country: str, now: dt.datetime) -> None:
    """Free the company where a reservation ran out, whoever had it."""
    _end(and_(_prospect.c.company_key == key, _prospect.c.country == country), now)


def _end(which: ColumnElement[bool], now: dt.datetime) -> int:
    """On the table itself, because rows of other accounts are meant too; the clock did it, and not who comes next."""
    ended = db.session.execute(
        update(_prospect)
        .where(which, _prospect.c.released_at.is_(None), _prospect.c.reserved_until < now.date())
        .values(released_at=now, version=_prospect.c.version + 1)
        .returning(_prospect.c.public_id, _prospect.c.account_id)
    ).all()
    told = [Happening(AuditEvent.PROSPECT_EXPIRED, Target("prospect", row.public_id), row.account_id) for row in ended]
    record_events(told, actor=system_actor("Reservations"), now=now)
    return len(ended)


def _flush() -> None:
    flush_or_refuse(_REFUSALS)
