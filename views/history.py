"""What happened to a record, or lately in the house, in words for people."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from domain.actor import Source
from domain.audit import sentence_of
from domain.sentences import Sentence
from models import LoginAsSession
from models.base import PUBLIC_ID_ALPHABET, PUBLIC_ID_LENGTH, AccountOwned
from panel import Visit, words
from panel.pages import TimelineEntry
from panel.words import inside
from services import audit
from services.login_as import changes_made
from views.locale import chosen, said
from views.moments import moment_text
from views.money import format_money
from views.told_values import plain_value, told_value

TIMELINE_LENGTH = 30
# What the audit calls amounts. It keeps them in minor units, with the currency beside them or on the record.
AMOUNTS: Final = frozenset(
    {
        "amount",
        "amount_allocated",
        "amount_credited",
        "amount_due",
        "amount_paid",
        "limit",
        "price",
        "recurring_price",
        "total",
        "unit_price",
    }
)
_OPAQUE = re.compile(rf"[{PUBLIC_ID_ALPHABET}]{{{PUBLIC_ID_LENGTH}}}").fullmatch


def timeline(visit: Visit, row: Any) -> Sequence[TimelineEntry]:
    """The newest events of a record, in the reader's time zone; of a login as a member, what was done meanwhile."""
    if isinstance(row, LoginAsSession):
        made = changes_made(row, limit=TIMELINE_LENGTH)
        return [_entry(visit, event, _with_number(event), _changes(visit, event, "")) for event in made]
    target = audit.target_of(row)
    account_id = getattr(row, "account_id", None) if isinstance(row, AccountOwned) else visit.owner_id
    events = audit.timeline_of(target.type, target.key, account_id=account_id, limit=TIMELINE_LENGTH)
    former = [str(event.before["number"]) for event in events if "number" in event.before]
    if former:  # a draft gets another number when it is issued; what happened before stands under the old one
        keys = [target.key, *former]
        events = audit.timeline_of(target.type, keys, account_id=account_id, limit=TIMELINE_LENGTH)
    currency = getattr(row, "currency", "") or ""
    return [_entry(visit, event, sentence_of(event.event), _changes(visit, event, currency)) for event in events]


def timeline_of_target(
    visit: Visit, target_type: str, target_keys: Sequence[str], names: Mapping[str, str] = MappingProxyType({})
) -> Sequence[TimelineEntry]:
    """The newest events of what is no row (settings, lists), by the audit's name for it. ``names`` says its values."""
    events = audit.timeline_of(target_type, target_keys, limit=TIMELINE_LENGTH)
    return [
        _entry(
            visit, event, sentence_of(event.event), [(said(names.get(n, words(n))), b, a) for n, b, a in _sides(event)]
        )
        for event in events
    ]


def recent_activity(visit: Visit, limit: int) -> Sequence[TimelineEntry]:
    """The newest events of the visit's account, or of all of them in the back office."""
    events = audit.latest_events(account_id=visit.owner_id, limit=limit)
    return [_entry(visit, event, _with_number(event), ()) for event in events]


def _with_number(event: audit.Recorded) -> str:
    return f"{said(sentence_of(event.event))} {_number(event.target)}".strip()


def _number(target: audit.Target) -> str:
    """The number people know a record by; an opaque id says nothing to them."""
    return target.key if any(letter.isdigit() for letter in target.key) and not _OPAQUE(target.key) else ""


def _changes(visit: Visit, event: audit.Recorded, currency: str) -> list[tuple[str, str, str]]:
    """(field, before, after) of what a record's own timeline tells."""
    before, after = event.before, event.after
    names = [*before, *(name for name in after if name not in before)]
    currency = str(after.get("currency") or before.get("currency") or currency)

    def shown(values: Mapping[str, Any], name: str) -> str:
        value = values.get(name)
        if name in AMOUNTS and currency and isinstance(value, int):
            return format_money(value, currency, visit.locale)
        return told_value(visit, event.target.type, name, value)

    told = [(said(words(name)), shown(before, name), shown(after, name)) for name in names]
    return [change for change in told if change[1] or change[2]]


def _sides(event: audit.Recorded) -> list[tuple[str, str, str]]:
    names = [*event.before, *(name for name in event.after if name not in event.before)]
    return [(name, plain_value(event.before.get(name)), plain_value(event.after.get(name))) for name in names]


def _entry(visit: Visit, event: audit.Recorded, what: str, changes: Sequence[tuple[str, str, str]]) -> TimelineEntry:
    return TimelineEntry(
        at=moment_text(visit, event.at),
        at_iso=event.at.isoformat(timespec="seconds"),
        who=_who(event),
        what=what,
        source=inside(chosen(Source(event.source))),
        changes=changes,
    )


def _who(event: audit.Recorded) -> str:
    if not event.on_behalf_of:
        return event.actor_name
    return said(Sentence("%(actor)s as %(member)s", actor=event.actor_name, member=event.on_behalf_of))
