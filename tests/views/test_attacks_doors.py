"""The doors under attack: one code many times at once, old links, names that are tried, and addresses that pretend."""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import replace
from typing import Any

import pyotp
import pytest
import time_machine
from sqlalchemy import event, func, select

from domain.actor import Actor, Source, system_actor
from extensions import db
from models import (
    Job,
    Member,
    MemberInvitation,
    MemberStatus,
    NotificationDelivery,
    Person,
    SignInAttempt,
    SignInSession,
)
from services.email_changes import change_email
from services.invitations import invite_member, withdraw_invitation
from services.passkeys import add_passkey, begin_passkey
from services.password_resets import issue_temporary_password
from services.phones import send_verification_code
from services.second_step import make_recovery_codes, set_time_code
from services.sign_in import person_as_actor
from services.unit_of_work import unit_of_work
from tests.factories.people import MemberFactory, PersonFactory, StaffMemberFactory
from tests.support.authenticator import Authenticator
from tests.support.door import (
    ANOTHER_PASSWORD,
    BROWSER,
    PASSWORD,
    csrf_token_of,
    member_who_can_sign_in,
    post_form,
    sign_in_as,
)
from tests.support.due_jobs import RESET_LINK, run_due_jobs
from tests.support.together import all_at_once
from views.relying_party import relying_party

SECRET = "JBSWY3DPEHPK3PXP" * 2
MINUTES = 60
DAYS = 24 * 60 * MINUTES
NEW = {"new_password": ANOTHER_PASSWORD, "repeated": ANOTHER_PASSWORD}


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def member(session):
    return member_who_can_sign_in(account__client_id="20001", account__country="US")


@pytest.fixture
def person(session, member):
    return session.get_one(Person, member.person_id)


def mailed(session, what):
    """The address in the newest mail, without scheme and host."""
    texts = session.scalars(select(NotificationDelivery.text).order_by(NotificationDelivery.id.desc()))
    return next(found[0] for text in texts if (found := re.search(rf"/{what}/[\w-]+", text)))


def right_now():
    return dt.datetime.now(dt.UTC)


def actor_of(person):
    return replace(person_as_actor(person, BROWSER), proved_at=right_now())


# The same thing eight times at once


def ready_for(way: str, app: Any, session: Any, person: Person) -> tuple[list[Any], str, list[dict[str, str]]]:
    """Eight browsers, the address, and what each of them sends: the same code, link or answer."""
    browsers, each = [app.test_client() for _number in range(8)], {}
    if way in ("time code", "recovery code"):
        set_time_code(person, SECRET, now=right_now() - dt.timedelta(days=1))
        codes = make_recovery_codes(person, now=right_now())
        for browser in browsers:
            sign_in_as(browser)
        page = address = "/sign-in/code"
        each = {"code": pyotp.TOTP(SECRET).at(right_now()) if way == "time code" else codes[3]}
    elif way == "phone code":
        for browser in browsers:
            sign_in_as(browser)
        with unit_of_work():
            send_verification_code(person, "+12025550123", actor=actor_of(person), now=right_now())
        sms = session.scalars(select(NotificationDelivery.text).where(NotificationDelivery.event == "phone_code")).one()
        page, address = "/settings/phone", "/settings/phone/code"
        each = {"code": re.search(r"\b\d{6}\b", sms)[0]}
    elif way == "passkey":
        device = Authenticator(counts=False)
        with app.test_request_context(), unit_of_work():
            asked = begin_passkey(person, relying_party(), actor=actor_of(person), now=right_now())
        with app.test_request_context():
            add_passkey(person, device.make(asked), "Key", relying_party(), actor=actor_of(person), now=right_now())
        first = browsers[0]
        options = first.post("/sign-in/passkey/options", data={"csrf_token": csrf_token_of(first)})
        name = app.config["SESSION_COOKIE_NAME"]
        jar = first.get_cookie(name).value
        for browser in browsers[1:]:
            browser.set_cookie(name, jar)  # the same browser, eight times
        page, address = "/sign-in", "/sign-in/passkey"
        each = {"credential": device.sign(json.loads(options.data))}
    elif way == "reset link":
        post_form(browsers[0], "/forgot-password", email=person.email)
        run_due_jobs(RESET_LINK)
        page = address = mailed(session, "reset-password")
        each = NEW
    else:
        seat = MemberFactory(person=PersonFactory(email="ida@acme.example"), status=MemberStatus.INVITED)
        session.commit()
        with unit_of_work():
            invite_member(seat, actor=system_actor("test"), now=right_now())
        page = address = mailed(session, "invitations")
        each = NEW
    return browsers, address, [{"csrf_token": csrf_token_of(browser, page), **each} for browser in browsers]


@pytest.mark.parametrize(
    "way", ["time code", "recovery code", "phone code", "passkey", "reset link", "invitation link"]
)
def test_of_the_same_eight_times_at_once_one_succeeds(app, session, person, way):
    browsers, address, sent = ready_for(way, app, session, person)
    before = session.scalar(select(func.count(SignInAttempt.id)).where(SignInAttempt.succeeded))

    def send(number: int) -> int:
        place = {"REMOTE_ADDR": f"198.51.100.{number}"}
        return browsers[number].post(address, data=sent[number], environ_base=place).status_code

    answers = all_at_once(send, times=8)
    assert answers.count(303) == 1, answers
    assert set(answers) <= {303, 404, 422}
    assert session.scalar(select(func.count(SignInAttempt.id)).where(SignInAttempt.succeeded)) == before + 1


# Links: once, in time, the newest, to the address the person still has


def ask_for_reset(client, session, person):
    post_form(client, "/forgot-password", email=person.email)
    run_due_jobs(RESET_LINK)
    return mailed(session, "reset-password")


def invite(client, session, person):
    """Another seat of the same person, who chooses the first password with it."""
    person.password_hash = None
    seat = session.scalars(select(Member).where(Member.person_id == person.id, Member.status == "invited")).first()
    seat = seat or MemberFactory(person=person, status=MemberStatus.INVITED)
    session.commit()
    with unit_of_work():
        invite_member(seat, actor=system_actor("test"), now=right_now())
    return mailed(session, "invitations")


def used(client, session, person, clock, make, link):
    assert post_form(client, link, **NEW).status_code == 303


def expired(client, session, person, clock, make, link):
    clock.shift(60 * MINUTES if "reset" in link else 60 * DAYS)


def superseded(client, session, person, clock, make, link):
    clock.shift(1)
    assert make(client, session, person) != link


def sent_to_another_address(client, session, person, clock, make, link):
    administrator = StaffMemberFactory().person
    session.commit()
    with unit_of_work():
        staff = Actor("Ann", Source.STAFF, person_id=administrator.id, proved_at=right_now())
        change_email(person, "mia.new@acme.example", actor=staff, now=right_now())


def replaced_by_a_temporary_password(client, session, person, clock, make, link):
    with unit_of_work():
        issue_temporary_password(person, actor=system_actor("test"), now=right_now())


def withdrawn(client, session, person, clock, make, link):
    seat = session.scalars(select(Member).where(Member.status == MemberStatus.INVITED)).one()
    with unit_of_work():
        withdraw_invitation(seat, actor=system_actor("test"), now=right_now())


LINKS = [
    (make, happening)
    for make, happenings in (
        (ask_for_reset, (used, expired, superseded, sent_to_another_address, replaced_by_a_temporary_password)),
        (invite, (used, expired, superseded, sent_to_another_address, withdrawn)),
    )
    for happening in happenings
]


@pytest.mark.parametrize(("make", "happening"), LINKS, ids=lambda each: each.__name__)
def test_a_link_is_refused_once_it_was(client, app, session, person, clock, make, happening):
    link = make(client, session, person)
    other = app.test_client()
    assert other.get(link).status_code == 200
    happening(client, session, person, clock, make, link)
    held = csrf_token_of(other)
    session.refresh(person)
    before = (person.password_hash, person.password_changed_at)
    assert other.get(link).status_code == 404
    refused = other.post(link, data={"csrf_token": held, **NEW})
    assert refused.status_code == 404
    assert "does not work any more" in refused.text or "used already" in refused.text
    session.refresh(person)
    assert (person.password_hash, person.password_changed_at) == before
    assert refused.headers["Cache-Control"] == "no-store"


# Who is known


class Statements:
    """The texts of what is sent to the database, without values."""

    def __enter__(self) -> list[str]:
        self.seen: list[str] = []
        event.listen(db.engine, "before_cursor_execute", self._note)
        return self.seen

    def __exit__(self, *_error: object) -> None:
        event.remove(db.engine, "before_cursor_execute", self._note)

    def _note(self, _connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
        self.seen.append(statement)


def bytes_of(answer):
    """Everything a stranger sees, without what is drawn by lot for each form and browser."""
    headers = sorted((name, value) for name, value in answer.headers if name not in ("Set-Cookie", "Date"))
    cookies = sorted(value.partition("=")[0] for value in answer.headers.getlist("Set-Cookie"))
    body = re.sub(r'value="[^"]{40,}"', "", answer.text)
    return answer.status_code, headers, cookies, body


def ways_of_being_unwelcome(session):
    """Addresses of equal length: the page repeats what was typed."""
    member_who_can_sign_in("dis@acme.example", status=MemberStatus.DISABLED)
    member_who_can_sign_in("inv@acme.example", status=MemberStatus.INVITED)
    careful = member_who_can_sign_in("two@acme.example")
    set_time_code(session.get_one(Person, careful.person_id), SECRET, now=right_now())
    PersonFactory(email="not@acme.example")
    session.commit()
    return ["mia@acme.example", "dis@acme.example", "inv@acme.example", "two@acme.example", "not@acme.example"]


@pytest.mark.parametrize("address", ["/sign-in", "/forgot-password"])
def test_known_and_unknown_names_get_the_same_bytes_by_the_same_work(app, session, member, address):
    known, answers = ways_of_being_unwelcome(session), {}
    for number, email in enumerate([*known, "abc@acme.example", "xyz@nowhere.example"[:16]]):
        client = app.test_client()
        sent = {"csrf_token": csrf_token_of(client, address), "email": email, "password": "wrong password"}
        place = {"REMOTE_ADDR": f"198.51.100.{number}"}
        with Statements() as statements:
            answer = client.post(address, data=sent, environ_base=place)
        seen = bytes_of(answer)
        answers[email] = (*seen[:3], seen[3].replace(email, "TYPED"), tuple(statements))
    first = answers.pop("mia@acme.example")
    assert first[0] == (422 if address == "/sign-in" else 200)
    for email, answer in answers.items():
        assert answer == first, email


def test_a_request_for_a_link_keeps_the_address_sealed_and_only_until_it_is_answered(client, session, member):
    for email in ("mia@acme.example", "abc@acme.example"):
        post_form(client, "/forgot-password", email=email)
    jobs = session.scalars(select(Job).where(Job.kind == RESET_LINK)).all()
    assert len(jobs) == 2
    assert "acme" not in str([job.payload for job in jobs])
    assert len({len(str(job.payload)) for job in jobs}) == 1
    run_due_jobs(RESET_LINK)
    assert [(job.payload, job.result) for job in session.scalars(select(Job).where(Job.kind == RESET_LINK))] == [
        ({}, None),
        ({}, None),
    ]


# Where a request says it comes from


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Client-IP", "X-Client-IP"])
def test_without_a_proxy_no_header_changes_the_address_that_is_counted(client, session, member, header):
    for number in range(10):
        told = f"203.0.113.{number}" if header != "Forwarded" else f"for=203.0.113.{number}"
        sent = {"csrf_token": csrf_token_of(client), "email": f"n{number}@acme.example", "password": "wrong"}
        assert client.post("/sign-in", data=sent, headers={header: told}).status_code == 422
    assert set(session.scalars(select(SignInAttempt.ip))) == {"127.0.0.1"}
    sent = {"csrf_token": csrf_token_of(client), "email": "mia@acme.example", "password": PASSWORD}
    assert client.post("/sign-in", data=sent, headers={header: "203.0.113.99"}).status_code == 429


def test_behind_a_proxy_only_what_the_proxy_added_is_believed(make_app, session, member):
    client = make_app(BEHIND_PROXY="true").test_client()
    sent = {"csrf_token": csrf_token_of(client), "email": "mia@acme.example", "password": "wrong"}
    client.post("/sign-in", data=sent, headers={"X-Forwarded-For": "203.0.113.5, 198.51.100.7"})
    assert session.scalars(select(SignInAttempt.ip)).all() == ["198.51.100.7"]


def test_guesses_over_http_stop_at_ten_whatever_the_address_and_door(app, session, person):
    set_time_code(person, SECRET, now=right_now() - dt.timedelta(days=1))
    client = app.test_client()
    sign_in_as(client)
    tokens = {page: csrf_token_of(client, page) for page in ("/sign-in/code",)}
    outcomes = []
    for number in range(40):
        address = ("/sign-in", "/sign-in/code", "/sign-in/code/passkey")[number % 3]
        sent = {
            "csrf_token": tokens["/sign-in/code"],
            "email": "mia@acme.example",
            "password": f"guess {number}",
            "code": f"{number:06d}",
            "credential": "{}",
        }
        place = {"REMOTE_ADDR": f"198.51.100.{number}"}
        outcomes.append(client.post(address, data=sent, environ_base=place).status_code)
    assert outcomes == [422] * 10 + [429] * 30
    wrong = select(func.count(SignInAttempt.id)).where(SignInAttempt.succeeded.is_(False))
    assert session.scalar(wrong) == 10


def test_an_invitation_says_how_long_to_wait_after_ten_wrong_tries_from_one_place(client, session, person):
    link = invite(client, session, person)
    for number in range(10):
        post_form(client, f"{link[:-4]}abcd", form_on="/sign-in", **NEW)
        weak = post_form(client, link, new_password="short", repeated="short")
        assert weak.status_code in (422, 429), number
    answer = post_form(client, link, **NEW)
    assert answer.status_code == 429
    assert "Wait" in answer.text
    assert answer.headers["Retry-After"]
    assert session.scalars(select(MemberInvitation.accepted_at)).all() == [None]


# What a stranger may have planted in a browser


def test_a_session_planted_before_the_sign_in_is_worth_nothing_after_it(client, app, session, member):
    thief = app.test_client()
    sign_in_as(thief, password="wrong")
    client.set_cookie("foyer", "planted-by-the-thief-0123456789-0123456789-01")
    sign_in_as(client)
    token = client.get_cookie("foyer").value
    assert token != "planted-by-the-thief-0123456789-0123456789-01"
    thief.set_cookie("foyer", "planted-by-the-thief-0123456789-0123456789-01")
    assert thief.get("/portal/20001/").status_code == 303


def test_every_proof_gives_the_session_a_new_token(client, app, session, person, clock):
    """Password, time code, proof, recovery code, new password: who stole the cookie before it is out."""
    tokens = []

    def changed():
        tokens.append(client.get_cookie("foyer").value)
        return len(set(tokens)) == len(tokens)

    sign_in_as(client)
    assert changed()
    clock.shift(20 * MINUTES)
    assert post_form(client, "/prove?next=/settings/security", password=PASSWORD).status_code == 303
    assert changed()
    set_time_code(person, SECRET, now=right_now() - dt.timedelta(days=1))
    codes = make_recovery_codes(person, now=right_now())
    for make_code in (lambda: pyotp.TOTP(SECRET).at(right_now()), lambda: codes[0]):
        clock.shift(20 * MINUTES)
        code = make_code()
        assert post_form(client, "/prove?next=/settings/security", code=code).status_code == 303
        assert changed()
    answer = post_form(client, "/change-password", current_password=PASSWORD, **NEW)
    assert answer.status_code == 303
    assert changed()
    alive = session.scalars(select(SignInSession).where(SignInSession.ended_at.is_(None))).all()
    assert len(alive) == 1
    for stolen in tokens[:-1]:
        thief = app.test_client()
        thief.set_cookie("foyer", stolen)
        assert thief.get("/portal/20001/").status_code == 303
