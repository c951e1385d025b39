"""Who is told what, over which channel and when: choices, quiet hours, roles, and the link that stops mails."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from domain.actor import Actor, Source
from domain.permissions import SEAT_GRANTS, MemberRole, P, grants_of_member
from models import (
    AuditEvent,
    Notification,
    NotificationChannel,
    NotificationDelivery,
    NotificationKind,
    NotificationRead,
    PhoneState,
)
from services.audit import write_waiting_events
from services.choosing_notifications import (
    QuietHoursAllDay,
    QuietHoursIncomplete,
    UnsubscribeLinkNotValid,
    choose_notifications,
    person_of_link,
    unsubscribe,
)
from services.counters import waiting_for_member
from services.notices import (
    MOST_COUNTED,
    NEW_FOR,
    Reader,
    find_notice,
    latest_notices,
    mark_all_read,
    mark_read,
)
from services.notification_choices import choices_of
from services.notifications import people_with, tell, tell_account
from services.unsubscribing import unsubscribe_links
from tests.factories.activity import NotificationFactory
from tests.factories.people import AccountFactory, MemberFactory, MemberRoleGrantFactory, OwnerFactory, PersonFactory

MIA = Actor("Mia", Source.PORTAL)
EMAIL, SMS, PORTAL = NotificationChannel.EMAIL, NotificationChannel.SMS, NotificationChannel.PORTAL
INVOICES, SECURITY, NEWS = NotificationKind.INVOICES, NotificationKind.SECURITY, NotificationKind.NEWSLETTERS


def count_unread(reader: Reader, *, now: dt.datetime) -> int:
    return waiting_for_member(reader, member_id=None, tickets=False, chats=False, now=now).notices


def choose(person, now, wanted=None, quiet_from=None, quiet_until=None):
    return choose_notifications(
        person, wanted or {}, quiet_from=quiet_from, quiet_until=quiet_until, actor=MIA, now=now
    )


def told(session):
    return session.scalars(select(NotificationDelivery).order_by(NotificationDelivery.id)).all()


# Choices


def test_without_a_choice_everything_but_newsletters_is_mailed(session):
    chosen = choices_of(PersonFactory().id)
    assert {kind for kind in NotificationKind if not chosen[kind, EMAIL]} == {NEWS}
    assert all(chosen[kind, PORTAL] for kind in NotificationKind)
    assert not any(chosen[kind, SMS] for kind in NotificationKind)


def test_what_is_switched_off_is_still_read_in_the_portal(session, now):
    member = MemberFactory()
    choose(member.person, now, {(INVOICES, EMAIL): False})
    assert tell(member.person, "password_changed", now=now, kind=INVOICES) is None
    assert [notice.person_id for notice in session.scalars(select(Notification))] == [member.person_id]
    assert told(session) == []


def test_security_cannot_be_switched_off(session, now):
    person = MemberFactory().person
    choose(person, now, {(SECURITY, EMAIL): False, (SECURITY, PORTAL): False})
    assert choices_of(person.id)[SECURITY, EMAIL]
    assert tell(person, "password_changed", now=now) is not None


def test_a_choice_is_audited(session, now):
    person = MemberFactory().person
    choose(person, now, {(NEWS, EMAIL): True}, dt.time(22), dt.time(7))
    write_waiting_events()
    event = session.scalars(select(AuditEvent).where(AuditEvent.event == "person.notifications_chosen")).one()
    assert "newsletters:email" in event.after["wanted"]
    assert event.after["quiet_from"] == "22:00"


def test_another_channel_gets_the_subject_to_a_verified_phone_only(session, now):
    person = MemberFactory(person__phone="+12025550123", person__phone_state=PhoneState.VERIFIED).person
    choose(person, now, {(INVOICES, SMS): True})
    tell(person, "password_changed", now=now, kind=INVOICES)
    assert [(one.channel, one.address) for one in told(session)] == [(EMAIL, person.email), (SMS, "+12025550123")]
    assert told(session)[1].text == told(session)[1].subject
    person.phone_state = PhoneState.NOT_VERIFIED
    tell(person, "password_changed", now=now, kind=INVOICES)
    assert [one.channel for one in told(session)] == [EMAIL, SMS, EMAIL]


def test_secrets_go_by_mail_only(session, now):
    person = MemberFactory(person__phone="+12025550123", person__phone_state=PhoneState.VERIFIED).person
    choose(person, now, {(INVOICES, SMS): True})
    tell(person, "password_changed", now=now, kind=INVOICES, secret=True)
    assert [one.channel for one in told(session)] == [EMAIL]
    assert session.scalars(select(Notification.body)).one() == ""


# Quiet hours


@pytest.mark.parametrize(
    ("zone", "start", "end", "waits_until"),
    [
        ("UTC", dt.time(9), dt.time(10), "2026-05-15T10:00"),
        ("UTC", dt.time(22), dt.time(7), None),
        ("UTC", dt.time(22), dt.time(9, 31), "2026-05-15T09:31"),
        ("UTC", dt.time(9, 30), dt.time(9, 0), "2026-05-16T09:00"),
        ("Asia/Tokyo", dt.time(18), dt.time(8), "2026-05-15T23:00"),
        ("America/New_York", dt.time(22), dt.time(6), "2026-05-15T10:00"),
        ("nowhere", dt.time(9), dt.time(10), "2026-05-15T10:00"),
    ],
)
def test_mails_wait_for_the_end_of_the_quiet_hours_on_the_persons_clock(session, now, zone, start, end, waits_until):
    person = MemberFactory(person__time_zone=zone).person
    choose(person, now, quiet_from=start, quiet_until=end)
    tell(person, "password_changed", now=now, kind=INVOICES)
    expected = dt.datetime.fromisoformat(waits_until).replace(tzinfo=dt.UTC) if waits_until else now
    assert told(session)[0].next_try_at == expected


def test_security_does_not_wait(session, now):
    person = MemberFactory().person
    choose(person, now, quiet_from=dt.time(9), quiet_until=dt.time(10))
    tell(person, "password_changed", now=now)
    assert told(session)[0].next_try_at == now


@pytest.mark.parametrize(
    ("start", "end", "refusal"),
    [
        (dt.time(9), None, QuietHoursIncomplete),
        (None, dt.time(9), QuietHoursIncomplete),
        (dt.time(9), dt.time(9), QuietHoursAllDay),
    ],
)
def test_half_or_whole_days_of_quiet_are_refused(session, now, start, end, refusal):
    with pytest.raises(refusal):
        choose(MemberFactory().person, now, quiet_from=start, quiet_until=end)


# Everybody whose roles cover it


@pytest.fixture
def acme(session):
    account = AccountFactory()
    people = {"owner": OwnerFactory(account=account)}
    for name, role in (("billing", MemberRole.BILLING), ("tickets", MemberRole.TICKETS)):
        people[name] = MemberFactory(account=account)
        MemberRoleGrantFactory(member=people[name], role=role)
    gone = MemberFactory(account=account, status="disabled")
    MemberRoleGrantFactory(member=gone, role=MemberRole.BILLING)
    elsewhere = MemberFactory()
    MemberRoleGrantFactory(member=elsewhere, role=MemberRole.BILLING)
    people["none"] = MemberFactory(account=account)
    return account, people


def test_an_account_is_told_once_and_mailed_to_those_whose_roles_cover_it(session, now, acme):
    account, people = acme
    choose(people["owner"].person, now, {(INVOICES, EMAIL): False})
    notice = tell_account(account.id, P.INVOICES_READ, "password_changed", now=now, kind=INVOICES)
    assert (notice.person_id, notice.permission, notice.account_id) == (None, "invoices:read", account.id)
    assert [one.person_id for one in told(session)] == [people["billing"].person_id]
    assert account.name in notice.body
    assert "unsubscribe" not in notice.body
    assert "unsubscribe" in told(session)[0].text


def test_a_permission_of_every_seat_reaches_every_seat(session, acme):
    account, people = acme
    everybody = {member.person_id for member in people.values()}
    assert {person.id for person in people_with(account.id, P.NOTIFICATIONS_READ)} == everybody


def test_an_account_is_told_the_same_once(session, now, acme):
    account, _people = acme
    for _time in range(2):
        tell_account(
            account.id, P.INVOICES_READ, "password_changed", now=now, kind=INVOICES, unique_key="overdue:INV-1:7"
        )
    assert len(session.scalars(select(Notification)).all()) == 1
    assert len(told(session)) == 2


# Reading


def reader_for(member, *roles):
    return Reader(member.person_id, member.account_id, grants_of_member(roles))


def test_a_member_sees_their_own_and_what_their_roles_cover(session, now, acme):
    account, people = acme
    mine = NotificationFactory(account=account, person=people["billing"].person, title="mine")
    owners = NotificationFactory(account=account, person=people["owner"].person, title="the owner's")
    bills = NotificationFactory(account=account, person=None, permission="invoices:read", title="bills")
    NotificationFactory(account=account, person=None, permission="tickets:read", title="tickets")
    NotificationFactory(person=people["billing"].person, title="in another account")
    billing = reader_for(people["billing"], MemberRole.BILLING)
    assert {notice.title for notice, _read in latest_notices(billing, limit=50, now=now)} == {"mine", "bills"}
    assert find_notice(billing, owners.public_id) is None
    owner = reader_for(people["owner"], MemberRole.OWNER)
    assert {notice.title for notice, _read in latest_notices(owner, limit=50, now=now)} == {
        "the owner's",
        "bills",
        "tickets",
    }
    assert find_notice(owner, mine.public_id) is None
    assert find_notice(billing, bills.public_id) is bills


def test_who_uses_somebody_elses_seat_sees_nothing_personal(session, now, acme):
    account, people = acme
    NotificationFactory(account=account, person=people["owner"].person)
    NotificationFactory(account=account, person=None, permission="invoices:read", title="bills")
    visitor = Reader(None, account.id, grants_of_member([MemberRole.OWNER]))
    assert [notice.title for notice, _read in latest_notices(visitor, limit=50, now=now)] == ["bills"]


def test_what_is_read_is_new_no_more_to_that_person_alone(session, now, acme):
    account, people = acme
    notice = NotificationFactory(account=account, person=None, permission="invoices:read", created_at=now)
    billing, owner = reader_for(people["billing"], MemberRole.BILLING), reader_for(people["owner"], MemberRole.OWNER)
    for _time in range(2):
        mark_read([notice.id], actor=Actor("B", Source.PORTAL, person_id=billing.person_id), now=now)
    assert (count_unread(billing, now=now), count_unread(owner, now=now)) == (0, 1)
    assert len(session.scalars(select(NotificationRead)).all()) == 1


def test_all_that_is_new_is_marked_at_once(session, now, acme):
    account, people = acme
    for _number in range(3):
        NotificationFactory(account=account, person=None, permission="invoices:read", created_at=now)
    NotificationFactory(account=account, person=people["owner"].person, created_at=now)
    billing = reader_for(people["billing"], MemberRole.BILLING)
    actor = Actor("B", Source.PORTAL, person_id=billing.person_id)
    assert mark_all_read(billing, actor=actor, now=now) == 3
    assert mark_all_read(billing, actor=actor, now=now) == 0
    assert count_unread(billing, now=now) == 0


def test_counting_ends_at_a_hundred_and_after_ninety_days(session, now, acme):
    account, people = acme
    person = people["none"].person
    old = now - NEW_FOR - dt.timedelta(seconds=1)
    NotificationFactory(account=account, person=person, created_at=old)
    reader = reader_for(people["none"])
    assert count_unread(reader, now=now) == 0
    assert [new for _notice, new in latest_notices(reader, limit=50, now=now)] == [False]
    for _number in range(MOST_COUNTED + 5):
        NotificationFactory(account=account, person=person, created_at=now)
    assert count_unread(reader, now=now) == MOST_COUNTED
    assert reader.grants == SEAT_GRANTS


# The link that stops mails


def test_mails_that_may_be_switched_off_carry_a_link_that_does_it(session, now):
    person = MemberFactory().person
    mail = tell(person, "password_changed", now=now, kind=INVOICES)
    url = mail.headers["List-Unsubscribe"].strip("<>")
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert url in mail.text
    assert url in mail.html
    assert person_of_link(url.rpartition("/")[2]) == (person, INVOICES)


def test_who_unsubscribed_gets_no_such_mails_however_often_they_did(session, now):
    person = MemberFactory().person
    for _time in range(2):
        unsubscribe(person, INVOICES, actor=MIA, now=now)
        assert tell(person, "password_changed", now=now, kind=INVOICES) is None


def test_security_mails_carry_no_such_link(session, now):
    mail = tell(MemberFactory().person, "password_changed", now=now)
    assert mail.headers == {}
    assert "unsubscribe" not in mail.text


@pytest.mark.parametrize("token", ["", "x", "WyJhIiwiYiJd.aaaa", "x" * 500, "é"])
def test_a_token_we_did_not_make_is_nobodys(session, token):
    with pytest.raises(UnsubscribeLinkNotValid):
        person_of_link(token)


def test_a_link_stops_no_security_mails(session):
    person = MemberFactory().person
    token = unsubscribe_links.url(person, SECURITY).rpartition("/")[2]
    with pytest.raises(UnsubscribeLinkNotValid):
        person_of_link(token)
