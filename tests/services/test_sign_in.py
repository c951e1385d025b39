"""Signing in: who may, who may not, and that both look the same."""

from __future__ import annotations

import datetime as dt

import pyotp
import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select, update

from domain.attempts import TooManyAttempts
from models import (
    AccountStatus,
    AuditEvent,
    MemberStatus,
    NotificationDelivery,
    PasswordReset,
    Person,
    SessionEnd,
    SignInAttempt,
    SignInSession,
    StaffStatus,
)
from services.password_resets import issue_temporary_password
from services.passwords import passwords
from services.second_step import make_recovery_codes, set_time_code
from services.sessions import end_session, find_session
from services.sign_in import (
    CodeRefused,
    SignInRefused,
    person_as_actor,
    sign_in,
    sign_in_with_code,
    sign_out,
)
from services.unit_of_work import unit_of_work
from tests.factories.people import AccountFactory, MemberFactory, PersonFactory
from tests.support.door import (
    BROWSER,
    LIFETIME,
    PASSWORD,
    member_who_can_sign_in,
    person_who_can_sign_in,
    staff_who_can_sign_in,
)
from tests.support.together import all_at_once

SECRET = "JBSWY3DPEHPK3PXP" * 2
MINUTE = dt.timedelta(minutes=1)


def enter(email="mia@acme.example", password=PASSWORD, *, now, browser=BROWSER):
    return sign_in(email, password, browser, now=now, lifetime=LIFETIME)


def step(entry, code, *, now):
    return sign_in_with_code(entry.session, entry.person, code, BROWSER, now=now, lifetime=LIFETIME)


def last_mail(session):
    return session.scalars(select(NotificationDelivery).order_by(NotificationDelivery.id.desc())).first()


def temporary_password_of(person, session, now):
    with unit_of_work():
        issue_temporary_password(person, actor=person_as_actor(person, BROWSER), now=now)
    text = last_mail(session).text
    return next(line for line in text.splitlines() if len(line) == 16 and line.isalnum())


@pytest.mark.parametrize("email", ["mia@acme.example", " MIA@Acme.Example\n"])
def test_the_right_password_starts_a_session(session, now, email):
    person = person_who_can_sign_in()
    entry = enter(email, now=now)
    assert entry.person is person
    assert not entry.waits_for_second_step
    assert find_session(entry.token, now=now, lifetime=LIFETIME) == (entry.session, person)
    assert person.last_sign_in_at == now


def test_staff_come_in_by_the_same_door(session, now):
    staff = staff_who_can_sign_in()
    assert enter("sam@provider.example", now=now).person is staff.person


def test_a_sign_in_is_written_into_the_audit(session, now):
    enter(email=person_who_can_sign_in().email, now=now)
    assert session.scalars(select(AuditEvent.event)).all() == ["person.signed_in"]


def wrong_password(member):
    member.person.password_hash = passwords.make("another password")


def no_password(member):
    member.person.password_hash = None


def passkeys_only(member):
    member.person.passkey_only = True


def disabled_seat(member):
    member.status = MemberStatus.DISABLED


def no_portal_access(member):
    member.portal_access = False


def invited_seat(member):
    member.status = MemberStatus.INVITED


def disabled_person(member):
    member.person.disabled_at = member.created_at


def erased_person(member):
    member.person.erased_at = member.created_at


def suspended_account(member):
    member.account.status = AccountStatus.SUSPENDED


def suspended_for_deletion(member):
    member.account.status = AccountStatus.SUSPENDED_FOR_DELETION
    member.account.deletion_due_on = dt.date(2026, 6, 1)


STRANGERS = [
    wrong_password,
    no_password,
    passkeys_only,
    disabled_seat,
    no_portal_access,
    invited_seat,
    disabled_person,
    erased_person,
    suspended_account,
    suspended_for_deletion,
]


@pytest.mark.parametrize("condition", STRANGERS)
def test_who_may_not_come_in_is_refused_in_the_same_words(session, now, condition):
    condition(member_who_can_sign_in())
    session.flush()
    with pytest.raises(SignInRefused) as refused:
        enter(now=now)
    assert refused.value.message == SignInRefused.message
    assert session.scalars(select(SignInSession)).all() == []


@pytest.mark.parametrize("email", ["nobody@acme.example", "", "\0", "mia@acme.example\0", "x" * 10_000, "%", "\ud800"])
def test_an_unknown_name_is_refused_in_the_same_words(session, now, email):
    person_who_can_sign_in()
    with pytest.raises(SignInRefused) as refused:
        enter(email, now=now)
    assert refused.value.message == SignInRefused.message


@pytest.mark.parametrize("password", ["", "\0", "x" * 10_000, PASSWORD + " ", PASSWORD.upper(), "\ud800"])
def test_any_other_password_is_refused(session, now, password):
    person_who_can_sign_in()
    with pytest.raises(SignInRefused):
        enter(password=password, now=now)


def test_a_person_without_any_seat_is_refused(session, now):
    PersonFactory(email="mia@acme.example", password_hash=passwords.make(PASSWORD))
    with pytest.raises(SignInRefused):
        enter(now=now)


def test_a_disabled_staff_member_is_refused(session, now):
    staff_who_can_sign_in(status=StaffStatus.DISABLED)
    with pytest.raises(SignInRefused):
        enter("sam@provider.example", now=now)


def test_a_person_with_a_live_seat_beside_a_suspended_one_comes_in(session, now):
    member = member_who_can_sign_in()
    MemberFactory(person=member.person, account=AccountFactory())
    suspended_account(member)
    session.flush()
    assert enter(now=now).person is member.person


def test_the_eleventh_try_is_refused_even_with_the_right_password(session, now):
    person_who_can_sign_in()
    for _try in range(10):
        with pytest.raises(SignInRefused):
            enter(password="wrong password", now=now)
    with pytest.raises(TooManyAttempts) as refused:
        enter(now=now + MINUTE)
    assert "Wait 4 minutes" in refused.value.message
    assert enter(now=now + 5 * MINUTE)


def test_an_unknown_name_has_to_wait_as_well(session, now):
    for _try in range(10):
        with pytest.raises(SignInRefused):
            enter("nobody@acme.example", now=now)
    with pytest.raises(TooManyAttempts):
        enter("nobody@acme.example", now=now)


def test_a_try_is_counted_even_when_the_check_fails_to_finish(session, now, monkeypatch):
    person_who_can_sign_in()
    monkeypatch.setattr(passwords, "check", lambda *_args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        enter(now=now)
    assert session.scalar(select(func.count(SignInAttempt.id))) == 1


def test_signing_in_often_uses_up_no_tries(session, now):
    person_who_can_sign_in()
    for _time in range(12):
        assert enter(now=now)


def test_of_many_guesses_at_once_ten_are_checked(session, now, monkeypatch):
    person_who_can_sign_in()
    checked = []
    monkeypatch.setattr(passwords, "check", lambda *args: checked.append(args) or False)
    outcomes = all_at_once(lambda number: enter(password=f"guess {number}", now=now), times=14)
    assert sorted({type(outcome) for outcome in outcomes}, key=str) == [TooManyAttempts, SignInRefused]
    assert len(checked) == 10


def test_the_work_is_the_same_for_everybody(session, now, monkeypatch):
    person_who_can_sign_in()
    verified = []
    genuine = passwords._hasher

    class Watching:
        def verify(self, hashed, password):
            verified.append(hashed.split("$")[3])
            return genuine.verify(hashed, password)

        def __getattr__(self, name):
            return getattr(genuine, name)

    monkeypatch.setattr(passwords, "_hasher", Watching())
    for email in ("mia@acme.example", "nobody@acme.example", ""):
        with pytest.raises(SignInRefused):
            enter(email, password="wrong password", now=now)
    assert len(verified) == 3
    assert len(set(verified)) == 1


def test_an_old_hash_is_renewed_at_sign_in(session, now):
    person = person_who_can_sign_in()
    person.password_hash = old = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1).hash(PASSWORD)
    session.flush()
    assert enter(now=now)
    assert person.password_hash != old
    assert not passwords.is_outdated(person.password_hash)
    assert enter(now=now)


def test_a_broken_hash_is_nobodys(session, now):
    person_who_can_sign_in().password_hash = "not a hash"
    session.flush()
    with pytest.raises(SignInRefused):
        enter(now=now)


def test_a_password_changed_while_it_is_checked_lets_nobody_in(session, now, monkeypatch):
    person = person_who_can_sign_in()

    def change_meanwhile(_hashed, _password):
        with unit_of_work():
            session.execute(update(Person).where(Person.id == person.id).values(password_changed_at=now))
        return True

    monkeypatch.setattr(passwords, "check", change_meanwhile)
    with pytest.raises(SignInRefused):
        enter(now=now)


def test_a_temporary_password_works_once_and_has_to_be_changed(session, now):
    person = person_who_can_sign_in()
    temporary = temporary_password_of(person, session, now)
    entry = enter(password=temporary, now=now + 59 * MINUTE)
    assert entry.person.must_change_password
    with pytest.raises(SignInRefused):
        enter(password=temporary, now=now + 59 * MINUTE)


def test_a_temporary_password_replaces_the_old_one_and_ends_all_sessions(session, now):
    person = person_who_can_sign_in()
    entry = enter(now=now)
    temporary_password_of(person, session, now)
    assert find_session(entry.token, now=now, lifetime=LIFETIME) is None
    with pytest.raises(SignInRefused):
        enter(now=now)


def test_a_temporary_password_expires(session, now):
    temporary = temporary_password_of(person_who_can_sign_in(), session, now)
    with pytest.raises(SignInRefused):
        enter(password=temporary, now=now + 60 * MINUTE)


def test_a_newer_temporary_password_replaces_the_older(session, now):
    person = person_who_can_sign_in()
    first = temporary_password_of(person, session, now)
    second = temporary_password_of(person, session, now)
    with pytest.raises(SignInRefused):
        enter(password=first, now=now)
    assert enter(password=second, now=now)


def test_of_many_with_the_same_temporary_password_one_comes_in(session, now):
    temporary = temporary_password_of(person_who_can_sign_in(), session, now)
    outcomes = all_at_once(lambda _number: enter(password=temporary, now=now), times=8)
    assert len([outcome for outcome in outcomes if not isinstance(outcome, SignInRefused)]) == 1


def test_the_notice_of_a_temporary_password_does_not_show_it(session, now):
    person = person_who_can_sign_in()
    temporary = temporary_password_of(person, session, now)
    mail = last_mail(session)
    assert mail.secret
    assert mail.address == "mia@acme.example"
    assert temporary not in session.get(type(mail).notification.property.mapper.class_, mail.notification_id).body
    assert temporary not in session.scalars(select(PasswordReset.token_hash)).one()


@pytest.fixture
def careful_person(session, now):
    person = person_who_can_sign_in()
    set_time_code(person, SECRET, now=now - dt.timedelta(days=1))
    session.commit()
    return person


def test_with_a_time_code_the_password_alone_opens_nothing(careful_person, now):
    entry = enter(now=now)
    assert entry.waits_for_second_step
    assert entry.session.second_step_at is None
    assert careful_person.last_sign_in_at is None


def test_the_code_completes_the_sign_in_with_a_new_token(careful_person, now):
    entry = enter(now=now)
    done = step(entry, pyotp.TOTP(SECRET).at(now), now=now)
    assert done.token != entry.token
    assert find_session(entry.token, now=now, lifetime=LIFETIME) is None
    found, person = find_session(done.token, now=now, lifetime=LIFETIME)
    assert (found.second_step_at, person) == (now, careful_person)


def test_a_code_completes_one_sign_in_only(careful_person, now):
    first, second = enter(now=now), enter(now=now)
    code = pyotp.TOTP(SECRET).at(now)
    assert step(first, code, now=now)
    with pytest.raises(CodeRefused):
        step(second, code, now=now)


def test_of_the_same_code_eight_times_at_once_one_sign_in_is_completed(session, careful_person, now):
    entries = [enter(now=now) for _browser in range(8)]
    ids, person_id, code = [entry.session.id for entry in entries], careful_person.id, pyotp.TOTP(SECRET).at(now)

    def complete(number):
        waiting, person = session.get(SignInSession, ids[number]), session.get(Person, person_id)
        return sign_in_with_code(waiting, person, code, BROWSER, now=now, lifetime=LIFETIME)

    outcomes = all_at_once(complete, times=8)
    assert len([outcome for outcome in outcomes if isinstance(outcome, CodeRefused)]) == 7
    assert session.scalar(select(func.count(SignInSession.second_step_at))) == 1


def test_guesses_at_the_code_are_counted_with_those_at_the_password(careful_person, now):
    entry = enter(now=now)
    for _try in range(10):
        with pytest.raises(CodeRefused):
            step(entry, "000000", now=now)
    with pytest.raises(TooManyAttempts):
        step(entry, pyotp.TOTP(SECRET).at(now), now=now)
    with pytest.raises(TooManyAttempts):
        enter(now=now)


def test_a_recovery_code_stands_in_for_the_telephone(session, careful_person, now):
    codes = make_recovery_codes(careful_person, now=now)
    session.commit()
    assert step(enter(now=now), codes[0], now=now)
    with pytest.raises(CodeRefused):
        step(enter(now=now), codes[0], now=now)
    events = session.scalars(select(AuditEvent.event).order_by(AuditEvent.id)).all()
    assert events == ["person.recovery_code_used", "person.signed_in"]


def test_a_code_is_not_used_up_by_a_session_that_has_ended(session, careful_person, now):
    ended, fresh = enter(now=now), enter(now=now)
    with unit_of_work():
        end_session(ended.session, SessionEnd.ENDED_BY_PERSON, now=now)
    code = pyotp.TOTP(SECRET).at(now)
    with pytest.raises(CodeRefused):
        step(ended, code, now=now)
    assert step(fresh, code, now=now)


def test_signing_out_ends_the_session(session, now):
    person = person_who_can_sign_in()
    entry = enter(now=now)
    with unit_of_work():
        sign_out(entry.session, person, actor=person_as_actor(person, BROWSER), now=now)
    assert find_session(entry.token, now=now, lifetime=LIFETIME) is None
    assert session.scalars(select(SignInSession.end_reason)).one() is SessionEnd.SIGNED_OUT
