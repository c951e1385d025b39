"""What people say about themselves: name, language, time zone, how lists look, and the check at the first sign-in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from domain.actor import Actor
from domain.contact import check_time_zone
from domain.languages import PSEUDO, SPOKEN
from domain.refusals import Refusal
from domain.sentences import Sentence
from extensions import db
from models.account import Account
from models.member import Member
from models.person import Person, PersonKind
from services.audit import record_event
from services.locks import locked
from services.members import FieldNotEditable, FirstUserName, NameMissing
from services.records import edit_record
from services.seats import is_first_user, live_seats

ROWS_PER_PAGE: Final = (10, 25, 50, 100, 200)
LONGEST_NAME: Final = 100
LONGEST_PHONE: Final = 32
_NAMES: Final = ("first_name", "last_name")
_OWN: Final = frozenset({*_NAMES, "language", "time_zone", "rows_per_page", "start_page", "sign_in_mail"})


class NameNotReadable(Refusal):
    message = Sentence(
        "Enter a name of at most %(longest_name)s letters, without line breaks.", longest_name=LONGEST_NAME
    )


class PhoneNotReadable(Refusal):
    message = "Enter a phone number like +1 202 555 0123."


class LanguageNotOffered(Refusal):
    message = "This language is not offered. Choose one from the list."


class RowsNotOffered(Refusal):
    message = "Choose one of the numbers of rows in the list."


def may_change_own_name(person: Person) -> bool:
    """Whether the person may: the first user of an account may not, for the account is known by them (A11)."""
    return not is_first_user(person.id)


def save_profile(person: Person, changes: Mapping[str, Any], *, actor: Actor, now: dt.datetime) -> Person:
    """Keep what a person chose for themself.

    Takes first_name, last_name, language, time_zone, rows_per_page, start_page and sign_in_mail. Which start pages
    there are, the caller knows. Refused: FirstUserName, NameMissing, NameNotReadable, TimeZoneUnknown,
    LanguageNotOffered, RowsNotOffered, FieldNotEditable.
    """
    if not changes.keys() <= _OWN:
        raise FieldNotEditable
    locked(person)
    kept = _checked(person, changes)
    if any(kept[name] != getattr(person, name) for name in _NAMES if name in kept) and not may_change_own_name(person):
        raise FirstUserName
    return edit_record(person, kept, actor=actor, now=now)


def needs_check(person: Person) -> bool:
    """Whether the person still has to look at what was entered for them, before anything else opens (A6)."""
    return person.kind is PersonKind.MEMBER and person.checked_at is None


def seat_to_check(person: Person) -> tuple[Member, Account] | None:
    """The seat whose data are shown at the first sign-in, with its account."""
    seats = live_seats(person.id)
    if not seats:
        return None
    return db.session.get_one(Member, seats[0].member_id), db.session.get_one(Account, seats[0].account_id)


def check_own_data(person: Person, changes: Mapping[str, Any], *, phone: str, actor: Actor, now: dt.datetime) -> Person:
    """Correct what was entered for the person, and note that they have looked at it.

    This once the first user of an account may correct their name too: others typed it. Refused: what ``save_profile``
    refuses but FirstUserName, and PhoneNotReadable.
    """
    if not changes.keys() <= _OWN:
        raise FieldNotEditable
    locked(person)
    if not needs_check(person):
        return person
    edit_record(person, _checked(person, changes), actor=actor, now=now)
    found = seat_to_check(person)
    if found is not None:
        edit_record(found[0], {"phone": _checked_phone(phone)}, actor=actor, now=now)
    person.checked_at = now
    person.version += 1
    db.session.flush()
    record_event("person.data_checked", person, actor=actor, now=now)
    return person


def _checked(person: Person, changes: Mapping[str, Any]) -> dict[str, Any]:
    kept = dict(changes)
    for name in _NAMES:
        if name in kept:
            kept[name] = _checked_name(kept[name])
    if not (kept.get("first_name", person.first_name) or kept.get("last_name", person.last_name)):
        raise NameMissing
    if "time_zone" in kept:
        kept["time_zone"] = check_time_zone(kept["time_zone"]) if kept["time_zone"] else None
    if kept.get("language", person.language) not in {**SPOKEN, **PSEUDO} and "language" in kept:
        raise LanguageNotOffered
    if "rows_per_page" in kept and kept["rows_per_page"] not in ROWS_PER_PAGE:
        raise RowsNotOffered
    if "start_page" in kept:
        kept["start_page"] = kept["start_page"] or None
    return kept


def _checked_name(typed: str | None) -> str:
    name = " ".join((typed or "").split(" ")).strip()
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise NameNotReadable
    return name


def _checked_phone(typed: str) -> str | None:
    phone = typed.strip()
    if len(phone) > LONGEST_PHONE or not all(letter in "+0123456789 ()/.-x" for letter in phone):
        raise PhoneNotReadable
    return phone or None
