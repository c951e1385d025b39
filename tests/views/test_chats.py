"""The chat over HTTP: by role and contract, in both directions, and never seen by anybody else."""

from __future__ import annotations

import datetime as dt

import pytest

from domain.permissions import MemberRole, StaffRole
from extensions import db
from models import ChatMessage, ChatSession, SignInSession
from tests.factories.people import AccountFactory, StaffMemberFactory
from tests.factories.support import ChatSessionFactory, TicketTypeFactory
from tests.services.money import rows_of
from tests.support.desk import Desk, member_desk, staff_desk
from tests.support.pages import page_of

FAR = dt.date(2099, 12, 31)
BEFORE = dt.date(2026, 1, 31)


@pytest.fixture
def account(session):
    return AccountFactory(client_id="10001", support_contract_until=FAR)


@pytest.fixture
def member(app, account):
    return member_desk(app, account, MemberRole.SUPPORT_CHAT)


@pytest.fixture
def agent(app, session):
    return staff_desk(app, StaffRole.SUPPORT_AGENT)


@pytest.fixture
def chat(member):
    assert member.confirm("/chat/", text="My phone is silent.").status_code == 303
    return db.session.query(ChatSession).one().public_id


def news(desk, chat, after=0):
    return desk.get(f"/chat-news/{chat}?after={after}")


def test_a_member_starts_a_chat_and_comes_to_its_page(member):
    page = page_of(member.get("/chat/"))
    assert "Support chat" in page.text
    answer = member.confirm("/chat/", text="My phone is silent.")
    assert "My phone is silent." in member.flashed(answer)
    again = member.get("/chat/")
    assert (again.status_code, again.location) == (303, answer.location)


def test_both_see_what_the_other_writes_without_reloading(member, agent, chat):
    assert agent.confirm(f"/chats/{chat}/take").status_code == 303
    assert agent.post(f"/chats/{chat}/say", text="We look into it.").status_code == 303
    told = news(member, chat, 1).get_json()
    assert "We look into it." in told["html"]
    assert "My phone is silent." not in told["html"]
    assert (told["last"], told["closed"]) == (2, False)
    assert member.post(f"/chats/{chat}/say", text="<b>Thank you</b>").status_code == 303
    told = news(agent, chat, 2).get_json()
    assert "&lt;b&gt;Thank you&lt;/b&gt;" in told["html"]
    assert news(agent, chat, 3).get_json()["html"] == ""


def test_nothing_new_is_said_in_few_bytes(member, chat):
    first = news(member, chat, 1)
    second = member.get(f"/chat-news/{chat}?after=1", headers={"If-None-Match": first.headers["ETag"]})
    assert second.status_code == 304


def test_staff_write_only_once_they_took_it(agent, chat):
    assert "<textarea" not in agent.get(f"/chats/{chat}").get_data(as_text=True)
    answer = agent.post(f"/chats/{chat}/say", text="We look into it.")
    assert answer.status_code == 409
    assert rows_of(ChatMessage) == 1


def test_a_closed_chat_says_so_and_takes_nothing(member, agent, chat):
    assert member.confirm(f"/chats/{chat}/close").status_code == 303
    told = news(agent, chat).get_json()
    assert (told["closed"], told["state"]) == (True, "It is closed. What was said stays here.")
    assert member.post(f"/chats/{chat}/say", text="Hello?").status_code == 409
    page = page_of(member.get(f"/chats/{chat}")).text
    assert "It is closed. What was said stays here." in page
    assert "My phone is silent." in page


def test_a_chat_becomes_a_ticket(app, account, agent, chat):
    TicketTypeFactory(name="General")
    answer = agent.confirm(f"/chats/{chat}/to-ticket", subject="Silent phone")
    assert "is open for it" in agent.flashed(answer)
    owner = member_desk(app, account, MemberRole.OWNER)
    assert "Silent phone" in owner.get("/tickets/").get_data(as_text=True)


@pytest.mark.parametrize("until", [BEFORE, None])
def test_without_a_contract_the_page_says_so_and_how_to_renew(app, account, until):
    db.session.merge(account).support_contract_until = until
    db.session.commit()
    owner = member_desk(app, account, MemberRole.OWNER)
    page = page_of(owner.get("/chat/"))
    assert ("ended on Jan 31, 2026" if until else "has no support contract") in page.text
    assert any(url.endswith("/store/") for _text, url in page.links)
    assert any(url.endswith("/tickets/new") for _text, url in page.links)
    answer = owner.post("/chat/", text="Hello?")
    assert answer.status_code == 409
    assert rows_of(ChatSession) == 0


def test_whoever_cannot_renew_is_told_whom_to_ask(app, account):
    db.session.merge(account).support_contract_until = BEFORE
    db.session.commit()
    assert "Ask the owner" in page_of(member_desk(app, account, MemberRole.SUPPORT_CHAT).get("/chat/")).text


@pytest.mark.parametrize("role", [MemberRole.BILLING, MemberRole.TICKETS])
def test_without_the_role_there_is_no_chat(app, account, chat, role):
    desk = member_desk(app, account, role)
    for path in ("/chat/", "/chats/", f"/chats/{chat}", f"/chat-news/{chat}"):
        assert desk.get(path).status_code == 403, path


def test_a_colleague_with_the_role_reads_it_and_writes_nothing(app, account, chat):
    colleague = member_desk(app, account, MemberRole.SUPPORT_CHAT)
    page = colleague.get(f"/chats/{chat}").get_data(as_text=True)
    assert "My phone is silent." in page
    assert "<textarea" not in page
    for act, fields in (("say", {"text": "Hello?"}), ("close", {})):
        assert colleague.post(f"/chats/{chat}/{act}", **fields).status_code == 409, act
    assert rows_of(ChatMessage) == 1


def test_another_account_finds_nothing(app, chat):
    stranger = member_desk(app, AccountFactory(client_id="10002", support_contract_until=FAR), MemberRole.OWNER)
    assert stranger.get(f"/chats/{chat}").status_code == 404
    assert news(stranger, chat).status_code == 404


@pytest.mark.parametrize("after", ["-1", "x", "1e5", "9" * 40, "½"])
def test_a_number_that_is_none_is_refused(member, chat, after):
    assert news(member, chat, after).status_code == 400


def test_staff_without_tickets_read_no_chats(app, session):
    chat = ChatSessionFactory()
    desk = Desk(app, StaffMemberFactory(role=StaffRole.SALES).person, "/staff")
    assert desk.get(f"/chats/{chat.public_id}").status_code == 403


def test_asking_for_news_keeps_no_session_awake(member, agent, chat):
    for desk in (member, agent):
        row = db.session.query(SignInSession).filter_by(person_id=desk.person.id).one()
        row.last_seen_at = before = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
        db.session.commit()
        assert news(desk, chat).status_code == 200
        db.session.refresh(row)
        assert row.last_seen_at == before
        desk.get(f"/chats/{chat}")
        db.session.refresh(row)
        assert row.last_seen_at > before
