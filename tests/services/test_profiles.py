"""What people say about themselves, and the check of what was entered for them."""

from __future__ import annotations

import pytest

from domain.actor import Actor, Source
from domain.contact import TimeZoneUnknown
from models import Member
from services.audit import timeline_of
from services.members import FieldNotEditable, FirstUserName, NameMissing
from services.profiles import (
    LanguageNotOffered,
    NameNotReadable,
    PhoneNotReadable,
    RowsNotOffered,
    check_own_data,
    may_change_own_name,
    needs_check,
    save_profile,
)
from services.unit_of_work import unit_of_work
from tests.factories.people import MemberFactory, OwnerFactory, StaffPersonFactory


def actor_of(person):
    return Actor("Mia", Source.PORTAL, person_id=person.id)


def save(person, now, **changes):
    with unit_of_work():
        return save_profile(person, changes, actor=actor_of(person), now=now)


def check(person, now, phone="", **changes):
    with unit_of_work():
        return check_own_data(person, changes, phone=phone, actor=actor_of(person), now=now)


@pytest.fixture
def person(session):
    return MemberFactory(person__first_name="Mia", person__last_name="Marsh").person


@pytest.fixture
def first_user(session):
    return OwnerFactory(person__first_name="Ida", person__last_name="Berg").person


def test_what_is_chosen_is_kept_and_recorded(person, now):
    save(person, now, first_name=" Maria ", time_zone="Europe/Oslo", rows_per_page=25, start_page="invoices")
    assert (person.name, person.time_zone, person.rows_per_page, person.start_page) == (
        "Maria Marsh", "Europe/Oslo", 25, "invoices",
    )  # fmt: skip
    [event] = timeline_of("person", person.public_id)
    assert event.after["first_name"] == "Maria"
    save(person, now, time_zone="", start_page="")
    assert (person.time_zone, person.start_page) == (None, None)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"first_name": "", "last_name": "  "}, NameMissing),
        ({"first_name": "M" * 101}, NameNotReadable),
        ({"first_name": "Mia\r\nBcc: x"}, NameNotReadable),
        ({"first_name": "Mia\0"}, NameNotReadable),
        ({"first_name": "\u202eaiM"}, NameNotReadable),
        ({"time_zone": "Mars/Olympus"}, TimeZoneUnknown),
        ({"time_zone": "../../etc/passwd"}, TimeZoneUnknown),
        ({"language": "tlh"}, LanguageNotOffered),
        ({"rows_per_page": 7}, RowsNotOffered),
        ({"rows_per_page": 1_000_000}, RowsNotOffered),
        ({"email": "other@acme.example"}, FieldNotEditable),
        ({"kind": "staff"}, FieldNotEditable),
        ({"password_hash": "x"}, FieldNotEditable),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(session, person, now, changes, refusal):
    before = (person.name, person.time_zone, person.language, person.rows_per_page, person.email)
    session.commit()
    with pytest.raises(refusal):
        save(person, now, **changes)
    session.refresh(person)
    assert (person.name, person.time_zone, person.language, person.rows_per_page, person.email) == before


def test_the_first_user_of_an_account_keeps_their_name_and_changes_the_rest(first_user, now):
    assert not may_change_own_name(first_user)
    with pytest.raises(FirstUserName):
        save(first_user, now, first_name="Eva")
    save(first_user, now, first_name="Ida", last_name="Berg", rows_per_page=10)
    assert (first_user.name, first_user.rows_per_page) == ("Ida Berg", 10)


def test_the_first_user_of_one_account_is_it_in_every_seat(first_user, now):
    MemberFactory(person=first_user)
    with pytest.raises(FirstUserName):
        save(first_user, now, last_name="Other")


def test_at_the_first_check_everybody_may_correct_what_others_typed(session, now):
    seat = OwnerFactory(person__checked_at=None, person__first_name="Idda", phone="123")
    person = seat.person
    assert needs_check(person)
    check(person, now, phone="+47 22 00 00 00", first_name="Ida", last_name="Berg", time_zone="Europe/Oslo")
    assert not needs_check(person)
    assert (person.name, person.time_zone, person.checked_at) == ("Ida Berg", "Europe/Oslo", now)
    assert session.get_one(Member, seat.id).phone == "+47 22 00 00 00"
    assert "person.data_checked" in [event.event for event in timeline_of("person", person.public_id)]
    with pytest.raises(FirstUserName):
        save(person, now, first_name="Eva")


def test_a_check_that_is_done_is_not_done_again(first_user, now):
    check(first_user, now, first_name="Eva")
    assert first_user.first_name == "Ida"


def test_a_check_with_what_cannot_be_stays_open(session, now):
    person = MemberFactory(person__checked_at=None).person
    session.commit()
    for changes, phone, refusal in (
        ({"first_name": "", "last_name": ""}, "", NameMissing),
        ({"first_name": "A"}, "call me", PhoneNotReadable),
        ({"first_name": "A"}, "1" * 33, PhoneNotReadable),
        ({"email": "x@y.example"}, "", FieldNotEditable),
    ):
        with pytest.raises(refusal):
            check(person, now, phone=phone, **changes)
        session.refresh(person)
        assert needs_check(person)


def test_staff_have_nothing_to_check(session):
    assert not needs_check(StaffPersonFactory(checked_at=None))
