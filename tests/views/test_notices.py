"""The bell, the page behind it and the list: what somebody was told is theirs to read, and nobody else's."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from flask import Flask

from domain.permissions import MemberRole, StaffRole
from models import (
    DeliveryState,
    Member,
    Notification,
    NotificationDelivery,
    NotificationKind,
    NotificationPreference,
    NotificationRead,
    SignInSession,
    StaffMember,
)
from services.notifications import queue_mail, tell
from tests.factories.activity import NotificationDeliveryFactory, NotificationFactory
from tests.factories.people import AccountFactory, LoginAsSessionFactory, MemberFactory
from tests.support.desk import Desk, member_desk, staff_desk


@pytest.fixture
def acme(session):
    return AccountFactory(client_id="20777", name="Acme Telecom")


@pytest.fixture
def owner(app: Flask, acme) -> Desk:
    return member_desk(app, acme, MemberRole.OWNER)


@pytest.fixture
def mia(app: Flask, acme) -> Desk:
    return member_desk(app, acme, MemberRole.BILLING)


@pytest.fixture
def notices(acme, owner, mia, session):
    """One for each of them, one for who reads invoices, one for who reads tickets, one in another account."""
    lately = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    made = {
        "mia": NotificationFactory(account=acme, person=mia.person, title="Told to Mia", created_at=lately),
        "owner": NotificationFactory(account=acme, person=owner.person, title="Told to the owner", created_at=lately),
        "bills": NotificationFactory(
            account=acme, person=None, permission="invoices:read", title="About bills", created_at=lately
        ),
        "tickets": NotificationFactory(
            account=acme, person=None, permission="tickets:read", title="About tickets", created_at=lately
        ),
        "elsewhere": NotificationFactory(person=None, permission="invoices:read", title="Of others"),
    }
    session.commit()
    return made


TITLES = ("Told to Mia", "Told to the owner", "About bills", "About tickets", "Of others")


def titles_in(answer) -> set[str]:
    text = answer.get_data(as_text=True)
    return {title for title in TITLES if title in text}


def unread_of(desk: Desk) -> int:
    return desk.get("/counters/").json["bell"]["number"]


@pytest.mark.parametrize("path", ["/inbox/", "/notifications/", "/notifications/export.csv"])
def test_each_member_reads_their_own_and_what_their_roles_cover(mia, owner, notices, path):
    assert titles_in(mia.get(path)) == {"Told to Mia", "About bills"}
    assert titles_in(owner.get(path)) == {"Told to the owner", "About bills", "About tickets"}


def test_a_member_without_a_role_reads_what_was_told_to_them(app, acme, notices, session):
    nobody = member_desk(app, acme)
    NotificationFactory(account=acme, person=nobody.person, title="Told to Mia")
    session.commit()
    assert titles_in(nobody.get("/inbox/")) == {"Told to Mia"}
    assert titles_in(nobody.get("/notifications/")) == {"Told to Mia"}


def test_the_count_and_the_search_know_nothing_of_the_others(mia, notices):
    assert mia.get("/notifications/count").json == {"text": "2"}
    assert titles_in(mia.get("/notifications/?q=Told")) == {"Told to Mia"}
    assert titles_in(mia.get("/notifications/?q=owner")) == set()


@pytest.mark.parametrize("whose", ["owner", "tickets", "elsewhere"])
@pytest.mark.parametrize("path", ["/inbox/{}", "/notifications/{}"])
def test_what_is_told_to_others_is_not_there(mia, notices, session, path, whose):
    answer = mia.get(path.format(notices[whose].public_id))
    assert answer.status_code == 404
    assert session.query(NotificationRead).all() == []


@pytest.mark.parametrize("path", ["/inbox/{}", "/notifications/{}"])
def test_reading_marks_as_read(mia, notices, path):
    assert unread_of(mia) == 2
    assert mia.get(path.format(notices["mia"].public_id)).status_code == 200
    assert unread_of(mia) == 1


def test_all_are_marked_as_read_for_oneself_alone(mia, owner, notices):
    answer = mia.post("/inbox/read")
    assert "Everything is marked as read." in mia.flashed(answer)
    assert (unread_of(mia), unread_of(owner)) == (0, 3)


def test_marking_needs_our_form(mia, notices):
    assert mia.client.post(f"{mia.base}/inbox/read").status_code == 400
    assert unread_of(mia) == 2


def test_unread_is_said_in_words(mia, notices):
    page = mia.get("/inbox/").get_data(as_text=True)
    assert page.count(">Unread</span>") == 2
    assert 'aria-label="2 unread notifications"' in page
    mia.get(f"/inbox/{notices['mia'].public_id}")
    page = mia.get("/inbox/").get_data(as_text=True)
    assert page.count(">Unread</span>") == 1
    assert 'aria-label="1 unread notification"' in page


def test_the_bell_ends_at_ninety_nine(mia, acme, session):
    for _number in range(101):
        NotificationFactory(account=acme, person=mia.person, created_at=dt.datetime.now(dt.UTC))
    session.commit()
    assert mia.get("/counters/").json["bell"]["text"] == "99+"


def test_the_number_is_not_sent_again_while_it_stays(mia, notices):
    first = mia.get("/counters/")
    assert (first.status_code, first.json["bell"]["text"]) == (200, "2")
    etag = {"If-None-Match": first.headers["ETag"]}
    assert mia.get("/counters/", headers=etag).status_code == 304
    mia.post("/inbox/read")
    assert mia.get("/counters/", headers=etag).status_code == 200


def test_asking_for_the_number_keeps_no_session_awake(mia, notices, session):
    row = session.query(SignInSession).filter_by(person_id=mia.person.id).one()
    row.last_seen_at = before = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    session.commit()
    assert mia.get("/counters/").status_code == 200
    session.refresh(row)
    assert row.last_seen_at == before
    mia.get("/inbox/")
    session.refresh(row)
    assert row.last_seen_at > before


def test_strangers_find_no_bell(app, notices, client):
    stranger = member_desk(app, AccountFactory())
    for path in ("/inbox/", "/counters/", f"/inbox/{notices['bills'].public_id}"):
        assert stranger.client.get(f"/portal/20777{path}").status_code == 404
        assert client.get(f"/portal/20777{path}").status_code == 303


def test_staff_who_use_a_seat_read_nothing_personal(app, owner, notices, session):
    clerk = staff_desk(app)
    staff = session.query(StaffMember).filter_by(person_id=clerk.person.id).one()
    member = session.query(Member).filter_by(person_id=owner.person.id).one()
    row = session.query(SignInSession).filter_by(person_id=clerk.person.id).one()
    now = dt.datetime.now(dt.UTC)
    LoginAsSessionFactory(
        staff_member=staff,
        member=member,
        sign_in_session=row,
        expires_at=now + dt.timedelta(hours=1),
    )
    session.commit()
    page = clerk.client.get("/portal/20777/inbox/")
    assert titles_in(page) == {"About bills", "About tickets"}
    assert titles_in(clerk.client.get("/portal/20777/notifications/")) == {"About bills", "About tickets"}
    clerk.client.get(f"/portal/20777/inbox/{notices['bills'].public_id}")
    assert session.query(NotificationRead).all() == []


def test_staff_ring_for_what_was_told_to_themselves(app, session, notices):
    agent = staff_desk(app, StaffRole.SUPPORT_AGENT)
    queue_mail(agent.person, "test", "Told to Mia", "…", now=dt.datetime.now(dt.UTC))
    session.commit()
    assert titles_in(agent.get("/inbox/")) == {"Told to Mia"}
    assert agent.get("/counters/").json["bell"]["text"] == "1"


def test_staff_with_the_permission_see_all_that_was_told(app, session, notices):
    assert titles_in(staff_desk(app).get("/notifications/")) == set(TITLES)
    assert staff_desk(app, StaffRole.SUPPORT_AGENT).get("/notifications/").status_code == 403


# Deliveries


def test_staff_see_deliveries_without_their_texts(app, session):
    mail = NotificationDeliveryFactory(
        text="the secret link", html="<p>the secret link</p>", subject="Set a password", secret=True, error="451 busy"
    )
    session.commit()
    clerk = staff_desk(app)
    for path in ("/deliveries/", f"/deliveries/{mail.public_id}", "/deliveries/export.csv"):
        page = clerk.get(path).get_data(as_text=True)
        assert "Set a password" in page
        assert "the secret link" not in page
    assert "451 busy" in clerk.get(f"/deliveries/{mail.public_id}").get_data(as_text=True)


def test_a_failed_delivery_is_retried_by_who_may(app, session):
    mail = NotificationDeliveryFactory(state=DeliveryState.FAILED, next_try_at=None)
    session.commit()
    path = f"/deliveries/{mail.public_id}/retry"
    assert staff_desk(app, StaffRole.AUDITOR).get(path).status_code == 403
    answer = staff_desk(app).confirm(path)
    assert answer.status_code == 303
    assert session.get(NotificationDelivery, mail.id, populate_existing=True).state is DeliveryState.WAITING


def test_members_find_no_deliveries(owner, session):
    assert owner.get("/deliveries/").status_code == 404


# Own choices, and the link in a mail


def test_choices_are_kept_and_shown_again(mia, session):
    page = mia.client.get("/settings/notifications").get_data(as_text=True)
    assert re.search(r'<input[^>]*checked[^>]*name="invoices_email"', page)
    data = {"csrf_token": mia.token, "newsletters_email": "y", "quiet_from": "22:00", "quiet_until": "07:00"}
    assert mia.client.post("/settings/notifications", data=data).status_code == 303
    page = mia.client.get("/settings/notifications").get_data(as_text=True)
    assert not re.search(r'<input[^>]*checked[^>]*name="invoices_email"', page)
    assert re.search(r'<input[^>]*checked[^>]*name="newsletters_email"', page)
    assert 'value="22:00"' in page
    assert 'name="security_email"' not in page


def test_half_a_night_is_refused_and_kept_in_the_form(mia, session):
    data = {"csrf_token": mia.token, "quiet_from": "22:00", "newsletters_email": "y"}
    answer = mia.client.post("/settings/notifications", data=data)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Enter when the quiet hours begin and when they end" in page
    assert 'value="22:00"' in page
    assert re.search(r'<input[^>]*checked[^>]*name="newsletters_email"', page)


@pytest.fixture
def stop_link(session, now):
    mail = tell(MemberFactory().person, "password_changed", now=now, kind=NotificationKind.INVOICES)
    session.commit()
    return mail.headers["List-Unsubscribe"].strip("<>").removeprefix("http://localhost")


def chosen(session):
    return [(row.kind, row.enabled) for row in session.query(NotificationPreference)]


def test_opening_the_link_asks_and_changes_nothing(client, session, stop_link):
    answer = client.get(stop_link)
    assert "Stop mails about “Invoices”?" in answer.get_data(as_text=True)
    assert chosen(session) == []


def test_one_click_of_a_mail_program_stops_them_without_a_session(client, session, stop_link):
    answer = client.post(stop_link, data={"List-Unsubscribe": "One-Click"})
    assert (answer.status_code, answer.data) == (204, b"")
    assert chosen(session) == [("invoices", False)]


def test_the_page_stops_them_too(client, session, stop_link):
    assert "Mails are stopped" in client.post(stop_link).get_data(as_text=True)
    assert chosen(session) == [("invoices", False)]


def test_a_changed_link_stops_nothing(client, session, stop_link):
    for link in (f"{stop_link}x", "/unsubscribe/x", "/unsubscribe/%00"):
        assert client.get(link).status_code == 404
        assert client.post(link, data={"List-Unsubscribe": "One-Click"}).status_code == 404
    assert chosen(session) == []


def test_notices_hold_no_text_that_is_secret(session, now):
    queue_mail(MemberFactory().person, "reset_link", "Reset", "the secret link", now=now, secret=True)
    assert session.query(Notification).one().body == ""
