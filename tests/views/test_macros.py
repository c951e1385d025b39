"""Macros over HTTP: kept by agents, used on one ticket after a preview and on many in a job (UX 36)."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from domain.permissions import MemberRole, StaffRole
from extensions import db
from jobs.macros import use_macro_on_many
from jobs.registry import JobContext
from models import (
    Department,
    Discussion,
    Job,
    Macro,
    MacroStatus,
    Message,
    ReadyAnswer,
    SignInSession,
    Ticket,
    TicketStatus,
)
from services import macro_runs
from tests.factories.base import NOW
from tests.factories.people import AccountFactory, StaffDepartmentFactory, StaffMemberFactory
from tests.factories.support import (
    DiscussionFactory,
    MacroFactory,
    MessageFactory,
    ReadyAnswerFactory,
    TicketFactory,
)
from tests.services.money import rows_of
from tests.support.desk import Desk, member_desk
from tests.support.pages import form_of, page_of, said_by


@pytest.fixture
def account(session):
    return AccountFactory(client_id="10001", name="Acme")


@pytest.fixture
def ticket(account):
    ticket = TicketFactory(account=account, number="T-900001", subject="Phones")
    MessageFactory(discussion=DiscussionFactory(ticket=ticket))
    return ticket


@pytest.fixture
def agent(app, ticket):
    staff_member = StaffMemberFactory(role=StaffRole.SUPPORT_AGENT)
    StaffDepartmentFactory(staff_member=staff_member, department=db.session.get_one(Department, ticket.department_id))
    return Desk(app, staff_member.person, "/staff")


@pytest.fixture
def macro(session):
    answer = ReadyAnswerFactory(body="Dear {customer}: *{ticket number}*.")
    return MacroFactory(title="Restart", ready_answer=answer, takes=True, status=MacroStatus.SOLVED)


def again(ticket):
    db.session.expire_all()
    return db.session.get_one(Ticket, ticket.id)


def others(account, ticket, *numbers, **values):
    department = db.session.get_one(Department, ticket.department_id)
    return [TicketFactory(account=account, department=department, number=number, **values) for number in numbers]


def carried_out(job):
    use_macro_on_many(JobContext(job.id, job.kind, job.payload, dt.datetime.now(dt.UTC)))


# Keeping macros and ready answers


def test_an_agent_keeps_a_macro_and_is_told_what_contradicts(agent, session):
    answer = ReadyAnswerFactory(title="Hello")
    refused = agent.confirm("/macros/new", title="Nothing")
    assert any("at least one change" in each for each in said_by(refused))
    made = agent.confirm("/macros/new", title="Greet", ready_answer=answer.public_id, status="solved", takes="y")
    assert made.status_code == 303
    kept = session.scalars(select(Macro)).one()
    assert (kept.ready_answer_id, kept.status, kept.takes) == (answer.id, MacroStatus.SOLVED, True)
    page = agent.get(f"/macros/{kept.public_id}")
    assert "Hello" in page_of(page).text


def test_an_unknown_name_in_a_ready_answer_is_refused_at_its_field(agent, session):
    answer = agent.confirm("/ready-answers/new", title="Hello", body="Dear {custmer}", language="en")
    assert answer.status_code == 422
    assert form_of(answer).controls["body"].invalid
    assert rows_of(ReadyAnswer) == 0


@pytest.mark.parametrize(
    "path",
    ["/macros/", "/macros/new", "/ticket-macros/T-900001", "/ticket-macros/?id=T-900001", "/tickets/T-900001/macro"],
)
def test_who_does_not_work_on_tickets_uses_and_keeps_none(app, account, ticket, client, path):
    for role in (StaffRole.AUDITOR, StaffRole.BILLING):
        desk = Desk(app, StaffMemberFactory(role=role).person, "/staff")
        assert desk.get(path).status_code == 403, role
    member = member_desk(app, account, MemberRole.OWNER)
    assert member.get(path).status_code == 404
    assert member.client.get(f"/staff{path}").status_code == 404
    assert client.get(f"/staff{path}").status_code == 303


# One ticket


def test_the_ticket_leads_to_the_preview_of_each_macro(agent, macro, ticket):
    links = dict(page_of(agent.get("/tickets/T-900001")).links)
    assert links["Restart"] == f"/staff/ticket-macros/T-900001?macro={macro.public_id}"
    assert agent.client.get(links["Use macro"]).location == "/staff/ticket-macros/T-900001"


def test_a_macro_is_chosen_previewed_and_used(agent, macro, ticket):
    chosen = page_of(agent.get("/ticket-macros/T-900001")).forms[-1]
    assert macro.public_id in chosen.controls["macro"].options
    page = agent.get(f"/ticket-macros/T-900001?macro={macro.public_id}")
    shown = page_of(page).text
    assert "<em>T-900001</em>" in page.get_data(as_text=True)
    assert "Dear Acme:" in shown
    assert "Status: Open → Solved" in shown
    assert f"Assigned to: none → {agent.person.name}" in shown
    assert (rows_of(Message), again(ticket).status) == (1, TicketStatus.OPEN)  # nothing was done yet

    form = form_of(page)
    answer = agent.client.post(form.action, data={**form.values, "body": "Dear Mia: T-900001."})
    assert "“Restart” is done." in agent.flashed(answer)
    assert again(ticket).status is TicketStatus.SOLVED
    newest = db.session.scalars(select(Message).order_by(Message.id.desc())).first()
    assert (newest.title, newest.body, newest.author_id) == ("Re: Phones", "Dear Mia: T-900001.", agent.person.id)


def test_a_macro_without_an_answer_asks_for_nothing_and_sends_nothing(agent, ticket):
    macro = MacroFactory(title="Take", ready_answer=None, takes=True)
    agent.confirm(f"/ticket-macros/T-900001?macro={macro.public_id}")
    assert (again(ticket).assignee_id is not None, rows_of(Message)) == (True, 1)


def test_an_emptied_answer_and_a_newer_message_are_refused_with_what_was_typed(agent, macro, ticket):
    form = form_of(agent.get(f"/ticket-macros/T-900001?macro={macro.public_id}"))
    refused = agent.client.post(form.action, data={**form.values, "title": ""})
    assert refused.status_code == 422
    assert form_of(refused).controls["title"].invalid
    MessageFactory(discussion=db.session.scalars(select(Discussion)).one(), body="It works again!")
    db.session.commit()
    refused = agent.client.post(form.action, data={**form.values, "body": "Mine."})
    assert refused.status_code == 409
    assert any("It works again!" in each for each in said_by(refused))
    second = form_of(refused)
    assert second.values["body"].strip() == "Mine."
    assert agent.client.post(second.action, data=second.values).status_code == 303


def test_a_macro_that_cannot_be_used_says_why_and_offers_no_button(agent, ticket):
    macro = MacroFactory(title="Close", ready_answer=None, status=MacroStatus.SOLVED)
    page = page_of(agent.get(f"/ticket-macros/T-900001?macro={macro.public_id}"))
    assert "Take this ticket first" in page.text
    assert [form for form in page.forms if "ticket-macros" in form.action] == []
    refused = agent.post("/ticket-macros/T-900001", macro=macro.public_id)
    assert (refused.status_code, again(ticket).status) == (409, TicketStatus.OPEN)


@pytest.mark.parametrize("number", ["T-0", "x" * 50, "%00", "T-900002"])
def test_tickets_that_are_not_theirs_are_not_found(agent, macro, number):
    TicketFactory(number="T-900002")
    assert agent.get(f"/ticket-macros/{number}?macro={macro.public_id}").status_code == 404
    assert agent.get(f"/ticket-macros/?id={number}&macro={macro.public_id}").status_code == 404
    assert agent.post(f"/ticket-macros/{number}", macro=macro.public_id).status_code == 404
    answer = agent.post("/ticket-macros/", macro=macro.public_id, id=number, seen="", once="abcdefgh")
    assert answer.status_code == 404


@pytest.mark.parametrize("key", ["nobody", "x" * 99, "a%00b"])
@pytest.mark.parametrize("path", ["/ticket-macros/T-900001?", "/ticket-macros/?id=T-900001&"])
def test_an_unknown_macro_is_said_on_the_page_that_offers_others(agent, macro, ticket, path, key):
    answer = agent.get(f"{path}macro={key}")
    assert answer.status_code == 404
    assert "Choose a macro of the list." in page_of(answer).text


# Many tickets


def test_a_selection_is_led_on_chosen_for_previewed_and_carried_out_in_a_job(agent, account, macro, ticket):
    (second,) = others(account, ticket, "T-900002", subject="Fax")
    (gone,) = others(
        account, ticket, "T-900003", status=TicketStatus.ARCHIVED, solved_at=NOW, archived_at=NOW, subject="Old"
    )
    led = agent.get("/tickets/bulk/macro?id=T-900001&id=T-900002&id=T-900003")
    choose = page_of(agent.client.get(led.location))
    assert choose.forms[-1].values["id"] == ["T-900001", "T-900002", "T-900003"]
    page = agent.get(f"/ticket-macros/?id=T-900001&id=T-900002&id=T-900003&macro={macro.public_id}")
    shown = page_of(page)
    assert "Restart on 3 tickets" in shown.text
    assert "What is sent in ticket T-900001" in shown.text
    assert "Left out: This ticket is archived." in shown.text
    form = shown.forms[-1]
    assert form.buttons[0].label == "Use on 2 tickets"
    assert rows_of(Job) == 0

    answer = agent.client.post(form.action, data=form.values)
    twice = agent.client.post(form.action, data=form.values)
    assert answer.location == twice.location
    (job,) = db.session.scalars(select(Job)).all()
    waits = page_of(agent.client.get(answer.location))
    assert "0 of 3 tickets." in waits.text
    carried_out(job)
    ended = page_of(agent.client.get(answer.location))
    assert "3 of 3 tickets. 2 done. 1 skipped." in ended.text
    assert "This ticket is archived." in ended.text
    assert {again(ticket).status, again(second).status} == {TicketStatus.SOLVED}
    assert again(gone).status is TicketStatus.ARCHIVED


def test_a_mistake_of_ours_stops_one_ticket_alone(agent, account, ticket, monkeypatch):
    others(account, ticket, "T-900002")
    macro = MacroFactory(ready_answer=None, takes=True)
    form = page_of(agent.get(f"/ticket-macros/?id=T-900001&id=T-900002&macro={macro.public_id}")).forms[-1]
    agent.client.post(form.action, data=form.values)
    use, asked = macro_runs.use_macro, []

    def stumble(ticket, *given, **named):
        asked.append(ticket.number)
        if len(asked) == 1:
            raise RuntimeError("a mistake of ours")
        return use(ticket, *given, **named)

    monkeypatch.setattr(macro_runs, "use_macro", stumble)
    job = db.session.scalars(select(Job)).one()
    carried_out(job)
    db.session.expire_all()
    assert [each[1] for each in db.session.get_one(Job, job.id).payload["results"]] == ["failed", "done"]


def test_a_preview_of_none_that_fits_offers_another_macro(agent, account, ticket):
    macro = MacroFactory(title="Close", ready_answer=None, status=MacroStatus.SOLVED)
    page = page_of(agent.get(f"/ticket-macros/?id=T-900001&macro={macro.public_id}"))
    assert "It can be used on none of these tickets." in page.text
    assert [form for form in page.forms if form.method == "post" and "ticket-macros" in form.action] == []


@pytest.mark.parametrize(
    "fields",
    [
        {"once": ""},
        {"once": "<script>"},
        {"macro": "nobody"},
        {"macro": ""},
        {"id": []},
        {"seen": ["", ""]},
        {"csrf_token": "forged"},
    ],
)
def test_bad_input_is_refused_and_asks_for_nothing(agent, macro, ticket, fields):
    sent = {"macro": macro.public_id, "id": "T-900001", "seen": "", "once": "abcdefgh", "csrf_token": agent.token}
    assert agent.client.post("/staff/ticket-macros/", data={**sent, **fields}).status_code == 400
    assert rows_of(Job) == 0
    assert agent.client.post("/staff/ticket-macros/", data=sent).status_code == 303


def test_more_tickets_than_can_be_done_at_once_are_refused(agent, macro, ticket):
    many = "&".join(f"id=T-{number}" for number in range(501))
    assert agent.get(f"/ticket-macros/?{many}&macro={macro.public_id}").status_code == 400
    answer = agent.get("/ticket-macros/")
    assert "Choose at least one ticket first." in agent.flashed(answer)


def test_a_run_is_seen_by_who_asked_and_watching_it_keeps_no_session_awake(app, agent, macro, ticket, session):
    form = page_of(agent.get(f"/ticket-macros/?id=T-900001&macro={macro.public_id}")).forms[-1]
    url = agent.client.post(form.action, data=form.values).location
    other = Desk(app, StaffMemberFactory(role=StaffRole.SUPPORT_AGENT).person, "/staff")
    progress = url.replace("/runs/", "/progress/")
    for path in (url, progress, "/staff/ticket-macros/runs/x", "/staff/ticket-macros/runs/%00"):
        assert other.client.get(path).status_code == 404
    row = session.query(SignInSession).filter_by(person_id=agent.person.id).one()
    row.last_seen_at = before = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    session.commit()
    assert "<html" not in agent.client.get(progress).get_data(as_text=True)
    session.refresh(row)
    assert row.last_seen_at == before
