"""Sessions live in the database, and end with the next click."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import event, select

from models import AccountStatus, MemberStatus, SessionEnd, SignInSession, StaffStatus
from services.sessions import (
    Browser,
    Lifetime,
    end_session,
    end_sessions,
    end_sessions_without_seat,
    find_dead_session,
    find_session,
    needs_touch,
    renew_session,
    start_session,
    touch_session,
    why_dead,
)
from services.unit_of_work import unit_of_work
from tests.factories.people import AccountFactory, MemberFactory
from tests.support.door import BROWSER, LIFETIME, member_who_can_sign_in, person_who_can_sign_in, staff_who_can_sign_in
from tests.support.together import all_at_once

HOUR = dt.timedelta(hours=1)


def start(person, now, *, waits=False, browser=BROWSER):
    with unit_of_work():
        return start_session(person, browser, now=now, lifetime=LIFETIME, waits_for_second_step=waits)


def is_alive(token, now):
    return find_session(token, now=now, lifetime=LIFETIME) is not None


def test_a_session_is_found_by_its_token_with_its_person(session, now):
    person = person_who_can_sign_in()
    row, token = start(person, now)
    assert find_session(token, now=now, lifetime=LIFETIME) == (row, person)
    assert row.second_step_at == row.proved_at == now


def test_the_database_holds_no_token(session, now):
    row, token = start(person_who_can_sign_in(), now)
    assert len(token) >= 43  # 256 bits
    assert token not in str({column.name: getattr(row, column.name) for column in SignInSession.__table__.columns})


def test_finding_a_session_takes_one_statement(session, now):
    _row, token = start(person_who_can_sign_in(), now)
    statements = []

    def note(_connection, _cursor, statement, *_rest):
        statements.append(statement)

    event.listen(session.get_bind(), "before_cursor_execute", note)
    try:
        assert is_alive(token, now)
    finally:
        event.remove(session.get_bind(), "before_cursor_execute", note)
    assert len([statement for statement in statements if statement != "BEGIN"]) == 1


@pytest.mark.parametrize("token", ["", "x", "\0", "x" * 10_000, "\ud800"])
def test_a_token_nobody_was_given_finds_nothing(session, now, token):
    start(person_who_can_sign_in(), now)
    assert not is_alive(token, now)


def test_a_session_dies_of_idleness(session, now):
    _row, token = start(person_who_can_sign_in(), now)
    assert is_alive(token, now + 11 * HOUR)
    assert not is_alive(token, now + 12 * HOUR)


def test_a_touched_session_dies_of_age(session, now):
    row, token = start(person_who_can_sign_in(), now)
    for hours in range(10, 14 * 24, 10):
        with unit_of_work():
            touch_session(row, now=now + hours * HOUR)
    assert is_alive(token, now + 14 * 24 * HOUR - dt.timedelta(seconds=1))
    assert not is_alive(token, now + 14 * 24 * HOUR)


def test_a_session_that_waits_for_the_second_step_lives_ten_minutes(session, now):
    row, token = start(person_who_can_sign_in(), now, waits=True)
    assert row.second_step_at is None
    assert is_alive(token, now + dt.timedelta(minutes=9))
    assert not is_alive(token, now + dt.timedelta(minutes=10))


def test_a_click_is_written_down_at_most_every_five_minutes(session, now):
    row, _token = start(person_who_can_sign_in(), now)
    assert not needs_touch(row, now=now + dt.timedelta(minutes=4))
    assert needs_touch(row, now=now + dt.timedelta(minutes=5))
    for minutes in (3, 5, 8, 9):
        with unit_of_work():
            touch_session(row, now=now + dt.timedelta(minutes=minutes))
    session.refresh(row)
    assert row.last_seen_at == now + dt.timedelta(minutes=5)


def test_an_ended_session_is_dead_and_keeps_its_first_reason(session, now):
    row, token = start(person_who_can_sign_in(), now)
    with unit_of_work():
        end_session(row, SessionEnd.SIGNED_OUT, now=now)
        end_session(row, SessionEnd.DISABLED, now=now + HOUR)
    session.refresh(row)
    assert (row.end_reason, row.ended_at) == (SessionEnd.SIGNED_OUT, now)
    assert not is_alive(token, now)


def test_all_sessions_of_a_person_end_but_one_and_nobody_elses(session, now):
    person, other = person_who_can_sign_in(), person_who_can_sign_in("ole@acme.example")
    kept, kept_token = start(person, now)
    tokens = [start(person, now)[1] for _browser in range(3)]
    _others_row, others_token = start(other, now)
    with unit_of_work():
        assert end_sessions(person.id, SessionEnd.PASSWORD_CHANGED, now=now, keep=kept) == 3
    assert not any(is_alive(token, now) for token in tokens)
    assert is_alive(kept_token, now)
    assert is_alive(others_token, now)


def disable_seat(member):
    member.status = MemberStatus.DISABLED


def take_portal_access(member):
    member.portal_access = False


def suspend_account(member):
    member.account.status = AccountStatus.SUSPENDED


def disable_person(member):
    member.person.disabled_at = member.created_at


@pytest.mark.parametrize("happening", [disable_seat, take_portal_access, suspend_account, disable_person])
def test_a_session_is_dead_once_its_person_may_not_come_in(session, now, happening):
    member = member_who_can_sign_in()
    _row, token = start(member.person, now)
    with unit_of_work():
        happening(member)
    assert not is_alive(token, now)


def test_a_person_with_another_live_seat_stays(session, now):
    member = member_who_can_sign_in()
    MemberFactory(person=member.person, account=AccountFactory())
    _row, token = start(member.person, now)
    with unit_of_work():
        suspend_account(member)
        assert end_sessions_without_seat([member.person_id], SessionEnd.ACCOUNT_SUSPENDED, now=now) == 0
    assert is_alive(token, now)


def test_the_sessions_of_people_without_a_seat_end_for_good(session, now):
    member = member_who_can_sign_in()
    _row, token = start(member.person, now)
    with unit_of_work():
        suspend_account(member)
        session.flush()
        assert end_sessions_without_seat([member.person_id], SessionEnd.ACCOUNT_SUSPENDED, now=now) == 1
    with unit_of_work():
        member.account.status = AccountStatus.ACTIVE
    assert not is_alive(token, now)


def test_a_disabled_staff_member_is_out(session, now):
    staff = staff_who_can_sign_in()
    _row, token = start(staff.person, now)
    assert is_alive(token, now)
    with unit_of_work():
        staff.status = StaffStatus.DISABLED
    assert not is_alive(token, now)


def test_a_dead_session_can_be_found_to_be_ended(session, now):
    member = member_who_can_sign_in()
    row, token = start(member.person, now)
    with unit_of_work():
        disable_seat(member)
    assert find_dead_session(token) is row
    assert why_dead(row, now=now, lifetime=LIFETIME) is SessionEnd.DISABLED
    assert why_dead(row, now=now + 13 * HOUR, lifetime=LIFETIME) is SessionEnd.EXPIRED
    assert find_dead_session("a token nobody has") is None


def test_a_renewed_session_has_another_token_and_its_whole_life(session, now):
    row, token = start(person_who_can_sign_in(), now, waits=True)
    later = now + dt.timedelta(minutes=3)
    with unit_of_work():
        renewed = renew_session(row, now=later, lifetime=LIFETIME)
    session.refresh(row)
    assert renewed != token
    assert not is_alive(token, later)
    assert is_alive(renewed, later)
    assert (row.second_step_at, row.proved_at) == (later, later)
    assert row.expires_at == now + LIFETIME.absolute


def test_a_second_proof_leaves_the_time_of_the_second_step(session, now):
    row, _token = start(person_who_can_sign_in(), now)
    with unit_of_work():
        renew_session(row, now=now + HOUR, lifetime=LIFETIME)
    session.refresh(row)
    assert (row.second_step_at, row.proved_at) == (now, now + HOUR)


def test_an_ended_session_is_not_renewed(session, now):
    row, _token = start(person_who_can_sign_in(), now)
    with unit_of_work():
        end_session(row, SessionEnd.SIGNED_OUT, now=now)
        assert renew_session(row, now=now, lifetime=LIFETIME) is None


def test_of_many_renewals_at_once_one_gives_a_token(session, now):
    row, _token = start(person_who_can_sign_in(), now)
    row_id = row.id

    def renew(_number):
        with unit_of_work():
            return renew_session(session.get(SignInSession, row_id), now=now, lifetime=LIFETIME)

    session.commit()
    outcomes = all_at_once(renew, times=8)
    assert not any(isinstance(outcome, Exception) for outcome in outcomes)
    assert len([token for token in outcomes if token and is_alive(token, now)]) == 1


def test_what_the_browser_says_about_itself_is_cut_and_cleaned(session, now):
    row, _token = start(
        person_who_can_sign_in(), now, browser=Browser(ip=None, user_agent="Fire\0fox\r\n" + "x" * 1000)
    )
    assert row.user_agent.startswith("Firefoxxx")
    assert len(row.user_agent) == 400


def test_lifetimes_can_be_short(session, now):
    _row, token = start(person_who_can_sign_in(), now)
    short = Lifetime(idle=dt.timedelta(minutes=1), absolute=HOUR)
    assert find_session(token, now=now + dt.timedelta(minutes=1), lifetime=short) is None
    assert session.scalars(select(SignInSession)).one().ended_at is None
