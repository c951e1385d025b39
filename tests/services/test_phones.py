"""Phone numbers: verified and released by codes, each counted, each once."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from domain.attempts import TooManyAttempts
from domain.refusals import Refusal
from extensions import cipher
from models import (
    AuditEvent,
    DeliveryState,
    NotificationChannel,
    NotificationDelivery,
    PhoneState,
    PhoneVerification,
    SignInAttempt,
)
from models.identity import PhoneVerificationPurpose
from services.people import NotWhileLoggedInAs
from services.phone_numbers import PhoneNotReadable, PhoneNotUsable, normalise_phone
from services.phones import (
    NoPhone,
    PhoneCodeNotRight,
    PhoneIsVerified,
    PhoneNotVerified,
    TooManyCodes,
    has_verified_phone,
    remove_phone,
    send_release_code,
    send_verification_code,
    use_phone_code,
    waiting_code,
)
from services.settings import change_setting
from services.sign_in import person_as_actor
from services.step_up import ProofNeeded
from services.unit_of_work import unit_of_work
from tests.factories.people import MemberFactory, StaffPersonFactory
from tests.support.door import BROWSER
from tests.support.together import all_at_once

NUMBER, OTHER = "+12025550123", "+4915112345678"
MINUTE, HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)


@pytest.fixture
def mia(session):
    return MemberFactory(account__country="US").person


def actor_of(person, now, **values):
    return replace(person_as_actor(person, BROWSER), proved_at=now, **values)


def send(person, number=NUMBER, *, now, **values):
    with unit_of_work():
        return send_verification_code(person, number, actor=actor_of(person, now, **values), now=now)


def send_to_old(person, *, now):
    with unit_of_work():
        return send_release_code(person, actor=actor_of(person, now), now=now)


def use(person, code, *, now, **values):
    return use_phone_code(person, code, actor=actor_of(person, now, **values), now=now)


def messages(session):
    sms = select(NotificationDelivery).where(NotificationDelivery.channel == NotificationChannel.SMS)
    return session.scalars(sms.order_by(NotificationDelivery.id)).all()


def code_sent(session):
    """The code in the newest message."""
    return messages(session)[-1].text.split("#")[-1]


def wrong(code):
    return f"{(int(code) + 1) % 1_000_000:06d}"


def verified(person, session, now, number=NUMBER):
    send(person, number, now=now)
    use(person, code_sent(session), now=now)
    return person


def set_to(key, value, staff, now):
    with unit_of_work():
        change_setting(key, str(value), actor=actor_of(staff, now), now=now)


def events(session):
    return session.scalars(select(AuditEvent.event).order_by(AuditEvent.id)).all()


def mails(session):
    mail = select(NotificationDelivery.event).where(NotificationDelivery.channel == NotificationChannel.EMAIL)
    return session.scalars(mail.order_by(NotificationDelivery.id)).all()


def test_a_new_number_is_not_verified_until_its_code_is_typed(session, now, mia):
    send(mia, "(202) 555-0123", now=now)
    assert (mia.phone, mia.phone_state) == (NUMBER, PhoneState.NOT_VERIFIED)
    assert not has_verified_phone(mia)
    assert use(mia, code_sent(session), now=now) is PhoneVerificationPurpose.VERIFY
    assert (mia.phone, mia.phone_state) == (NUMBER, PhoneState.VERIFIED)
    assert has_verified_phone(mia)
    assert events(session) == ["person.edited", "person.phone_verified"]
    assert mails(session) == ["phone_verified"]


def test_the_code_goes_to_the_number_through_the_outbox_and_is_a_secret(session, now, mia):
    row = send(mia, now=now)
    [sms] = messages(session)
    code = code_sent(session)
    assert (sms.address, sms.secret, sms.state, sms.person_id) == (NUMBER, True, DeliveryState.WAITING, mia.id)
    assert sms.text == f"Foyer: {code} is your code. It works for 10 minutes. Tell it to nobody.\n\n@localhost #{code}"
    assert sms.headers == {"not-after": row.expires_at.isoformat()}
    assert code not in sms.subject
    assert len(code) == 6


def test_only_a_keyed_hash_of_the_code_is_kept(session, now, mia):
    row, code = send(mia, now=now), code_sent(session)
    assert code not in row.code_hash
    made_of = f"phone code|{mia.id}|verify|{NUMBER}|{code}"
    assert row.code_hash == cipher.digest(made_of)
    assert len(row.code_hash) == 64


@pytest.mark.parametrize("way", ["{}", " {} ", "{:.3} {}"])
def test_a_code_may_be_typed_with_spaces(session, now, mia, way):
    send(mia, now=now)
    code = code_sent(session)
    use(mia, way.format(code, code[3:]) if "." in way else way.format(code), now=now)
    assert has_verified_phone(mia)


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "\x00" * 6, "1" * 5000])
def test_what_is_no_code_is_refused(session, now, mia, typed):
    send(mia, now=now)
    with pytest.raises(PhoneCodeNotRight):
        use(mia, typed, now=now)


def test_a_code_works_once(session, now, mia):
    send(mia, now=now)
    use(mia, code_sent(session), now=now)
    with pytest.raises(PhoneCodeNotRight):
        use(mia, code_sent(session), now=now)


def test_a_code_lives_as_long_as_the_setting_says(session, now, mia):
    set_to("sms_code_lifetime_minutes", 3, StaffPersonFactory(), now)
    send(mia, now=now)
    with pytest.raises(PhoneCodeNotRight):
        use(mia, code_sent(session), now=now + 3 * MINUTE)
    use(mia, code_sent(session), now=now + 3 * MINUTE - dt.timedelta(seconds=1))
    assert has_verified_phone(mia)


def test_a_newer_code_makes_the_older_one_worthless(session, now, mia):
    send(mia, now=now)
    older = code_sent(session)
    send(mia, now=now + MINUTE)
    newer = code_sent(session)
    if older != newer:
        with pytest.raises(PhoneCodeNotRight):
            use(mia, older, now=now + MINUTE)
    use(mia, newer, now=now + MINUTE)
    assert has_verified_phone(mia)


def test_an_older_code_that_still_waits_is_not_sent_any_more(session, now, mia):
    send(mia, now=now)
    send(mia, now=now + MINUTE)
    first, second = messages(session)
    session.refresh(first)
    assert (first.state, first.text, second.state) == (DeliveryState.CANCELLED, "", DeliveryState.WAITING)


def test_a_code_can_be_tried_as_often_as_the_setting_says(session, now, mia):
    set_to("sms_code_tries", 3, StaffPersonFactory(), now)
    send(mia, now=now)
    code = code_sent(session)
    for _try in range(3):
        with pytest.raises(PhoneCodeNotRight):
            use(mia, wrong(code), now=now)
    with pytest.raises(PhoneCodeNotRight):
        use(mia, code, now=now)
    assert not has_verified_phone(mia)


def test_tries_count_with_those_at_the_other_doors(session, now, mia):
    set_to("sms_code_tries", 10, StaffPersonFactory(), now)
    send(mia, now=now)
    code = code_sent(session)
    for _try in range(10):
        with pytest.raises(PhoneCodeNotRight):
            use(mia, wrong(code), now=now)
    with pytest.raises(TooManyAttempts):
        use(mia, code, now=now)


def test_of_eight_with_the_same_code_at_once_one_succeeds(session, now, mia):
    send(mia, now=now)
    code, person_id = code_sent(session), mia.id

    def one(_number):
        from extensions import db
        from models import Person

        return use(db.session.get(Person, person_id), code, now=now)

    outcomes = all_at_once(one, times=8)
    assert [each for each in outcomes if not isinstance(each, Refusal)] == [PhoneVerificationPurpose.VERIFY]
    assert events(session).count("person.phone_verified") == 1


def test_of_eight_wrong_codes_at_once_every_one_is_counted_and_five_are_looked_at(session, now, mia):
    send(mia, now=now)
    guess, person_id = wrong(code_sent(session)), mia.id

    def one(_number):
        from extensions import db
        from models import Person

        return use(db.session.get(Person, person_id), guess, now=now)

    assert all(isinstance(each, PhoneCodeNotRight) for each in all_at_once(one, times=8))
    assert session.scalar(select(PhoneVerification.tries)) == 5


def test_of_eight_wishes_for_a_code_at_once_one_is_sent(session, now, mia):
    person_id = mia.id

    def one(_number):
        from extensions import db
        from models import Person

        return send(db.session.get(Person, person_id), now=now)

    outcomes = all_at_once(one, times=8)
    assert sum(isinstance(each, TooManyCodes) for each in outcomes) == 7
    assert len(messages(session)) == 1


def test_there_is_a_pause_between_two_codes(session, now, mia):
    set_to("sms_pause_seconds", 90, StaffPersonFactory(), now)
    send(mia, now=now)
    with pytest.raises(TooManyCodes) as refused:
        send(mia, OTHER, now=now + dt.timedelta(seconds=30))
    assert refused.value.wait == dt.timedelta(seconds=60)
    assert "1 minute" in refused.value.message
    send(mia, OTHER, now=now + dt.timedelta(seconds=90))
    assert mia.phone == OTHER


def test_a_person_gets_so_many_codes_a_day(session, now, mia):
    set_to("sms_codes_per_day", 3, StaffPersonFactory(), now)
    numbers = [f"+1202555010{last}" for last in range(4)]
    for hour in range(3):
        send(mia, numbers[hour], now=now + hour * HOUR)
    with pytest.raises(TooManyCodes, match="today"):
        send(mia, numbers[3], now=now + 23 * HOUR)
    send(mia, numbers[3], now=now + 24 * HOUR)
    assert len(messages(session)) == 4


def test_a_number_gets_so_many_codes_a_day_whoever_asks(session, now):
    set_to("sms_codes_per_day", 2, StaffPersonFactory(), now)
    first, second, third = (MemberFactory().person for _ in range(3))
    send(first, now=now)
    with pytest.raises(TooManyCodes):  # the pause holds for the number as well
        send(second, now=now + MINUTE / 2)
    send(second, now=now + MINUTE)
    with pytest.raises(TooManyCodes, match="today"):
        send(third, now=now + 2 * MINUTE)
    send(third, OTHER, now=now + 2 * MINUTE)


def test_a_place_gets_four_times_as_many_codes_a_day(session, now):
    set_to("sms_codes_per_day", 1, StaffPersonFactory(), now)
    for last in range(4):
        send(MemberFactory().person, f"+1202555010{last}", now=now)
    late = MemberFactory().person
    with pytest.raises(TooManyCodes, match="today"):
        send(late, "+12025550109", now=now)
    send(late, "+12025550109", now=now, ip="198.51.100.7")


def test_a_refused_wish_for_a_code_changes_nothing(session, now, mia):
    send(mia, now=now)
    with pytest.raises(TooManyCodes):
        send(mia, OTHER, now=now)
    assert mia.phone == NUMBER
    assert waiting_code(mia, now=now).phone == NUMBER
    assert session.scalar(select(func.count()).select_from(PhoneVerification)) == 1
    assert session.scalar(select(func.count()).select_from(SignInAttempt)) == 1


def test_a_verified_number_is_not_replaced_without_its_code(session, now, mia):
    verified(mia, session, now)
    with pytest.raises(PhoneIsVerified):
        send(mia, OTHER, now=now + HOUR)
    assert mia.phone == NUMBER


def test_a_code_to_the_old_number_clears_it_and_a_new_one_can_be_verified(session, now, mia):
    verified(mia, session, now)
    send_to_old(mia, now=now + HOUR)
    assert messages(session)[-1].address == NUMBER
    assert has_verified_phone(mia)  # until the code is typed
    assert use(mia, code_sent(session), now=now + HOUR) is PhoneVerificationPurpose.RELEASE
    assert (mia.phone, mia.phone_state) == (None, PhoneState.NOT_VERIFIED)
    verified(mia, session, now + 2 * HOUR, OTHER)
    assert (mia.phone, mia.phone_state) == (OTHER, PhoneState.VERIFIED)
    assert events(session)[-3:] == ["person.phone_removed", "person.edited", "person.phone_verified"]
    assert "phone_removed" in mails(session)


def test_a_number_that_is_not_verified_needs_no_release(session, now, mia):
    with pytest.raises(PhoneNotVerified):
        send_to_old(mia, now=now)
    send(mia, now=now)
    with pytest.raises(PhoneNotVerified):
        send_to_old(mia, now=now + HOUR)


def test_a_code_does_not_verify_a_number_it_was_not_sent_to(session, now, mia):
    send(mia, now=now)
    mia.phone = OTHER
    session.commit()
    with pytest.raises(PhoneCodeNotRight):
        use(mia, code_sent(session), now=now)
    assert not has_verified_phone(mia)


def test_the_code_of_another_person_is_worth_nothing(session, now, mia):
    eve = MemberFactory().person
    send(mia, now=now)
    code = code_sent(session)
    send(eve, OTHER, now=now + MINUTE)
    if code != code_sent(session):
        with pytest.raises(PhoneCodeNotRight):
            use(eve, code, now=now + MINUTE)


def test_two_people_may_have_the_same_number(session, now, mia):
    verified(mia, session, now)
    assert has_verified_phone(verified(MemberFactory().person, session, now + HOUR))


def test_staff_remove_a_number_nobody_can_get_a_code_at(session, now, mia):
    verified(mia, session, now)
    send_to_old(mia, now=now + HOUR)
    code, staff = code_sent(session), StaffPersonFactory()
    with unit_of_work():
        remove_phone(mia, actor=actor_of(staff, now), now=now)
    assert (mia.phone, mia.phone_state) == (None, PhoneState.NOT_VERIFIED)
    assert events(session)[-1] == "person.phone_removed"
    assert mails(session)[-1] == "phone_removed"
    with pytest.raises(PhoneCodeNotRight):
        use(mia, code, now=now + HOUR)


def test_there_is_nothing_to_remove_without_a_number(session, now, mia):
    with pytest.raises(NoPhone):
        remove_phone(mia, actor=actor_of(StaffPersonFactory(), now), now=now)


def test_a_new_number_and_its_removal_want_a_recent_proof(session, now, mia):
    stale = replace(actor_of(mia, now), proved_at=now - 16 * MINUTE)
    for act in (
        lambda: send_verification_code(mia, NUMBER, actor=stale, now=now),
        lambda: remove_phone(mia, actor=stale, now=now),
    ):
        with pytest.raises(ProofNeeded):
            act()


def test_whoever_is_logged_in_as_a_member_cannot_touch_the_number(session, now, mia):
    actor = actor_of(StaffPersonFactory(), now, on_behalf_of_id=mia.id)
    for act in (
        lambda: send_verification_code(mia, NUMBER, actor=actor, now=now),
        lambda: send_release_code(mia, actor=actor, now=now),
        lambda: use_phone_code(mia, "123456", actor=actor, now=now),
        lambda: remove_phone(mia, actor=actor, now=now),
    ):
        with pytest.raises(NotWhileLoggedInAs):
            act()


@pytest.mark.parametrize(
    ("typed", "country", "kept"),
    [
        ("+1 (202) 555-0123", None, NUMBER),
        ("202 555 0123", "US", NUMBER),
        ("0151/12345678", "DE", OTHER),
        ("+49 (0) 151 – 123 456 78", None, OTHER),
        ("＋49 151 12345678", None, OTHER),
    ],
)
def test_a_number_is_kept_in_one_form(typed, country, kept):
    assert normalise_phone(typed, country) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "110",
        "202 555 0123",  # no country
        "1-800-FLOWERS",
        "+12025550123, +12025550124",
        "+12025550123;+12025550124",
        "+12025550123 / +12025550124",
        "+12025550123\r\n+12025550124",
        "+12025550123\n",
        "+12025550123\x00",
        "+1 202 555 0123 x5",
        "+1 202 555 0123 (202) 555 0124",
        "+" * 30,
        "+1" + "2" * 5000,
        "tel:+12025550123",
    ],
)
def test_what_is_not_one_number_is_refused(typed):
    with pytest.raises(PhoneNotReadable):
        normalise_phone(typed, None)


@pytest.mark.parametrize("typed", ["+1 900 555 1234", "+447000000000", "+1 800 555 0123", "+442079460000"])
def test_premium_personal_free_and_landline_numbers_get_no_codes(typed):
    with pytest.raises(PhoneNotUsable):
        normalise_phone(typed, None)
