"""What the generator is handed: our session, services, refusals, clock, money and colours."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from babel.dates import format_datetime
from sqlalchemy.orm import Session, scoped_session

from domain.audit import sentence_of
from domain.currencies import EXPONENTS
from domain.money import exponent_of
from domain.permissions import P
from domain.refusals import Refusal
from extensions import db
from models.base import PUBLIC_ID_ALPHABET, PUBLIC_ID_LENGTH, AccountOwned
from panel import Hooks, Visit, words
from panel.pages import TimelineEntry
from services import audit, records
from services.unit_of_work import unit_of_work
from views.clock import now
from views.money import format_money
from views.tones import tone_of

TIMELINE_LENGTH = 30
_OPAQUE = re.compile(rf"[{PUBLIC_ID_ALPHABET}]{{{PUBLIC_ID_LENGTH}}}").fullmatch


def timeline(visit: Visit, row: Any) -> Sequence[TimelineEntry]:
    """The newest events of a record, in the reader's time zone."""
    target = audit.target_of(row)
    account_id = getattr(row, "account_id", None) if isinstance(row, AccountOwned) else visit.owner_id
    events = audit.timeline_of(target.type, target.key, account_id=account_id, limit=TIMELINE_LENGTH)
    former = [str(event.before["number"]) for event in events if "number" in event.before]
    if former:  # a draft gets another number when it is issued; what happened before stands under the old one
        keys = [target.key, *former]
        events = audit.timeline_of(target.type, keys, account_id=account_id, limit=TIMELINE_LENGTH)
    return [_entry(visit, event, sentence_of(event.event), _changes(event)) for event in events]


def recent_activity(visit: Visit, limit: int) -> Sequence[TimelineEntry]:
    """The newest events of the visit's account, or of all of them in the back office."""
    events = audit.latest_events(account_id=visit.owner_id, limit=limit)
    return [_entry(visit, event, f"{sentence_of(event.event)} {_number(event.target)}".strip(), ()) for event in events]


def _number(target: audit.Target) -> str:
    """The number people know a record by; an opaque id says nothing to them."""
    return target.key if any(letter.isdigit() for letter in target.key) and not _OPAQUE(target.key) else ""


def _changes(event: audit.Recorded) -> list[tuple[str, str, str]]:
    """(field, before, after) of what a record's own timeline tells."""
    before, after = event.before, event.after
    names = [*before, *(name for name in after if name not in before)]
    told = [(words(name), _text(before.get(name)), _text(after.get(name))) for name in names]
    return [change for change in told if change[1] or change[2]]


def _entry(visit: Visit, event: audit.Recorded, what: str, changes: Sequence[tuple[str, str, str]]) -> TimelineEntry:
    return TimelineEntry(
        at=format_datetime(event.at.astimezone(visit.time_zone), "d MMM y, HH:mm", locale=visit.locale),
        at_iso=event.at.isoformat(timespec="seconds"),
        who=f"{event.actor_name}, as {event.on_behalf_of}" if event.on_behalf_of else event.actor_name,
        what=what,
        source=str(event.source),
        changes=changes,
    )


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(_text(part) for part in value)
    return str(value)


def write_audit(visit: Visit, event: str, details: Mapping[str, Any], *, now: dt.datetime) -> None:
    """Record what left the house by an export."""
    audit.record_export(details, account_id=visit.owner_id, actor=visit.actor, now=now)


def currency_of(visit: Visit) -> str:
    """The account's currency, for amounts whose row names none."""
    return getattr(visit.context, "currency", "") or ""


def make_hooks() -> Hooks:
    """The hooks of both realms."""
    return Hooks(
        session=cast("scoped_session[Session]", db.session),
        engine=lambda: db.engine,
        unit_of_work=unit_of_work,
        owned=AccountOwned,
        owner_column="account_id",
        refusals=Refusal,
        now=now,
        create=records.create_record,
        edit=records.edit_record,
        delete=records.delete_record,
        audit=write_audit,
        grants=frozenset(permission.value for permission in P),
        timeline=timeline,
        format_money=format_money,
        exponent=exponent_of,
        currencies=tuple(EXPONENTS),
        currency=currency_of,
        tone=tone_of,
    )
