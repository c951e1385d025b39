"""The moment a person is in, by whichever door: the one place where it is written down and reported."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.actor import Actor
from domain.browsers import browser_in_words
from domain.sentences import Moment, Sentence
from models.person import Person
from services.audit import record_event
from services.devices import meet_device
from services.networks import NetworkNotAllowed, person_may_come_from
from services.notifications import tell
from services.sessions import Browser


def arrive(person: Person, browser: Browser, *, actor: Actor, now: dt.datetime) -> None:
    """Write down that a person has shown all that is asked, and mail them about it where that is due.

    A new device is always reported, except at the very first sign-in: then there is none to tell it from, and the
    person has just answered the mail that let them in. Known devices are reported to who asked for it. Refused:
    NetworkNotAllowed.
    """
    if not person_may_come_from(person.id, browser.ip):
        raise NetworkNotAllowed
    is_first = person.last_sign_in_at is None
    is_known = meet_device(person, browser, now=now)
    device = browser_in_words(browser.user_agent)
    person.last_sign_in_at = now
    record_event("person.signed_in", person, actor=actor, now=now, after={"device": device})
    is_new = not is_known and not is_first
    if is_new:
        record_event("person.device_added", person, actor=actor, now=now, after={"device": device})
    if is_new or person.sign_in_mail:
        event = "new_device" if is_new else "signed_in"
        tell(
            person, event, now=now, device=device, ip=browser.ip or Sentence("unknown"), moment=_moment_for(person, now)
        )


def _moment_for(person: Person, now: dt.datetime) -> Moment:
    """The time on the person's own clock, with its zone, as a mail says it."""
    try:
        zone = ZoneInfo(person.time_zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone = ZoneInfo("UTC")
    return Moment(now, zone.key, spelled=True)
