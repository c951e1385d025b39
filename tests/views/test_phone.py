"""The phone section of one's own settings, the demo's telephone, and staff who remove a number."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from sqlalchemy import select, update

from domain.permissions import StaffRole
from integrations.sms import KeepsSms, Sms
from models import (
    NotificationChannel,
    NotificationDelivery,
    Person,
    PhoneState,
    SignInSession,
)
from tests.factories.people import StaffMemberFactory
from tests.support.desk import seat, staff_desk
from tests.support.door import member_who_can_sign_in, post_form, sign_in_as

PAGE = "/settings/phone"
NUMBER = "+12025550123"
TWILIO = {"TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN": "t", "TWILIO_FROM": "+12025550100"}


@pytest.fixture
def app(keep_app):
    return keep_app(**TWILIO)


@pytest.fixture
def client(app, session):
    client = app.test_client()
    member_who_can_sign_in(account__country="US")
    sign_in_as(client)
    return client


def text_of(answer):
    return answer.get_data(as_text=True)


def code_sent(session):
    sms = select(NotificationDelivery.text).where(NotificationDelivery.channel == NotificationChannel.SMS)
    return session.scalars(sms.order_by(NotificationDelivery.id.desc())).first().split("#")[-1]


def phone_of(session):
    return session.execute(select(Person.phone, Person.phone_state).where(Person.email == "mia@acme.example")).one()


def send(client, number="(202) 555-0123"):
    return post_form(client, PAGE, phone=number)


def later(session, seconds=61):
    """Let the pause between two codes be over."""
    from models import PhoneVerification

    before = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=seconds)
    session.execute(update(PhoneVerification).values(created_at=before))


def verify(client, session):
    send(client)
    return post_form(client, f"{PAGE}/code", form_on=PAGE, code=code_sent(session))


def test_a_number_is_verified_changed_by_its_own_code_and_verified_anew(client, session):
    assert send(client).location == PAGE
    page = text_of(client.get(PAGE))
    assert "Not verified" in page
    assert "A code was sent to +1 202-555-0123" in page
    post_form(client, f"{PAGE}/code", form_on=PAGE, code=code_sent(session))
    page = text_of(client.get(PAGE))
    assert phone_of(session) == (NUMBER, PhoneState.VERIFIED)
    assert "Your number is verified" in page
    assert 'name="phone"' not in page  # the field is closed until the old number is released

    later(session)
    assert post_form(client, f"{PAGE}/release", form_on=PAGE).location == PAGE
    assert "Enter the code" in text_of(client.get(PAGE))
    post_form(client, f"{PAGE}/code", form_on=PAGE, code=code_sent(session))
    assert phone_of(session) == (None, PhoneState.NOT_VERIFIED)

    later(session)
    send(client, "+49 151 12345678")
    post_form(client, f"{PAGE}/code", form_on=PAGE, code=code_sent(session))
    assert phone_of(session) == ("+4915112345678", PhoneState.VERIFIED)


@pytest.mark.parametrize(
    "typed",
    ["", "110", "+12025550123,+12025550124", "+12025550123\r\n+12025550124", "<b>", "+1 900 555 1234", "1" * 99],
)
def test_a_number_that_is_none_is_refused_and_stays_in_its_field(client, session, typed):
    answer = send(client, typed)
    assert answer.status_code == 422
    page = text_of(answer)
    assert "<title>Error:" in page
    assert phone_of(session) == (None, PhoneState.NOT_VERIFIED)
    if typed == "110":
        assert 'value="110"' in page


@pytest.mark.parametrize("typed", ["", "000", "abcdef", "1" * 41])
def test_a_code_that_is_none_is_refused(client, session, typed):
    send(client)
    answer = post_form(client, f"{PAGE}/code", form_on=PAGE, code=typed)
    assert answer.status_code == 422
    assert "<title>Error:" in text_of(answer)


def test_a_second_code_at_once_has_to_wait(client, session):
    send(client)
    answer = send(client)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 61
    assert "A code was sent a moment ago" in text_of(answer)


def test_ten_wrong_codes_close_the_door_for_a_while(client, session):
    send(client)
    wrong = f"{(int(code_sent(session)) + 1) % 1_000_000:06d}"
    for _try in range(10):
        assert post_form(client, f"{PAGE}/code", form_on=PAGE, code=wrong).status_code == 422
        if "Enter the code" not in text_of(client.get(PAGE)):
            break
    statuses = {client.post(f"{PAGE}/code", data=token_and(client, code=wrong)).status_code for _try in range(11)}
    assert 429 in statuses


def token_and(client, **fields):
    page = text_of(client.get(PAGE))
    return {"csrf_token": re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1], **fields}


def test_a_verified_number_cannot_be_replaced_by_its_form(client, session):
    verify(client, session)
    later(session)
    answer = client.post(PAGE, data=token_and(client, phone="+49 151 12345678"))
    assert answer.status_code == 422
    assert phone_of(session) == (NUMBER, PhoneState.VERIFIED)


def test_a_new_number_wants_a_recent_proof(client, session):
    session.execute(update(SignInSession).values(proved_at=dt.datetime.now(dt.UTC) - dt.timedelta(minutes=16)))
    answer = send(client)
    assert (answer.status_code, answer.location) == (303, "/prove?next=%2Fsettings%2Fphone")
    assert phone_of(session) == (None, PhoneState.NOT_VERIFIED)


def test_every_form_wants_our_token(client, session):
    for address in (PAGE, f"{PAGE}/release", f"{PAGE}/code"):
        assert client.post(address, data={"phone": NUMBER, "code": "123456"}).status_code == 400


def test_without_a_way_to_send_messages_no_number_is_asked_for(keep_app, session):
    client = keep_app().test_client()
    member_who_can_sign_in()
    sign_in_as(client)
    page = text_of(client.get(PAGE))
    assert "not set up" in page
    assert 'name="phone"' not in page


def with_phone(person, session):
    person.phone, person.phone_state = NUMBER, PhoneState.VERIFIED
    session.commit()
    return person


def test_staff_remove_the_number_of_a_member(app, session):
    member = member_who_can_sign_in()
    with_phone(member.person, session)
    desk = staff_desk(app, StaffRole.ADMINISTRATOR)
    answer = desk.confirm(f"/members/{member.public_id}/remove-phone-number")
    assert "The phone number is removed" in desk.flashed(answer)
    assert phone_of(session) == (None, PhoneState.NOT_VERIFIED)
    assert desk.confirm(f"/members/{member.public_id}/remove-phone-number").status_code == 409


def test_staff_remove_the_number_of_a_colleague_but_not_their_own(app, session):
    colleague = StaffMemberFactory()
    person = with_phone(colleague.person, session)
    desk = staff_desk(app, StaffRole.ADMINISTRATOR)
    desk.confirm(f"/staff-members/{colleague.public_id}/remove-phone-number")
    assert person.phone is None
    with_phone(desk.person, session)
    own = session.scalars(select(type(colleague)).where(type(colleague).person_id == desk.person.id)).one()
    assert desk.confirm(f"/staff-members/{own.public_id}/remove-phone-number").status_code == 409
    assert desk.person.phone == NUMBER


def test_an_owner_cannot_remove_the_number_of_a_member(app, session):
    owner = member_who_can_sign_in("owner@acme.example", is_owner=True)
    member = member_who_can_sign_in(account=owner.account)
    with_phone(member.person, session)
    desk = seat(app, owner)
    assert desk.get(f"/members/{member.public_id}/remove-phone-number").status_code == 404
    assert phone_of(session) == (NUMBER, PhoneState.VERIFIED)


def test_the_demo_shows_its_messages_and_others_do_not(keep_app, make_app, session, tmp_path):
    assert keep_app().test_client().get("/demo/sms").status_code == 404
    demo = make_app(FOYER_ENV="demo", DATA_DIR=str(tmp_path))
    client = demo.test_client()
    assert "No message yet" in text_of(client.get("/demo/sms"))
    KeepsSms(tmp_path / "received-sms").send(Sms(NUMBER, "<b>123456</b> is your code"))
    page = text_of(client.get("/demo/sms"))
    assert "&lt;b&gt;123456&lt;/b&gt; is your code" in page
    assert "+1 202-555-0123" in page
