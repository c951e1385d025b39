"""The desk for mails that came in, and their counter on the first page of the staff."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from domain.permissions import StaffRole
from extensions import db
from models import InboundMail, InboundOutcome, StaffMember
from services.incoming import receive_mail
from tests.factories.people import StaffDepartmentFactory
from tests.factories.support import InboundDayFactory, InboundMailFactory, MessageFactory
from tests.support.desk import Desk, staff_desk
from tests.support.mails import a_mail, raw
from tests.support.mails.house import MailHouse, build_house


@pytest.fixture
def house(app, session) -> MailHouse:
    return build_house()


@pytest.fixture
def held(house, session, now) -> InboundMail:
    mail = a_mail(house.corpus.stranger, house.corpus.reply, "Please read", "See <b>this</b> and the file.")
    mail.add_attachment(b"x" * 10, maintype="text", subtype="x-log", filename="trace.log")
    found = receive_mail(mail.as_bytes(), recipient=house.corpus.reply, sender=None, now=now)
    session.commit()
    return found


def agent_of(app, house: MailHouse) -> Desk:
    """An agent of the department that the house's tickets stand in."""
    desk = staff_desk(app, StaffRole.SUPPORT_AGENT)
    staff_member = db.session.scalars(select(StaffMember).where(StaffMember.person_id == desk.person.id)).one()
    StaffDepartmentFactory(staff_member=staff_member, department=house.department)
    return desk


def test_a_held_mail_is_read_before_it_is_decided(app, house, held):
    page = agent_of(app, house).get(f"/inbound-mails/{held.public_id}").get_data(as_text=True)
    assert "See &lt;b&gt;this&lt;/b&gt; and the file." in page
    assert "trace.log (10 bytes)" in page
    assert "its sender takes no part in it" in page


def test_what_a_mail_says_is_never_markup(app, house, session, now):
    evil = raw("From: x@y.example", "Content-Type: text/html", body="<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>")
    mail = receive_mail(evil, recipient=house.corpus.support, sender=None, now=now)
    session.commit()
    page = agent_of(app, house).get(f"/inbound-mails/{mail.public_id}").get_data(as_text=True)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_the_form_proposes_the_ticket_and_lets_the_mail_in(app, house, held, session):
    desk = agent_of(app, house)
    path = f"/inbound-mails/{held.public_id}/let-in"
    assert f'value="{house.ticket.number}"' in desk.get(path).get_data(as_text=True)
    assert "It is an answer in the ticket." in desk.flashed(desk.confirm(path))
    assert session.get(InboundMail, held.id, populate_existing=True).outcome is InboundOutcome.REPLY


def test_a_place_that_there_is_not_is_said_on_the_form(app, house, held, session):
    answer = agent_of(app, house).confirm(f"/inbound-mails/{held.public_id}/let-in", ticket="T-NONE")
    assert answer.status_code == 409
    assert "There is no ticket of this number" in answer.get_data(as_text=True)
    assert session.get(InboundMail, held.id, populate_existing=True).outcome is InboundOutcome.HELD


def test_a_mail_is_rejected_and_is_no_longer_to_be_decided(app, house, held, session):
    desk = agent_of(app, house)
    assert "The mail is rejected." in desk.flashed(desk.confirm(f"/inbound-mails/{held.public_id}/reject"))
    assert session.get(InboundMail, held.id, populate_existing=True).outcome is InboundOutcome.REJECTED
    assert desk.get(f"/inbound-mails/{held.public_id}/let-in").status_code == 409


@pytest.mark.parametrize(
    ("role", "reads", "decides"),
    [
        (StaffRole.ADMINISTRATOR, 200, 200),
        (StaffRole.SUPPORT_AGENT, 200, 200),
        (StaffRole.AUDITOR, 200, 403),
        (StaffRole.BILLING, 403, 403),
        (StaffRole.SALES, 403, 403),
    ],
)
def test_each_role_reads_and_decides_what_it_may(app, house, held, role, reads, decides):
    desk = staff_desk(app, role)
    assert desk.get("/inbound-mails/").status_code == reads
    assert desk.get(f"/inbound-mails/{held.public_id}/let-in").status_code == decides
    assert ("Mails held" in desk.get("/").get_data(as_text=True)) == (reads == 200)


def test_an_agent_does_not_see_mails_in_tickets_of_other_departments(app, house, session):
    taken = MessageFactory(discussion=house.discussion)
    mail = InboundMailFactory(outcome=InboundOutcome.REPLY, message=taken, subject="Of another department")
    session.commit()
    stranger = staff_desk(app, StaffRole.SUPPORT_AGENT)
    assert stranger.get(f"/inbound-mails/{mail.public_id}").status_code == 404
    assert "Of another department" not in stranger.get("/inbound-mails/").get_data(as_text=True)
    assert agent_of(app, house).get(f"/inbound-mails/{mail.public_id}").status_code == 200


def test_the_first_page_shows_a_sum_that_adds_up(app, session):
    today = dt.datetime.now(dt.UTC).date()
    InboundDayFactory(day=today, received=10, replies=4, new_tickets=3, held=2, rejected=1)
    long_ago = dt.datetime.now(dt.UTC) - dt.timedelta(days=30)
    for _number in range(7):
        InboundMailFactory(outcome=InboundOutcome.HELD, received_at=long_ago)
    session.commit()
    page = " ".join(staff_desk(app).get("/").get_data(as_text=True).split())
    assert '<p class="stat-value">10</p>' in page
    assert "= 4 replies + 3 new tickets + 2 held + 1 rejected" in page
    assert '<p class="stat-value">7</p>' in page  # those that wait are counted since whenever


def test_filters_find_what_is_held_and_why(app, house, held, session):
    InboundMailFactory(outcome=InboundOutcome.REJECTED, subject="A bounce", reason="It reports.")
    session.commit()
    page = agent_of(app, house).get("/inbound-mails/?outcome=held").get_data(as_text=True)
    assert "Please read" in page
    assert "A bounce" not in page
