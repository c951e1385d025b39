"""Passkeys: made once, used rightly, refused in every other case, and never the way to lock oneself out."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from webauthn.helpers import base64url_to_bytes

from domain.actor import Actor, system_actor
from domain.attempts import TooManyAttempts
from domain.passkeys import party_at
from models import (
    AccountStatus,
    AuditEvent,
    NotificationDelivery,
    Passkey,
    PasskeyChallenge,
    PasskeyPurpose,
    Person,
    RecoveryCode,
    SignInSession,
)
from services.passkey_challenges import LIVES, forget_old_challenges
from services.passkey_sign_in import (
    PasskeyRefused,
    ask_for_any_passkey,
    ask_for_passkey_of,
    prove_with_passkey,
    sign_in_with_passkey,
    sign_in_with_passkey_alone,
)
from services.passkeys import (
    LastPasskeyStays,
    PasskeyKnown,
    PasskeyMissing,
    PasskeyNotMade,
    add_passkey,
    begin_passkey,
    passkeys_of,
    remove_passkey,
    rename_passkey,
    set_passkey_only,
)
from services.people import remove_second_factors
from services.second_step import make_recovery_codes, needs_second_step, set_time_code
from services.sessions import find_session, start_session
from services.sign_in import SignInRefused, person_as_actor, sign_in
from services.unit_of_work import unit_of_work
from tests.factories.people import SignInSessionFactory
from tests.support.authenticator import Authenticator, tampered
from tests.support.door import BROWSER, LIFETIME, PASSWORD, member_who_can_sign_in, person_who_can_sign_in
from tests.support.together import all_at_once

PARTY = party_at("http://localhost", "TELCOware")
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def person(session: Session) -> Person:
    person = person_who_can_sign_in()
    session.commit()
    return person


@pytest.fixture
def device() -> Authenticator:
    return Authenticator()


def own(person: Person, now: dt.datetime) -> Actor:
    here = SignInSession(proved_at=now)
    return person_as_actor(person, BROWSER, here)


def options_to_make(person: Person, now: dt.datetime) -> dict[str, Any]:
    with unit_of_work():
        return begin_passkey(person, PARTY, actor=own(person, now), now=now)


def added(person: Person, device: Authenticator, now: dt.datetime, name: str = "Laptop") -> Passkey:
    answer = device.make(options_to_make(person, now))
    return add_passkey(person, answer, name, PARTY, actor=own(person, now), now=now)


def asked(now: dt.datetime) -> tuple[str, dict[str, Any]]:
    with unit_of_work():
        return ask_for_any_passkey(PARTY, now=now)


def asked_of(person: Person, now: dt.datetime, purpose: PasskeyPurpose = PasskeyPurpose.SIGN_IN) -> dict[str, Any]:
    with unit_of_work():
        return ask_for_passkey_of(person, purpose, PARTY, now=now)


def come_in(answer: str, challenge: str, now: dt.datetime) -> Any:
    return sign_in_with_passkey_alone(answer, challenge, PARTY, BROWSER, now=now, lifetime=LIFETIME)


def waiting(person: Person, now: dt.datetime) -> SignInSession:
    with unit_of_work():
        return start_session(person, BROWSER, now=now, lifetime=LIFETIME, waits_for_second_step=True)[0]


def step(here: SignInSession, person: Person, answer: str, now: dt.datetime) -> Any:
    return sign_in_with_passkey(here, person, answer, PARTY, BROWSER, now=now, lifetime=LIFETIME)


def events(session: Session) -> list[str]:
    return list(session.scalars(select(AuditEvent.event).order_by(AuditEvent.id)))


def mails(session: Session) -> list[str]:
    return list(session.scalars(select(NotificationDelivery.event).order_by(NotificationDelivery.id)))


# Making one


def test_a_passkey_is_kept_and_told(session: Session, person: Person, device: Authenticator, now: dt.datetime) -> None:
    passkey = added(person, device, now, name="  My\nlaptop ")
    assert (passkey.name, passkey.credential_id) == ("My laptop", device.credential_id)
    assert needs_second_step(person)
    assert events(session) == ["person.passkey_added"]
    assert mails(session) == ["factors_changed"]


def test_the_same_authenticator_is_not_taken_twice(person: Person, device: Authenticator, now: dt.datetime) -> None:
    added(person, device, now)
    excluded = options_to_make(person, now)["excludeCredentials"]
    assert len(excluded) == 1
    with pytest.raises(PasskeyKnown):
        added(person, device, now)
    assert len(passkeys_of(person)) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://localhost:8000"},
        {"type": "webauthn.get"},
        {"challenge": "AAAA"},
    ],
)
def test_an_answer_for_another_page_or_purpose_makes_no_passkey(
    session: Session, person: Person, device: Authenticator, now: dt.datetime, wrong: dict[str, str]
) -> None:
    answer = device.make(options_to_make(person, now), **wrong)
    with pytest.raises(PasskeyNotMade):
        add_passkey(person, answer, "Laptop", PARTY, actor=own(person, now), now=now)
    assert session.scalars(select(Passkey)).all() == []


@pytest.mark.parametrize("answer", ["", "{}", "[]", "null", "\0", "{" * 5000, '{"rawId": 1}', "x" * 100_000])
def test_nonsense_makes_no_passkey(person: Person, now: dt.datetime, answer: str) -> None:
    with pytest.raises(PasskeyNotMade):
        add_passkey(person, answer, "Laptop", PARTY, actor=own(person, now), now=now)
    assert passkeys_of(person) == []


def test_a_challenge_makes_one_passkey_and_only_within_five_minutes(
    person: Person, device: Authenticator, now: dt.datetime
) -> None:
    answer = device.make(options_to_make(person, now))
    with pytest.raises(PasskeyNotMade):
        add_passkey(person, answer, "Late", PARTY, actor=own(person, now + LIVES), now=now + LIVES)
    assert add_passkey(person, answer, "Laptop", PARTY, actor=own(person, now), now=now)
    with pytest.raises(PasskeyNotMade):
        add_passkey(person, answer, "Again", PARTY, actor=own(person, now), now=now)


def test_a_challenge_of_somebody_else_makes_no_passkey(person: Person, device: Authenticator, now: dt.datetime) -> None:
    other = person_who_can_sign_in("ole@acme.example")
    answer = device.make(options_to_make(other, now))
    with pytest.raises(PasskeyNotMade):
        add_passkey(person, answer, "Laptop", PARTY, actor=own(person, now), now=now)
    assert passkeys_of(person) == []


# Coming in


def test_a_passkey_alone_lets_in(session: Session, person: Person, device: Authenticator, now: dt.datetime) -> None:
    added(person, device, now)
    challenge, options = asked(now)
    assert (options["userVerification"], options["allowCredentials"]) == ("required", [])
    entry = come_in(device.sign(options), challenge, now)
    assert (entry.person, entry.waits_for_second_step, entry.session.proved_at) == (person, False, now)
    assert find_session(entry.token, now=now, lifetime=LIFETIME)
    assert "person.signed_in" in events(session)


def test_without_verification_by_its_device_a_passkey_alone_is_not_enough(person: Person, now: dt.datetime) -> None:
    device = Authenticator(verifies=False)
    added(person, device, now)
    challenge, options = asked(now)
    with pytest.raises(PasskeyRefused):
        come_in(device.sign(options), challenge, now)
    here = waiting(person, now)
    assert step(here, person, device.sign(asked_of(person, now)), now).session is here


def test_an_answer_works_once_of_eight_at_the_same_moment(session: Session, person: Person, now: dt.datetime) -> None:
    device = Authenticator(counts=False)
    added(person, device, now)
    challenge, options = asked(now)
    answer = device.sign(options)
    outcomes = all_at_once(lambda _number: come_in(answer, challenge, now).token, times=8)
    assert sum(isinstance(outcome, str) for outcome in outcomes) == 1
    assert session.scalar(select(func.count()).select_from(SignInSession)) == 1


def test_a_challenge_of_another_browser_is_worth_nothing(
    person: Person, device: Authenticator, now: dt.datetime
) -> None:
    added(person, device, now)
    _theirs, options = asked(now)
    mine, _options = asked(now)
    for challenge in (mine, ""):
        with pytest.raises(PasskeyRefused):
            come_in(device.sign(options), challenge, now)
    assert needs_second_step(person)


@pytest.mark.parametrize("part", ["signature", "authenticatorData", "userHandle", "clientDataJSON"])
def test_a_tampered_answer_is_refused(person: Person, device: Authenticator, now: dt.datetime, part: str) -> None:
    added(person, device, now)
    challenge, options = asked(now)
    with pytest.raises(PasskeyRefused):
        come_in(tampered(device.sign(options), part), challenge, now)
    assert person.last_sign_in_at is None


def test_a_passkey_of_another_host_is_refused(person: Person, device: Authenticator, now: dt.datetime) -> None:
    added(person, device, now)
    device.host = "evil.example"
    challenge, options = asked(now)
    with pytest.raises(PasskeyRefused):
        come_in(device.sign(options), challenge, now)
    assert person.last_sign_in_at is None


def test_unknown_passkeys_and_people_who_may_not_come_in_are_refused_in_the_same_words(
    session: Session, device: Authenticator, now: dt.datetime
) -> None:
    member = member_who_can_sign_in()
    session.commit()
    added(member.person, device, now)
    stranger = Authenticator(handle=device.handle)
    member.account.status = AccountStatus.SUSPENDED
    session.commit()
    messages = set()
    for each in (device, stranger):
        challenge, options = asked(now)
        with pytest.raises(PasskeyRefused) as refused:
            come_in(each.sign(options), challenge, now)
        messages.add(refused.value.message)
    assert len(messages) == 1


def test_tries_with_passkeys_are_counted_with_all_others(
    person: Person, device: Authenticator, now: dt.datetime
) -> None:
    added(person, device, now)
    for _ in range(5):
        with pytest.raises(SignInRefused):
            sign_in("mia@acme.example", "wrong password", BROWSER, now=now, lifetime=LIFETIME)
    for _ in range(5):
        challenge, options = asked(now)
        with pytest.raises(PasskeyRefused):
            come_in(tampered(device.sign(options), "signature"), challenge, now)
    challenge, options = asked(now)
    with pytest.raises(TooManyAttempts):
        come_in(device.sign(options), challenge, now)


def test_a_counter_that_goes_backwards_is_refused_and_told(
    session: Session, person: Person, device: Authenticator, now: dt.datetime
) -> None:
    added(person, device, now)
    thief = device.copy()
    for each in (device, device):
        challenge, options = asked(now)
        come_in(each.sign(options), challenge, now)
    challenge, options = asked(now)
    with pytest.raises(PasskeyRefused):
        come_in(thief.sign(options), challenge, now)
    assert events(session)[-1] == "person.passkey_refused"
    assert "passkey_refused" in mails(session)


# As the second step, and to prove it


def test_a_passkey_is_the_second_step(
    session: Session, person: Person, device: Authenticator, now: dt.datetime
) -> None:
    added(person, device, now)
    entry = sign_in("mia@acme.example", PASSWORD, BROWSER, now=now, lifetime=LIFETIME)
    assert entry.waits_for_second_step
    options = asked_of(person, now)
    assert len(options["allowCredentials"]) == 1
    inside = step(entry.session, person, device.sign(options), now)
    session.refresh(inside.session)
    assert inside.session.second_step_at == now


@pytest.mark.parametrize("purpose", [PasskeyPurpose.PROVE, PasskeyPurpose.REGISTER])
def test_a_challenge_for_another_purpose_is_no_second_step(
    person: Person, device: Authenticator, now: dt.datetime, purpose: PasskeyPurpose
) -> None:
    added(person, device, now)
    answer = device.sign(asked_of(person, now, purpose))
    with pytest.raises(PasskeyRefused):
        step(waiting(person, now), person, answer, now)
    assert person.last_sign_in_at is None


def test_a_passkey_of_somebody_else_is_no_second_step(person: Person, device: Authenticator, now: dt.datetime) -> None:
    added(person, Authenticator(), now)
    added(person_who_can_sign_in("ole@acme.example"), device, now)
    with pytest.raises(PasskeyRefused):
        step(waiting(person, now), person, device.sign(asked_of(person, now)), now)
    assert person.last_sign_in_at is None


def test_a_passkey_proves_who_one_is(session: Session, person: Person, device: Authenticator, now: dt.datetime) -> None:
    added(person, device, now)
    here = SignInSessionFactory(person=person, proved_at=now - 60 * MINUTE)
    session.commit()
    answer = device.sign(asked_of(person, now, PasskeyPurpose.PROVE))
    assert prove_with_passkey(here, person, answer, PARTY, BROWSER, now=now, lifetime=LIFETIME)
    session.refresh(here)
    assert here.proved_at == now
    assert events(session)[-1] == "person.proved"


# Only passkeys, and fewer of them


def test_with_passkeys_only_the_password_is_refused(person: Person, device: Authenticator, now: dt.datetime) -> None:
    added(person, device, now)
    with unit_of_work():
        set_passkey_only(person, True, actor=own(person, now), now=now)
    with pytest.raises(SignInRefused):
        sign_in("mia@acme.example", PASSWORD, BROWSER, now=now, lifetime=LIFETIME)
    challenge, options = asked(now)
    assert come_in(device.sign(options), challenge, now).person is person


def test_passkeys_only_needs_a_passkey(person: Person, now: dt.datetime) -> None:
    with pytest.raises(PasskeyMissing), unit_of_work():
        set_passkey_only(person, True, actor=own(person, now), now=now)
    assert not person.passkey_only


def test_the_last_passkey_stays_also_when_two_go_at_once(session: Session, person: Person, now: dt.datetime) -> None:
    ids = [added(person, Authenticator(), now).id for _ in range(2)]
    with unit_of_work():
        set_passkey_only(person, True, actor=own(person, now), now=now)
    actor = own(person, now)

    def remove(number: int) -> Any:
        with unit_of_work():
            return remove_passkey(session.get_one(Passkey, ids[number]), None, actor=actor, now=now)

    outcomes = all_at_once(remove, times=2)
    assert sum(isinstance(outcome, LastPasskeyStays) for outcome in outcomes) == 1
    assert len(passkeys_of(person)) == 1


def test_removing_one_ends_other_sessions_and_forgets_codes_that_stand_for_nothing(
    session: Session, person: Person, device: Authenticator, now: dt.datetime
) -> None:
    passkey = added(person, device, now)
    here, elsewhere = SignInSessionFactory(person=person), SignInSessionFactory(person=person)
    make_recovery_codes(person, now=now)
    session.commit()
    with unit_of_work():
        remove_passkey(passkey, here, actor=own(person, now), now=now)
    session.refresh(here)
    session.refresh(elsewhere)
    assert (here.ended_at, elsewhere.ended_at) == (None, now)
    assert session.scalars(select(RecoveryCode)).all() == []
    assert not needs_second_step(person)


def test_renaming_is_written_down(session: Session, person: Person, device: Authenticator, now: dt.datetime) -> None:
    passkey = added(person, device, now)
    with unit_of_work():
        rename_passkey(passkey, "Blue key", actor=own(person, now), now=now)
    event = session.scalars(select(AuditEvent).where(AuditEvent.event == "person.passkey_renamed")).one()
    assert (event.before, event.after) == ({"name": "Laptop"}, {"name": "Blue key"})


def test_a_reset_by_others_takes_everything_away(
    session: Session, person: Person, device: Authenticator, now: dt.datetime
) -> None:
    added(person, device, now)
    set_time_code(person, "JBSWY3DPEHPK3PXP" * 2, now=now)
    make_recovery_codes(person, now=now)
    session.commit()
    with unit_of_work():
        set_passkey_only(person, True, actor=own(person, now), now=now)
    here = SignInSessionFactory(person=person)
    answer = device.sign(asked_of(person, now))
    with unit_of_work():
        remove_second_factors(person, actor=system_actor("test"), now=now, account_id=None)
    session.refresh(here)
    assert here.ended_at == now
    assert not person.passkey_only
    assert not needs_second_step(person)
    assert session.scalars(select(PasskeyChallenge).where(PasskeyChallenge.person_id == person.id)).all() == []
    with pytest.raises(PasskeyRefused):
        step(waiting(person, now), person, answer, now)


def test_old_challenges_are_deleted(session: Session, person: Person, now: dt.datetime) -> None:
    asked(now)
    with unit_of_work():
        assert forget_old_challenges(now=now + 4 * MINUTE) == 0
    with unit_of_work():
        assert forget_old_challenges(now=now + 6 * MINUTE) == 1
    assert session.scalars(select(PasskeyChallenge)).all() == []


def test_what_the_browser_is_given_holds_no_secret(person: Person, now: dt.datetime) -> None:
    options = options_to_make(person, now)
    assert options["rp"] == {"id": "localhost", "name": "TELCOware"}
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert base64url_to_bytes(options["user"]["id"]).decode() == person.public_id
