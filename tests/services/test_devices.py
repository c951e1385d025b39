"""New devices are reported, known ones only to who asked for it, and nothing before the sign-in has succeeded."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from models import KnownDevice, NotificationDelivery, SignInSession
from services.audit import timeline_of
from services.devices import MOST_DEVICES, is_device_token, meet_device, new_device_token
from services.networks import NetworkNotAllowed
from services.sessions import Browser
from services.sign_in import SignInRefused, sign_in
from services.unit_of_work import unit_of_work
from tests.factories.people import AllowedNetworkFactory
from tests.support.door import LIFETIME, PASSWORD, person_who_can_sign_in

LAPTOP = Browser(ip="192.0.2.10", user_agent="Mozilla/5.0 (X11; Linux) Firefox/128.0", device="d" * 43)
TELEPHONE = Browser(ip="198.51.100.7", user_agent="Mozilla/5.0 (iPhone) Safari/604.1", device="t" * 43)
DAY = dt.timedelta(days=1)


def come_in(browser, now, password=PASSWORD):
    return sign_in("mia@acme.example", password, browser, now=now, lifetime=LIFETIME)


def mails(session):
    found = select(NotificationDelivery.event, NotificationDelivery.text).order_by(NotificationDelivery.id)
    return list(session.execute(found).all())


def test_the_first_sign_in_ever_is_not_reported_but_its_device_is_known(session, now):
    person_who_can_sign_in()
    come_in(LAPTOP, now)
    come_in(LAPTOP, now + DAY)
    assert mails(session) == []
    assert session.scalar(select(func.count(KnownDevice.id))) == 1


def test_a_new_device_is_reported_once_with_browser_address_and_the_persons_own_time(session, now):
    person_who_can_sign_in(person__time_zone="Asia/Tokyo")
    come_in(LAPTOP, now)
    come_in(TELEPHONE, now + DAY)
    come_in(TELEPHONE, now + 2 * DAY)
    [(event, text)] = mails(session)
    assert event == "new_device"
    assert "Safari on iPhone" in text
    assert "198.51.100.7" in text
    assert "May 16, 2026, 18:30 (Asia/Tokyo)" in text


def test_who_asked_for_it_is_mailed_about_each_sign_in_and_never_twice_about_one(session, now):
    person_who_can_sign_in(person__sign_in_mail=True)
    come_in(LAPTOP, now)
    come_in(LAPTOP, now + DAY)
    come_in(TELEPHONE, now + 2 * DAY)
    assert [event for event, _text in mails(session)] == ["signed_in", "signed_in", "new_device"]


def test_a_wrong_password_reports_and_remembers_nothing(session, now):
    person_who_can_sign_in(person__sign_in_mail=True, person__last_sign_in_at=now - DAY)
    with pytest.raises(SignInRefused):
        come_in(TELEPHONE, now, password="wrong password")
    assert mails(session) == []
    assert session.scalar(select(func.count(KnownDevice.id))) == 0


def test_a_browser_that_keeps_no_cookie_is_new_each_time(session, now):
    person_who_can_sign_in(person__last_sign_in_at=now - DAY)
    without = replace(LAPTOP, device=None)
    come_in(without, now)
    come_in(without, now + DAY)
    assert [event for event, _text in mails(session)] == ["new_device", "new_device"]


def test_one_computer_is_a_device_of_each_person_on_it(session, now):
    mia, max_ = person_who_can_sign_in(), person_who_can_sign_in("max@acme.example")
    with unit_of_work():
        assert meet_device(mia, LAPTOP, now=now) is False
        assert meet_device(max_, LAPTOP, now=now) is False
        assert meet_device(mia, LAPTOP, now=now) is True
    hashes = session.scalars(select(KnownDevice.device_hash)).all()
    assert len(set(hashes)) == 2  # nobody reads from the table who shares a computer
    assert LAPTOP.device not in hashes


def test_only_the_newest_devices_are_remembered(session, now):
    mia = person_who_can_sign_in()
    with unit_of_work():
        for number in range(MOST_DEVICES + 3):
            meet_device(mia, replace(LAPTOP, device=f"{number:043d}"), now=now + number * DAY)
    assert session.scalar(select(func.count(KnownDevice.id))) == MOST_DEVICES
    with unit_of_work():
        assert meet_device(mia, replace(LAPTOP, device=f"{1:043d}"), now=now + 100 * DAY) is False


def test_a_device_token_is_told_from_what_others_write_into_the_cookie():
    assert is_device_token(new_device_token())
    assert not any(map(is_device_token, ("", "short", "x" * 44, "é" * 43, "<" * 43, "a" * 5000)))


def test_who_has_the_password_but_not_the_network_is_told_and_it_is_recorded(session, now):
    person = person_who_can_sign_in()
    AllowedNetworkFactory(person=person, cidr="198.51.100.0/24")
    with pytest.raises(NetworkNotAllowed):
        come_in(LAPTOP, now)
    assert session.scalar(select(func.count(SignInSession.id))) == 0
    assert [event.event for event in timeline_of("person", person.public_id)] == ["person.sign_in_refused"]
    assert come_in(TELEPHONE, now).session.ip == "198.51.100.7"


def test_who_has_not_the_password_learns_nothing_of_the_networks(session, now):
    AllowedNetworkFactory(person=person_who_can_sign_in(), cidr="198.51.100.0/24")
    with pytest.raises(SignInRefused):
        come_in(LAPTOP, now, password="wrong password")
