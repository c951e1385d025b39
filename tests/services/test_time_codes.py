"""Setting up time codes: nothing counts before the first code, the newest set-up wins, and removing ends sessions."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyotp
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.actor import Actor
from domain.attempts import TooManyAttempts
from models import AuditEvent, NotificationDelivery, Person, RecoveryCode, SignInSession, TotpFactor
from services.second_step import factors_of, make_recovery_codes, needs_second_step, use_code
from services.sign_in import CodeRefused, person_as_actor
from services.time_codes import (
    ENROLMENT_LIVES,
    Enrolment,
    EnrolmentOver,
    NothingToRecover,
    TimeCodesOn,
    confirm_enrolment,
    open_enrolment,
    remove_time_codes,
    renew_recovery_codes,
    start_enrolment,
)
from services.unit_of_work import unit_of_work
from tests.factories.people import PasskeyFactory, SignInSessionFactory
from tests.support.door import BROWSER, person_who_can_sign_in
from tests.support.oathtool import code_by_oathtool
from tests.support.together import all_at_once

HALF_A_MINUTE = dt.timedelta(seconds=30)


@pytest.fixture
def person(session: Session) -> Person:
    person = person_who_can_sign_in()
    session.commit()
    return person


def own(person: Person, now: dt.datetime) -> Actor:
    return person_as_actor(person, BROWSER, SignInSession(proved_at=now))


def started(person: Person, now: dt.datetime) -> Enrolment:
    with unit_of_work():
        return start_enrolment(person, issuer="TELCOware", actor=own(person, now), now=now)


def confirm(person: Person, code: str, now: dt.datetime) -> list[str]:
    return confirm_enrolment(person, code, actor=own(person, now), now=now)


def code_of(enrolment: Enrolment, moment: dt.datetime) -> str:
    return pyotp.TOTP(enrolment.secret).at(moment)


def test_an_enrolment_that_is_not_confirmed_changes_nothing(session: Session, person: Person, now: dt.datetime) -> None:
    enrolment = started(person, now)
    assert not needs_second_step(person)
    with unit_of_work():
        assert use_code(person, code_of(enrolment, now), now=now) is None
    assert session.scalars(select(AuditEvent)).all() == []


def test_the_picture_says_secret_address_and_brand(person: Person, now: dt.datetime) -> None:
    enrolment = started(person, now)
    assert pyotp.parse_uri(enrolment.uri).secret == enrolment.secret
    assert enrolment.uri.startswith("otpauth://totp/TELCOware:mia%40acme.example?")
    assert "issuer=TELCOware" in enrolment.uri


def test_a_code_of_oathtool_switches_time_codes_on_and_is_used_up(
    session: Session, person: Person, now: dt.datetime
) -> None:
    code = code_by_oathtool(started(person, now).secret, now)
    codes = confirm(person, code, now)
    assert len(set(codes)) == 10
    assert factors_of(person).time_codes
    with unit_of_work():
        assert use_code(person, code, now=now) is None
    assert session.scalars(select(AuditEvent.event)).all() == ["person.two_step_enabled"]
    assert session.scalars(select(NotificationDelivery.event)).all() == ["factors_changed"]
    assert not {code.replace("-", "") for code in codes} & set(session.scalars(select(RecoveryCode.code_hash)))


@pytest.mark.parametrize("wrong", ["", "000000", "12345", "abcdef", "\0", "9" * 500])
def test_a_wrong_code_switches_nothing_on(person: Person, now: dt.datetime, wrong: str) -> None:
    started(person, now)
    with pytest.raises(CodeRefused):
        confirm(person, wrong, now)
    assert not needs_second_step(person)


def test_of_two_set_ups_the_newest_wins(person: Person, now: dt.datetime) -> None:
    old, new = started(person, now), started(person, now)
    with pytest.raises(CodeRefused):
        confirm(person, code_of(old, now), now)
    assert confirm(person, code_of(new, now), now)


def test_the_same_first_code_eight_times_at_once_works_once(session: Session, person: Person, now: dt.datetime) -> None:
    code, person_id, actor = code_of(started(person, now), now), person.id, own(person, now)

    def act(_number: int) -> Any:
        return confirm_enrolment(session.get_one(Person, person_id), code, actor=actor, now=now)

    outcomes = all_at_once(act, times=8)
    assert sum(isinstance(outcome, list) for outcome in outcomes) == 1
    assert session.scalars(select(AuditEvent.event)).all() == ["person.two_step_enabled"]


def test_a_set_up_ends_after_an_hour(person: Person, now: dt.datetime) -> None:
    enrolment, later = started(person, now), now + ENROLMENT_LIVES
    assert open_enrolment(person, issuer="TELCOware", actor=own(person, now), now=now) == enrolment
    assert open_enrolment(person, issuer="TELCOware", actor=own(person, later), now=later) is None
    with pytest.raises(EnrolmentOver):
        confirm(person, code_of(enrolment, later), later)


def test_tries_are_counted_with_all_others(person: Person, now: dt.datetime) -> None:
    enrolment = started(person, now)
    for _ in range(10):
        with pytest.raises(CodeRefused):
            confirm(person, "000000", now)
    with pytest.raises(TooManyAttempts):
        confirm(person, code_of(enrolment, now), now)
    assert not needs_second_step(person)


def test_who_has_time_codes_removes_them_before_using_another_app(person: Person, now: dt.datetime) -> None:
    confirm(person, code_of(started(person, now), now), now)
    with pytest.raises(TimeCodesOn):
        started(person, now)
    assert factors_of(person).time_codes


def test_removing_ends_other_sessions_and_forgets_recovery_codes(
    session: Session, person: Person, now: dt.datetime
) -> None:
    confirm(person, code_of(started(person, now), now), now)
    here, elsewhere = SignInSessionFactory(person=person), SignInSessionFactory(person=person)
    with unit_of_work():
        remove_time_codes(person, here, actor=own(person, now), now=now)
    session.refresh(here)
    session.refresh(elsewhere)
    assert (here.ended_at, elsewhere.ended_at) == (None, now)
    assert session.scalars(select(TotpFactor)).all() == []
    assert session.scalars(select(RecoveryCode)).all() == []
    assert "person.two_step_disabled" in session.scalars(select(AuditEvent.event)).all()


def test_adding_a_factor_ends_no_session(session: Session, person: Person, now: dt.datetime) -> None:
    elsewhere = SignInSessionFactory(person=person)
    confirm(person, code_of(started(person, now), now), now)
    session.refresh(elsewhere)
    assert elsewhere.ended_at is None


def test_recovery_codes_stay_while_a_passkey_is_left(session: Session, person: Person, now: dt.datetime) -> None:
    PasskeyFactory(person=person)
    make_recovery_codes(person, now=now)
    session.commit()
    assert confirm(person, code_of(started(person, now), now), now) == []
    with unit_of_work():
        remove_time_codes(person, None, actor=own(person, now), now=now)
    assert factors_of(person).recovery_codes == 10


def test_new_recovery_codes_replace_the_old_and_need_something_to_stand_for(
    session: Session, person: Person, now: dt.datetime
) -> None:
    with pytest.raises(NothingToRecover), unit_of_work():
        renew_recovery_codes(person, actor=own(person, now), now=now)
    old = confirm(person, code_of(started(person, now), now), now)
    with unit_of_work():
        new = renew_recovery_codes(person, actor=own(person, now), now=now)
    with unit_of_work():
        assert use_code(person, old[0], now=now) is None
        assert use_code(person, new[0], now=now)
    assert "person.recovery_codes_made" in session.scalars(select(AuditEvent.event)).all()
