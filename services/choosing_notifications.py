"""Choosing what one is told, and how: by the settings page, or by the link at the end of a mail."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from sqlalchemy import select

from domain.actor import Actor, Source
from domain.refusals import Refusal
from extensions import db
from models.notification import NotificationChannel, NotificationKind, NotificationPreference
from models.person import Person
from services.audit import record_event
from services.locks import locked
from services.notification_choices import choices_of, may_be_switched_off
from services.unsubscribing import unsubscribe_links


class QuietHoursIncomplete(Refusal):
    message = "Enter when the quiet hours begin and when they end, or leave both empty."


class QuietHoursAllDay(Refusal):
    message = "The quiet hours begin and end at the same time. Enter two different times, or leave both empty."


class UnsubscribeLinkNotValid(Refusal):
    message = "This link is not complete. Copy the whole address from the mail, or sign in and use your settings."


def choose_notifications(
    person: Person,
    wanted: Mapping[tuple[NotificationKind, NotificationChannel], bool],
    *,
    quiet_from: dt.time | None,
    quiet_until: dt.time | None,
    actor: Actor,
    now: dt.datetime,
) -> Person:
    """Keep what the person wants to get, and in which hours mails wait. What cannot be switched off stays on.

    Refused: QuietHoursIncomplete, QuietHoursAllDay.
    """
    if (quiet_from is None) != (quiet_until is None):
        raise QuietHoursIncomplete
    if quiet_from is not None and quiet_from == quiet_until:
        raise QuietHoursAllDay
    locked(person)
    before = _described(person)
    for (kind, channel), enabled in wanted.items():
        if may_be_switched_off(kind, channel):
            _keep(person, kind, channel, enabled)
    person.quiet_from, person.quiet_until = quiet_from, quiet_until
    db.session.flush()
    record_event("person.notifications_chosen", person, actor=actor, now=now, before=before, after=_described(person))
    return person


def person_of_link(token: str) -> tuple[Person, NotificationKind] | None:
    """Whose mails of which kind a link stops; None for one we did not make."""
    stops = unsubscribe_links.read(token)
    if stops is None or not may_be_switched_off(stops.kind, NotificationChannel.EMAIL):
        return None
    person = db.session.scalar(select(Person).where(Person.public_id == stops.person_public_id))
    return None if person is None else (person, stops.kind)


def unsubscribe(token: str, *, ip: str | None, now: dt.datetime) -> NotificationKind:
    """Switch the kind off that a link names, for mail. Twice is once. Refused: UnsubscribeLinkNotValid."""
    found = person_of_link(token)
    if found is None:
        raise UnsubscribeLinkNotValid
    person, kind = found
    locked(person)
    if choices_of(person.id)[kind, NotificationChannel.EMAIL]:
        _keep(person, kind, NotificationChannel.EMAIL, False)
        db.session.flush()
        actor = Actor(name=str(person) or person.public_id, source=Source.PORTAL, person_id=person.id, ip=ip)
        record_event("person.unsubscribed", person, actor=actor, now=now, after={"kind": kind.value})
    return kind


def _keep(person: Person, kind: NotificationKind, channel: NotificationChannel, enabled: bool) -> None:
    row = db.session.scalar(
        select(NotificationPreference).where(
            NotificationPreference.person_id == person.id,
            NotificationPreference.kind == kind,
            NotificationPreference.channel == channel,
        )
    )
    if row is None:
        db.session.add(NotificationPreference(person_id=person.id, kind=kind, channel=channel, enabled=enabled))
    else:
        row.enabled = enabled


def _described(person: Person) -> dict[str, object]:
    """What was chosen, in a form the audit keeps."""
    on = sorted(f"{kind.value}:{channel.value}" for (kind, channel), yes in choices_of(person.id).items() if yes)
    return {
        "wanted": ", ".join(on),
        "quiet_from": person.quiet_from.isoformat("minutes") if person.quiet_from else None,
        "quiet_until": person.quiet_until.isoformat("minutes") if person.quiet_until else None,
    }
