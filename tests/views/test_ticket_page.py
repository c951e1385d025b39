"""The page of a ticket over HTTP, in both realms: what is read, written and refused there, and what never shows."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from sqlalchemy import select

from domain.permissions import MemberRole, StaffRole
from extensions import db
from models import Department, Discussion, Message, NotificationDelivery, SignInSession, Ticket, TicketStatus
from services.audit import timeline_of
from tests.factories.base import NOW
from tests.factories.people import (
    AccountFactory,
    DepartmentFactory,
    StaffDepartmentFactory,
    StaffMemberFactory,
    StaffPersonFactory,
)
from tests.factories.services import LicenseFactory
from tests.factories.support import (
    DiscussionFactory,
    MessageAttachmentFactory,
    MessageFactory,
    ReadyAnswerFactory,
    TicketFactory,
)
from tests.support.desk import Desk, member_desk
from tests.support.pages import form_of, page_of, said_by

SECRET = "The customer owes us since May."


@pytest.fixture
def account(session):
    return AccountFactory(client_id="10001", name="Acme Telecom")


@pytest.fixture
def ticket(account):
    license = LicenseFactory(account=account, code="LIC-1")
    ticket = TicketFactory(account=account, number="T-900001", license_id=license.id)
    discussion = DiscussionFactory(ticket=ticket, title="Phones")
    MessageFactory(discussion=discussion, title="First", body="It **rings** once. <script>alert(1)</script>")
    ours = {"author": StaffPersonFactory(first_name="Ann", last_name="Lee"), "from_staff": True}
    MessageFactory(discussion=discussion, title="Careful", body=SECRET, internal=True, **ours)
    return ticket


@pytest.fixture
def member(app, account):
    return member_desk(app, account, MemberRole.TICKETS)


def agent_desk(app, ticket, role=StaffRole.SUPPORT_AGENT):
    staff_member = StaffMemberFactory(role=role)
    department = db.session.get_one(Department, ticket.department_id)
    StaffDepartmentFactory(staff_member=staff_member, department=department)
    return Desk(app, staff_member.person, "/staff")


@pytest.fixture
def agent(app, ticket):
    return agent_desk(app, ticket)


def again(ticket):
    db.session.expire_all()
    return db.session.get_one(Ticket, ticket.id)


def send(desk, path, page="/tickets/T-900001", **fields):
    """Fill in the form of the page that goes to ``path``, and send it."""
    form = next(each for each in page_of(desk.get(page)).forms if each.action.endswith(path))
    return desk.client.post(form.action, data={**form.values, **fields})


# Reading


def test_messages_are_shown_as_clean_markdown(member, ticket):
    text = member.get("/tickets/T-900001").get_data(as_text=True)
    assert "It <strong>rings</strong> once." in text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_a_note_among_staff_is_marked_for_staff_and_nowhere_in_the_portal(agent, member, ticket):
    shown = agent.get("/tickets/T-900001").get_data(as_text=True)
    assert SECRET in shown
    assert "Internal note" in page_of(agent.get("/tickets/T-900001")).text
    for path in ("/tickets/T-900001", "/tickets/", "/tickets/export.csv", "/tickets/T-900001/answer", "/inbox/", "/"):
        text = member.get(path).get_data(as_text=True)
        assert "owes us" not in text, path
        assert "Internal note" not in text, path
    assert "owes us" not in member.get("/tickets/?q=owes").get_data(as_text=True)


def test_files_of_a_message_are_led_to_and_those_of_notes_are_not(agent, member, ticket):
    shown, hidden = db.session.scalars(select(Message).order_by(Message.id)).all()
    MessageAttachmentFactory(message=shown, name="trace.pdf")
    MessageAttachmentFactory(message=hidden, name="debts.pdf")
    assert {"trace.pdf", "debts.pdf"} <= {label for label, _url in page_of(agent.get("/tickets/T-900001")).links}
    links = [label for label, url in page_of(member.get("/tickets/T-900001")).links if "/attachments/" in url]
    assert links == ["trace.pdf"]


def test_a_discussion_of_notes_alone_does_not_show_in_the_portal(agent, member, ticket):
    discussion = DiscussionFactory(ticket=ticket, title="Among us")
    MessageFactory(discussion=discussion, body="Quiet.", internal=True, from_staff=True)
    assert "Among us" in page_of(agent.get("/tickets/T-900001")).text
    assert "Among us" not in member.get("/tickets/T-900001").get_data(as_text=True)


def test_a_note_is_not_even_in_the_history_of_the_portal(agent, member, app, account, ticket):
    send(agent, "/note", title="Careful", body="Very.")
    assert [line.event for line in timeline_of("ticket", "T-900001")] == ["ticket.noted"]
    owner = member_desk(app, account, MemberRole.OWNER)
    for path in ("/tickets/T-900001", "/audit/"):
        assert "internal note" not in owner.get(path).get_data(as_text=True)


def test_the_license_is_led_to_for_who_may_read_it(agent, member, ticket):
    assert ("LIC-1", "/staff/licenses/LIC-1") in page_of(agent.get("/tickets/T-900001")).links
    assert "LIC-1" not in page_of(member.get("/tickets/T-900001")).text


def test_strangers_and_members_without_the_role_do_not_read_it(app, account, ticket):
    assert member_desk(app, AccountFactory(), MemberRole.OWNER).get("/tickets/T-900001").status_code == 404
    assert member_desk(app, account, MemberRole.BILLING).get("/tickets/T-900001").status_code == 403


def test_an_agent_of_another_department_does_not_find_it(app, ticket):
    other = agent_desk(app, TicketFactory())
    assert other.get("/tickets/T-900001").status_code == 404
    assert other.post("/tickets/T-900001/note", title="X", body="X").status_code == 404
    assert other.post("/ticket-presence/T-900001").status_code == 404


def test_an_auditor_reads_everything_and_writes_nothing(app, ticket):
    auditor = agent_desk(app, ticket, StaffRole.AUDITOR)
    page = page_of(auditor.get("/tickets/T-900001"))
    assert SECRET in page.text
    assert not [form for form in page.forms if "T-900001" in form.action]
    for path in ("answer", "discuss", "note", "take", "solve", "merge", "archive", "assign"):
        assert auditor.post(f"/tickets/T-900001/{path}", title="X", body="X").status_code == 403, path


@pytest.mark.parametrize("path", ["note", "take", "assign", "merge"])
def test_what_agents_do_does_not_exist_in_the_portal(member, ticket, path):
    assert member.post(f"/tickets/T-900001/{path}", title="X", body="X").status_code == 404


# Writing


def test_a_member_answers_on_the_page(member, ticket):
    answer = send(member, "/answer", title="Re: It", body="Still so.", copies="it@partner.example")
    assert "Your answer is sent." in member.flashed(answer)
    assert again(ticket).status is TicketStatus.WAITING_FOR_SUPPORT
    assert "it@partner.example" in page_of(member.get("/tickets/T-900001")).text


def test_an_agent_answers_and_the_customer_is_mailed(agent, member, ticket):
    send(member, "/answer", title="Re: It", body="Still so.")
    send(agent, "/answer", title="Re: It", body="Restart it.")
    assert again(ticket).status is TicketStatus.WAITING_FOR_CUSTOMER
    mails = db.session.scalars(select(NotificationDelivery).order_by(NotificationDelivery.id)).all()
    assert [mail.address for mail in mails] == [member.person.email]
    assert "Restart it." in mails[0].text


def test_an_empty_message_is_refused_at_its_fields_with_the_rest_kept(member, ticket):
    answer = send(member, "/answer", title="", body="Half of it.")
    assert answer.status_code == 422
    form = form_of(answer)
    assert form.controls["title"].invalid
    assert form.values["body"].strip() == "Half of it."
    assert len(db.session.scalars(select(Message)).all()) == 2


def test_a_copy_that_is_no_address_is_refused_at_its_field(member, ticket):
    answer = send(member, "/answer", title="X", body="X", copies="somebody")
    assert answer.status_code == 409
    assert form_of(answer).controls["copies"].invalid
    assert any("“somebody” is no e-mail address" in each for each in said_by(answer))


def test_an_answer_over_an_unseen_message_is_shown_it_once_and_keeps_what_was_typed(agent, member, ticket):
    page = page_of(agent.get("/tickets/T-900001"))
    form = next(each for each in page.forms if each.action.endswith("/answer"))
    send(member, "/answer", title="Wait", body="It works again!")
    refused = agent.client.post(form.action, data={**form.values, "body": "Restart it."})
    assert refused.status_code == 409
    assert any("It works again!" in each for each in said_by(refused))
    second = form_of(refused)
    assert second.values["body"].strip() == "Restart it."
    assert agent.client.post(second.action, data=second.values).status_code == 303


def test_another_discussion_is_started_and_answered_in(member, ticket):
    send(member, "/discuss", title="Fax", body="The fax, too.")
    discussion = db.session.scalars(select(Discussion).where(Discussion.title == "Fax")).one()
    form = form_of(member.get(f"/tickets/T-900001/answer?discussion={discussion.public_id}"))
    answer = member.client.post(form.action, data={**form.values, "body": "Since Monday."})
    assert answer.status_code == 303
    assert "Since Monday." in page_of(member.get("/tickets/T-900001")).text
    newest = db.session.scalars(select(Message).order_by(Message.id.desc())).first()
    assert newest.discussion_id == discussion.id


def test_a_note_is_kept_and_told_to_nobody(agent, member, ticket):
    send(member, "/answer", title="Re: It", body="Still so.")
    answer = send(agent, "/note", title="Internal note", body="Call the carrier.")
    assert "Only staff see it." in agent.flashed(answer)
    assert again(ticket).status is TicketStatus.WAITING_FOR_SUPPORT
    assert db.session.scalars(select(NotificationDelivery)).all() == []


def test_an_archived_ticket_offers_no_form(member, ticket):
    ticket.status, ticket.solved_at, ticket.archived_at = TicketStatus.ARCHIVED, NOW, NOW
    page = page_of(member.get("/tickets/T-900001"))
    assert not [form for form in page.forms if "T-900001" in form.action]
    assert member.post("/tickets/T-900001/answer", title="X", body="X").status_code == 409


def test_the_composers_say_which_draft_they_keep_for_whom_and_how_much_that_person_wrote(agent, member, ticket):
    def marks(desk):
        page = desk.get("/tickets/T-900001").get_data(as_text=True)
        (person,) = re.findall(r'<body[^>]* data-person="(\w+)"', page)
        return person, re.findall(r'data-draft="(\w+)" data-draft-own="(\d+)"', page)

    send(member, "/answer", title="Re: It", body="Still so.")
    assert marks(member)[1] == [(name, "1") for name in ("answer", "discuss")]
    assert marks(agent)[1] == [(name, "0") for name in ("answer", "note", "discuss")]
    send(agent, "/note", title="Careful", body="Very.")
    assert {own for _name, own in marks(agent)[1]} == {"1"}
    assert {own for _name, own in marks(member)[1]} == {"1"}
    assert marks(agent)[0] == marks(agent)[0] != marks(member)[0]


# Solving, archiving, rating


def test_a_member_solves_rates_archives_and_reopens(member, ticket):
    refused = member.get("/tickets/T-900001/archive")
    assert refused.status_code == 409
    assert any("A ticket in progress cannot be archived" in each for each in said_by(refused))
    member.confirm("/tickets/T-900001/solve")
    assert "Thank you" in member.flashed(send(member, "/rate", rating="4", comment="Quick"))
    page = page_of(member.get("/tickets/T-900001"))
    assert "Rated 4 of 5 Quick" in " ".join(page.text.split())
    member.confirm("/tickets/T-900001/archive")
    assert again(ticket).status is TicketStatus.ARCHIVED
    member.confirm("/tickets/T-900001/reopen")
    assert again(ticket).status is TicketStatus.WAITING_FOR_SUPPORT


def test_a_rating_wants_a_number(member, ticket):
    ticket.status, ticket.solved_at = TicketStatus.SOLVED, NOW
    assert send(member, "/rate", rating="", comment="Well").status_code == 422
    assert again(ticket).rating is None


def test_an_agent_takes_a_ticket_before_solving_it(agent, ticket):
    refused = agent.confirm("/tickets/T-900001/solve")
    assert refused.status_code == 409
    assert ("Take", "/staff/tickets/T-900001/take") in page_of(refused).links
    agent.confirm("/tickets/T-900001/take")
    assert agent.confirm("/tickets/T-900001/solve").status_code == 303
    assert again(ticket).status is TicketStatus.SOLVED


# The desk


def test_queues_lead_to_mine_unassigned_and_waiting_tickets(agent, ticket):
    TicketFactory(account=ticket.account, department=ticket.department, number="T-900002", subject="Another")
    agent.confirm("/tickets/T-900001/take")
    links = dict(page_of(agent.get("/tickets/")).links)
    mine = page_of(agent.client.get(links["Mine"]))
    assert "T-900001" in mine.text
    assert "T-900002" not in mine.text
    unassigned = page_of(agent.client.get(links["Unassigned"]))
    assert "T-900002" in unassigned.text
    assert "T-900001" not in unassigned.text
    for label in ("Waiting for support", "Waiting for customers", "By due time"):
        assert agent.client.get(links[label]).status_code == 200


def test_a_ticket_is_assigned_with_department_and_priority(agent, ticket):
    department = DepartmentFactory(name="Second level")
    colleague = StaffMemberFactory(person__first_name="Bea", person__last_name="Lind")
    answer = agent.confirm(
        "/tickets/T-900001/assign", assignee=colleague.public_id, department=department.public_id, priority="high"
    )
    assert answer.status_code == 303
    assert (again(ticket).assignee_id, again(ticket).department_id) == (colleague.id, department.id)


def test_a_ready_answer_is_previewed_and_inserted_without_script(agent, ticket):
    ReadyAnswerFactory(title="Restart", body="Ticket {number}: please *restart* it.")
    page = agent.get("/tickets/T-900001")
    assert "Ticket T-900001: please <em>restart</em> it." in page.get_data(as_text=True)
    link = next(url for label, url in page_of(page).links if label.startswith("Insert"))
    form = next(each for each in page_of(agent.client.get(link)).forms if each.action.endswith("/answer"))
    assert form.values["body"].strip() == "Ticket T-900001: please *restart* it."


def test_a_merged_ticket_points_on_and_is_read_in_the_other(agent, member, ticket):
    TicketFactory(account=ticket.account, department=ticket.department, number="T-900002", subject="Another")
    DiscussionFactory(ticket=db.session.scalars(select(Ticket).where(Ticket.number == "T-900002")).one())
    answer = agent.confirm("/tickets/T-900001/merge", into="T-900002")
    assert "Merged into ticket T-900002." in agent.flashed(answer)
    assert ("Ticket T-900002", "/portal/10001/tickets/T-900002") in page_of(member.get("/tickets/T-900001")).links
    other = page_of(member.get("/tickets/T-900002")).text
    assert "from ticket T-900001" in other
    assert "It rings once." in other
    assert "owes us" not in other


def test_a_merge_into_a_ticket_of_another_account_is_refused_at_the_field(agent, ticket):
    TicketFactory(department=ticket.department, number="T-900003")
    answer = agent.confirm("/tickets/T-900001/merge", into="T-900003")
    assert answer.status_code == 409
    assert form_of(answer).controls["into"].invalid


def test_colleagues_see_each_other_and_hear_of_new_messages(app, agent, member, ticket):
    other = agent_desk(app, ticket)
    first = other.post("/ticket-presence/T-900001", writing="yes", seen="")
    assert first.get_json()["colleagues"] == ""
    seen = form_of(agent.get("/tickets/T-900001/answer")).values["seen"]
    news = agent.post("/ticket-presence/T-900001", writing="no", seen=seen).get_json()
    assert news == {"colleagues": f"{other.person.name} is writing an answer.", "newer": ""}
    assert "is writing an answer" in page_of(agent.get("/tickets/T-900001")).text
    send(member, "/answer", title="Re", body="News.")
    news = agent.post("/ticket-presence/T-900001", writing="no", seen=seen).get_json()
    assert news["newer"] == f"A new message of {member.person.name} arrived."


def test_saying_that_a_page_is_open_keeps_no_session_awake(agent, ticket):
    row = db.session.query(SignInSession).filter_by(person_id=agent.person.id).one()
    token = agent.token
    row.last_seen_at = before = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    db.session.commit()
    told = agent.client.post("/staff/ticket-presence/T-900001", data={"csrf_token": token, "writing": "no", "seen": ""})
    assert told.status_code == 200
    db.session.refresh(row)
    assert row.last_seen_at == before


def test_presence_wants_the_token_of_our_page_and_is_of_staff_only(agent, member, app, ticket):
    assert agent.client.post("/staff/ticket-presence/T-900001").status_code == 400
    assert member.post("/ticket-presence/T-900001").status_code == 404
    assert agent_desk(app, ticket, StaffRole.AUDITOR).post("/ticket-presence/T-900001").status_code == 403
    assert agent.post("/ticket-presence/T-404").status_code == 404
