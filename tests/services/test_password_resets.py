"""Ways back in work once, for a time, and only the newest; a new password ends what was open."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from sqlalchemy import func, select

from domain.attempts import TooManyAttempts
from domain.passwords import PasswordHoldsOwnName, PasswordTooCommon, PasswordTooShort
from models import MemberStatus, Notification, NotificationDelivery, PasswordReset, SessionEnd, SignInSession
from services.mail_texts import mail_texts
from services.password_resets import (
    CurrentPasswordWrong,
    PasswordNotNew,
    ResetLinkNotValid,
    change_password,
    issue_temporary_password,
    reset_link_works,
    reset_password,
)
from services.reset_requests import request_reset_link
from services.sessions import Browser, find_session
from services.sign_in import SignInRefused, person_as_actor, sign_in
from services.unit_of_work import unit_of_work
from tests.support.door import (
    ANOTHER_PASSWORD,
    BROWSER,
    LIFETIME,
    PASSWORD,
    member_who_can_sign_in,
    person_who_can_sign_in,
)
from tests.support.due_jobs import RESET_LINK, run_due_jobs, runner_at
from tests.support.together import all_at_once

MINUTE = dt.timedelta(minutes=1)


def enter(password=PASSWORD, *, now, email="mia@acme.example"):
    return sign_in(email, password, BROWSER, now=now, lifetime=LIFETIME)


def mails(session):
    return session.scalars(select(NotificationDelivery).order_by(NotificationDelivery.id)).all()


def token_of(mail):
    return re.search(r"/reset-password/(\S+)", mail.text)[1]


def ask_for_link(session, now, email="mia@acme.example"):
    request_reset_link(email, BROWSER, now=now)
    run_due_jobs(RESET_LINK, now=now)
    return token_of(mails(session)[-1])


def change(entry, *, current=PASSWORD, new=ANOTHER_PASSWORD, now):
    actor = person_as_actor(entry.person, BROWSER)
    return change_password(
        entry.person, entry.session, current=current, new=new, actor=actor, now=now, lifetime=LIFETIME
    )


def test_a_link_sets_a_new_password_once(session, now):
    person_who_can_sign_in()
    token = ask_for_link(session, now)
    reset_password(token, ANOTHER_PASSWORD, BROWSER, now=now)
    assert enter(ANOTHER_PASSWORD, now=now)
    with pytest.raises(SignInRefused):
        enter(now=now)
    with pytest.raises(ResetLinkNotValid):
        reset_password(token, "still other words", BROWSER, now=now)


def test_the_link_goes_to_the_address_on_record_only(session, now):
    mail_texts.bind(brand_name="TELCOware", base_url="https://portal.example")
    person_who_can_sign_in()
    token = ask_for_link(session, now, " MIA@ACME.example ")
    mail = mails(session)[-1]
    assert mail.address == "mia@acme.example"
    assert mail.subject == "Set a new password for TELCOware"
    assert f"https://portal.example/reset-password/{token}" in mail.text
    assert mail.message_id.endswith("@portal.example>")


def test_the_link_stands_in_the_mail_only(session, now):
    person_who_can_sign_in()
    token = ask_for_link(session, now)
    assert mails(session)[-1].secret
    assert session.scalars(select(Notification.body)).all() == [""]
    assert token not in session.scalars(select(PasswordReset.token_hash)).one()


def test_a_link_expires_after_an_hour(session, now):
    person_who_can_sign_in()
    token = ask_for_link(session, now)
    assert reset_link_works(token, now=now + 59 * MINUTE)
    assert not reset_link_works(token, now=now + 60 * MINUTE)
    with pytest.raises(ResetLinkNotValid):
        reset_password(token, ANOTHER_PASSWORD, BROWSER, now=now + 60 * MINUTE)


def test_a_newer_link_replaces_the_older(session, now):
    person_who_can_sign_in()
    older, newer = ask_for_link(session, now), ask_for_link(session, now + MINUTE)
    with pytest.raises(ResetLinkNotValid):
        reset_password(older, ANOTHER_PASSWORD, BROWSER, now=now + MINUTE)
    reset_password(newer, ANOTHER_PASSWORD, BROWSER, now=now + MINUTE)
    assert enter(ANOTHER_PASSWORD, now=now)


def test_a_link_to_an_address_that_changed_is_dead(session, now):
    person = person_who_can_sign_in()
    token = ask_for_link(session, now)
    with unit_of_work():
        person.email = "mia@elsewhere.example"
    with pytest.raises(ResetLinkNotValid):
        reset_password(token, ANOTHER_PASSWORD, BROWSER, now=now)


def test_a_link_of_somebody_disabled_since_is_dead(session, now):
    member = member_who_can_sign_in()
    token = ask_for_link(session, now)
    with unit_of_work():
        member.status = MemberStatus.DISABLED
    assert not reset_link_works(token, now=now)
    with pytest.raises(ResetLinkNotValid):
        reset_password(token, ANOTHER_PASSWORD, BROWSER, now=now)


@pytest.mark.parametrize("token", ["", "x", "\0", "x" * 10_000])
def test_a_link_nobody_was_sent_is_dead(session, now, token):
    with pytest.raises(ResetLinkNotValid):
        reset_password(token, ANOTHER_PASSWORD, BROWSER, now=now)


def test_a_temporary_password_is_no_link(session, now):
    person = person_who_can_sign_in()
    with unit_of_work():
        issue_temporary_password(person, actor=person_as_actor(person, BROWSER), now=now)
    hashed = session.scalars(select(PasswordReset.token_hash)).one()
    assert not reset_link_works(hashed, now=now)


def test_an_unknown_address_gets_no_mail_and_no_error(session, now):
    request_reset_link("nobody@acme.example", BROWSER, now=now)
    assert run_due_jobs(RESET_LINK, now=now) == 1
    assert mails(session) == []


def test_somebody_without_a_seat_gets_no_mail(session, now):
    member_who_can_sign_in(status=MemberStatus.DISABLED)
    request_reset_link("mia@acme.example", BROWSER, now=now)
    assert run_due_jobs(RESET_LINK, now=now) == 1
    assert mails(session) == []


def test_asking_too_often_is_refused_for_known_and_unknown_alike(session, now):
    person_who_can_sign_in()
    for email, network in (("mia@acme.example", "192.0.2"), ("nobody@acme.example", "198.51.100")):
        for number in range(10):
            request_reset_link(email, Browser(ip=f"{network}.{number}"), now=now)
        with pytest.raises(TooManyAttempts):
            request_reset_link(email, Browser(ip=f"{network}.200"), now=now)


def test_asking_for_links_does_not_keep_anybody_from_signing_in(session, now):
    person_who_can_sign_in()
    for _time in range(10):
        request_reset_link("mia@acme.example", BROWSER, now=now)
    assert enter(now=now)


def test_of_many_with_the_same_link_one_sets_the_password(session, now):
    person_who_can_sign_in()
    token = ask_for_link(session, now)
    outcomes = all_at_once(
        lambda number: reset_password(token, f"{ANOTHER_PASSWORD} {number}", Browser(ip=f"192.0.2.{number}"), now=now),
        times=8,
    )
    assert outcomes.count(None) == 1
    assert {type(outcome) for outcome in outcomes} == {type(None), ResetLinkNotValid}


def test_of_many_requests_at_once_one_link_stays_open(session, now):
    person_who_can_sign_in()
    for _time in range(6):
        request_reset_link("mia@acme.example", BROWSER, now=now)
    assert all_at_once(lambda _number: runner_at(now + MINUTE).run_next(), times=6) == [True] * 6
    open_links = select(func.count(PasswordReset.id)).where(PasswordReset.superseded_at.is_(None))
    assert session.scalar(open_links) == 1


def test_a_weak_password_does_not_use_up_the_link(session, now):
    person_who_can_sign_in()
    token = ask_for_link(session, now)
    with pytest.raises(PasswordTooShort):
        reset_password(token, "short", BROWSER, now=now)
    with pytest.raises(PasswordHoldsOwnName):
        reset_password(token, "robin miller likes it", BROWSER, now=now)
    reset_password(token, ANOTHER_PASSWORD, BROWSER, now=now)
    assert enter(ANOTHER_PASSWORD, now=now)


def test_a_reset_ends_every_session_and_is_told_by_mail(session, now):
    person_who_can_sign_in()
    entries = [enter(now=now) for _browser in range(3)]
    reset_password(ask_for_link(session, now), ANOTHER_PASSWORD, BROWSER, now=now)
    assert not any(find_session(entry.token, now=now, lifetime=LIFETIME) for entry in entries)
    reasons = set(session.scalars(select(SignInSession.end_reason)))
    assert reasons == {SessionEnd.PASSWORD_CHANGED}
    assert mails(session)[-1].event == "password_changed"


def test_changing_the_password_keeps_this_session_under_a_new_token_and_ends_the_others(session, now):
    person_who_can_sign_in()
    here, elsewhere = enter(now=now), enter(now=now)
    token = change(here, now=now)
    assert find_session(token, now=now, lifetime=LIFETIME)
    assert find_session(here.token, now=now, lifetime=LIFETIME) is None
    assert find_session(elsewhere.token, now=now, lifetime=LIFETIME) is None
    assert enter(ANOTHER_PASSWORD, now=now)


def test_changing_the_password_wants_the_current_one_and_counts_wrong_ones(session, now):
    person_who_can_sign_in()
    here = enter(now=now)
    for _try in range(10):
        with pytest.raises(CurrentPasswordWrong):
            change(here, current="wrong password", now=now)
    with pytest.raises(TooManyAttempts):
        change(here, now=now)


@pytest.mark.parametrize(
    ("new", "refusal"), [(PASSWORD, PasswordNotNew), ("short", PasswordTooShort), ("password123", PasswordTooCommon)]
)
def test_a_new_password_must_be_new_and_good(session, now, new, refusal):
    person_who_can_sign_in()
    with pytest.raises(refusal):
        change(enter(now=now), new=new, now=now)


def test_after_a_temporary_password_the_own_one_is_chosen_without_typing_it_again(session, now):
    person = person_who_can_sign_in()
    with unit_of_work():
        issue_temporary_password(person, actor=person_as_actor(person, BROWSER), now=now)
    temporary = next(line for line in mails(session)[-1].text.splitlines() if len(line) == 16 and line.isalnum())
    here = enter(temporary, now=now)
    with pytest.raises(PasswordNotNew):
        change(here, current="", new=temporary, now=now)
    assert change(here, current="", now=now)
    assert not person.must_change_password
    assert enter(ANOTHER_PASSWORD, now=now)


def test_an_open_link_is_dead_once_the_password_was_changed(session, now):
    person_who_can_sign_in()
    token = ask_for_link(session, now)
    change(enter(now=now), now=now)
    assert not reset_link_works(token, now=now)
