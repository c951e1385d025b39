"""Choosing what one is told, and how: by the settings page, or by the link at the end of a mail."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from sqlalchemy import select

from domain.actor import Actor
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


def person_of_link(token: str) -> tuple[Person, NotificationKind]:
    """Whose mails of which kind a link stops. Refused: UnsubscribeLinkNotValid for one we did not make."""
    stops = unsubscribe_links.read(token)
    person = None
    if stops is not None and may_be_switched_off(stops.kind, NotificationChannel.EMAIL):
        person = db.session.scalar(select(Person).where(Person.public_id == stops.person_public_id))
    if stops is None or person is None:
        raise UnsubscribeLinkNotValid
    return person, stops.kind


def unsubscribe(person: Person, kind: NotificationKind, *, actor: Actor, now: dt.datetime) -> None:
    """Switch a kind off for mail, as a link in one said. Twice is once."""
    locked(person)
    if choices_of(person.id)[kind, NotificationChannel.EMAIL]:
        _keep(person, kind, NotificationChannel.EMAIL, False)
        db.session.flush()
        record_event("person.unsubscribed", person, actor=actor, now=now, after={"kind": kind.value})


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
