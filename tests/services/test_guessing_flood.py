"""Thousands of guesses at one person, through every door and from as many addresses: ten in five minutes are looked at.

The API has no door yet: SignInDoor.API shares the count as soon as it has one.
"""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import replace

import pytest
from sqlalchemy import func, select
from webauthn.helpers import bytes_to_base64url

from domain.attempts import SIGN_IN_LIMIT, TooManyAttempts
from domain.passkeys import party_at
from domain.refusals import Refusal
from models import AuditEvent, Job, Passkey, PasskeyPurpose, Person, SignInAttempt, SignInDoor, SignInSession
from services import passkey_sign_in, phones, proofs, sign_in, time_codes
from services.attempts import hash_of_name
from services.invitations import accept_invitation
from services.password_resets import change_password, reset_password
from services.passwords import passwords
from services.second_step import make_recovery_codes, set_time_code
from services.sessions import Browser, find_session, start_session
from services.sign_in import SignInRefused, person_as_actor
from services.unit_of_work import unit_of_work
from tests.support.authenticator import Authenticator
from tests.support.door import BROWSER, LIFETIME, PASSWORD, person_who_can_sign_in
from tests.support.due_jobs import FAILED_SIGN_INS, run_due_jobs
from tests.support.sweeps import size

GUESSES = size(10_000, 1_200)
SECRET = "JBSWY3DPEHPK3PXP" * 2
PARTY = party_at("http://localhost", "TELCOware")
KNOWN = b"a credential that everybody knows"[:32]
EVERY = dt.timedelta(minutes=20) / GUESSES
SPELLINGS = ("mia@acme.example", " MIA@acme.example", "Mia@ACME.example ", "ｍｉａ@acme.example")


class Attacker:
    """Knows the name, holds a session that waits for the code and a stolen one, and a passkey's public id."""

    def __init__(self, person: Person, now: dt.datetime) -> None:
        self.person, self.now, self.number = person, now, 0
        with unit_of_work():
            self.waiting = start_session(person, BROWSER, now=now, lifetime=LIFETIME, waits_for_second_step=True)[0]
            self.stolen = start_session(person, BROWSER, now=now, lifetime=LIFETIME, waits_for_second_step=False)[0]

    @property
    def browser(self) -> Browser:
        """Another one each time, from another network."""
        high, low = divmod(self.number, 250)
        return Browser(ip=f"10.{high // 250}.{high % 250}.{low}", user_agent=f"Browser {self.number}")

    @property
    def actor(self):
        return replace(person_as_actor(self.person, self.browser), proved_at=self.now)

    @property
    def told(self):
        return {"now": self.now, "lifetime": LIFETIME}

    @property
    def guess(self) -> str:
        return f"guess number {self.number}"

    def password(self) -> None:
        sign_in.sign_in(SPELLINGS[self.number % 4], self.guess, self.browser, **self.told)

    def time_code(self) -> None:
        code = "x00000" if self.number % 2 else f"{self.number:06d}"
        sign_in.sign_in_with_code(self.waiting, self.person, code, self.browser, **self.told)

    def recovery_code(self) -> None:
        sign_in.sign_in_with_code(self.waiting, self.person, secrets.token_hex(8)[:16], self.browser, **self.told)

    def passkey_alone(self) -> None:
        device = Authenticator(credential_id=KNOWN, handle=bytes_to_base64url(self.person.public_id.encode()))
        with unit_of_work():
            challenge, options = passkey_sign_in.ask_for_any_passkey(PARTY, now=self.now)
        passkey_sign_in.sign_in_with_passkey_alone(device.sign(options), challenge, PARTY, self.browser, **self.told)

    def passkey_as_second_step(self) -> None:
        device = Authenticator(credential_id=KNOWN, handle=bytes_to_base64url(self.person.public_id.encode()))
        with unit_of_work():
            asked = passkey_sign_in.ask_for_passkey_of(self.person, PasskeyPurpose.SIGN_IN, PARTY, now=self.now)
        passkey_sign_in.sign_in_with_passkey(
            self.waiting, self.person, device.sign(asked), PARTY, self.browser, **self.told
        )

    def proof_by_password(self) -> None:
        proofs.prove_with_password(self.stolen, self.person, self.guess, self.browser, **self.told)

    def proof_by_code(self) -> None:
        proofs.prove_with_code(self.stolen, self.person, f"{self.number:06d}", self.browser, **self.told)

    def current_password(self) -> None:
        change_password(
            self.person, self.stolen, current=self.guess, new="a better word of mine", actor=self.actor, **self.told
        )

    def first_code_of_an_app(self) -> None:
        time_codes.confirm_enrolment(self.person, f"{self.number:06d}", actor=self.actor, now=self.now)

    def phone_code(self) -> None:
        phones.use_phone_code(self.person, f"{self.number:06d}", actor=self.actor, now=self.now)

    def reset_link(self) -> None:
        reset_password(f"guess-{self.number}", "a better word of mine", self.browser, now=self.now)

    def invitation(self) -> None:
        accept_invitation(f"guess-{self.number}", "a better word of mine", self.browser, now=self.now)


NAMED = (
    Attacker.password,
    Attacker.time_code,
    Attacker.recovery_code,
    Attacker.passkey_alone,
    Attacker.passkey_as_second_step,
    Attacker.proof_by_password,
    Attacker.proof_by_code,
    Attacker.current_password,
    Attacker.first_code_of_an_app,
    Attacker.phone_code,
)
# A link names nobody: whoever guesses one guesses 256 bits.
NAMELESS = (Attacker.reset_link, Attacker.invitation)
CHECKS = (
    (passwords, "check"),
    (sign_in, "use_code"),
    (proofs, "use_code"),
    (time_codes, "step_of_code"),
    (passkey_sign_in, "verify_assertion"),
    (phones, "_fits"),
)


@pytest.fixture
def victim(session, now):
    """Somebody with every factor there is, and a code by SMS under way."""
    person = person_who_can_sign_in(account__country="US")
    actor = replace(person_as_actor(person, BROWSER), proved_at=now)
    phones.send_verification_code(person, "+12025550123", actor=actor, now=now)
    session.add(Passkey(person_id=person.id, credential_id=KNOWN, public_key=b"x", name="Laptop", created_at=now))
    set_time_code(person, SECRET, now=now - dt.timedelta(days=1))
    make_recovery_codes(person, now=now)
    session.commit()
    return person


@pytest.fixture
def checked(monkeypatch):
    """When something was really compared with what the person has."""
    moments, clock = [], [None]

    def watched(genuine):
        def check(*args, **values):
            moments.append(clock[0])
            return genuine(*args, **values)

        return check

    for owner, name in CHECKS:
        monkeypatch.setattr(owner, name, watched(getattr(owner, name)))
    return moments, clock


def most_within_five_minutes(moments):
    return max(sum(at - SIGN_IN_LIMIT.window < other <= at for other in moments) for at in moments)


def counted_of(session, name="mia@acme.example"):
    return session.scalars(
        select(SignInAttempt.at).where(
            SignInAttempt.name_hash == hash_of_name(name),
            SignInAttempt.succeeded.is_(False),
            SignInAttempt.door != SignInDoor.RESET_REQUEST,
        )
    ).all()


def flood(attacker, doors, guesses, clock):
    outcomes = {}
    for number in range(guesses):
        attacker.number, clock[0] = number, attacker.now
        door = doors[number % len(doors)]
        try:
            door(attacker)
            outcomes.setdefault("came in", []).append(door.__name__)
        except Refusal as refusal:
            outcomes.setdefault(type(refusal), []).append(door.__name__)
        attacker.now += EVERY
    return outcomes


def prove_the_limit(session, victim, now, checked, doors, guesses):
    moments, clock = checked
    attacker = Attacker(victim, now)
    outcomes = flood(attacker, doors, guesses, clock)
    assert "came in" not in outcomes
    assert len(outcomes[TooManyAttempts]) > guesses * 0.7
    assert 10 <= len(moments) <= 10 * (1 + (attacker.now - now) / SIGN_IN_LIMIT.window)
    assert most_within_five_minutes(moments) <= SIGN_IN_LIMIT.attempts
    assert most_within_five_minutes(counted_of(session)) == SIGN_IN_LIMIT.attempts
    assert len(session.scalars(select(SignInSession).where(SignInSession.ip.startswith("10."))).all()) == 0


@pytest.mark.slow
def test_of_a_flood_of_guesses_through_all_doors_ten_are_checked_in_five_minutes(session, victim, now, checked):
    prove_the_limit(session, victim, now, checked, (*NAMED, *NAMELESS), GUESSES)


@pytest.mark.parametrize("door", NAMED, ids=lambda door: door.__name__)
def test_no_door_is_a_way_round_the_count_of_the_others(session, victim, now, checked, door):
    moments, clock = checked
    attacker = Attacker(victim, now)
    flood(attacker, (Attacker.password,), 10, clock)
    assert len(moments) == 10
    outcomes = flood(attacker, (door,), 5, clock)
    assert len(outcomes[TooManyAttempts]) == 5
    assert len(moments) == 10


@pytest.mark.parametrize("door", NAMED, ids=lambda door: door.__name__)
def test_each_door_adds_to_the_count(session, victim, now, checked, door):
    _moments, clock = checked
    attacker = Attacker(victim, now)
    flood(attacker, (door,), 12, clock)
    assert len(counted_of(session)) == 10
    with pytest.raises(TooManyAttempts):
        attacker.password()


@pytest.mark.parametrize("door", NAMELESS, ids=lambda door: door.__name__)
def test_guessing_links_from_one_place_is_counted_there(session, victim, now, checked, door):
    attacker = Attacker(victim, now)
    for _number in range(10):
        attacker.number = 0  # the same place
        with pytest.raises(Refusal):
            door(attacker)
    with pytest.raises(TooManyAttempts):
        door(attacker)


def test_the_right_password_waits_too_during_a_flood_and_comes_in_after_it(session, now):
    """Whoever guesses can keep a person out by it; a passkey would not help, but a session that is open goes on."""
    person = person_who_can_sign_in()
    with unit_of_work():
        here = start_session(person, BROWSER, now=now, lifetime=LIFETIME, waits_for_second_step=False)[1]
    attacker = Attacker(person, now)
    flood(attacker, (Attacker.password,), 20, [now])
    at = attacker.now
    with pytest.raises(TooManyAttempts) as refused:
        sign_in.sign_in("mia@acme.example", PASSWORD, BROWSER, now=at, lifetime=LIFETIME)
    assert refused.value.wait <= SIGN_IN_LIMIT.window
    found = sign_in.sign_in("mia@acme.example", PASSWORD, BROWSER, now=at + refused.value.wait, lifetime=LIFETIME)
    assert found.person.id == person.id
    assert find_session(here, now=at, lifetime=LIFETIME) is not None


# What the person's log says of it


def events(session):
    found = select(AuditEvent.event, AuditEvent.after).where(AuditEvent.event.startswith("person.sign_in_"))
    return [(event, (after or {}).get("tries")) for event, after in session.execute(found.order_by(AuditEvent.id))]


def fail(name, number, at):
    with pytest.raises((SignInRefused, TooManyAttempts)):
        sign_in.sign_in(name, "wrong password", Browser(ip=f"192.0.2.{number}"), now=at, lifetime=LIFETIME)


def test_failed_tries_stand_in_the_persons_log_once_for_five_minutes_with_the_pause(session, now):
    person_who_can_sign_in()
    for number in range(30):
        fail("mia@acme.example", number, now)
    later = now + SIGN_IN_LIMIT.window
    assert run_due_jobs(FAILED_SIGN_INS, now=later) == 1
    assert events(session) == [("person.sign_in_failed", 10), ("person.sign_in_paused", None)]
    assert run_due_jobs(FAILED_SIGN_INS, now=later) == 0
    fail("mia@acme.example", 1, later)
    assert run_due_jobs(FAILED_SIGN_INS, now=later + SIGN_IN_LIMIT.window) == 1
    assert events(session)[2:] == [("person.sign_in_failed", 1)]


def test_failed_tries_at_an_unknown_name_leave_the_same_job_and_no_event(session, now):
    person_who_can_sign_in()
    fail("nobody@acme.example", 1, now)
    fail("", 2, now)
    jobs = session.scalars(select(Job)).all()
    assert len(jobs) == 2
    assert not any("nobody" in str(job.payload) for job in jobs)
    assert run_due_jobs(FAILED_SIGN_INS, now=now + SIGN_IN_LIMIT.window) == 2
    assert events(session) == []
    assert [job.payload for job in session.scalars(select(Job))] == [{}, {}]


def test_the_right_password_asks_for_no_job(session, now):
    person_who_can_sign_in()
    sign_in.sign_in("mia@acme.example", PASSWORD, BROWSER, now=now, lifetime=LIFETIME)
    assert session.scalar(select(func.count(Job.id)).where(Job.kind == FAILED_SIGN_INS)) == 0
