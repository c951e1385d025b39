"""What tickets are found by: the words of all that their page shows, kept with every change, asked within the scope."""

from __future__ import annotations

import datetime as dt
import unicodedata
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select, text
from sqlalchemy.orm import Session

from domain.actor import system_actor
from domain.search_words import read_words
from extensions import db
from models import Ticket, TicketText
from models.base import AccountOwned
from panel.scope import Scope, enter, leave, switched_off
from services.answers import answer_ticket, discuss_ticket, note_on_ticket
from services.erasure import erase_person
from services.ticket_desk import merge_ticket
from services.ticket_texts import index_tickets, tickets_holding
from services.tickets import open_ticket_of_any_type
from tests.factories.people import AccountFactory, PersonFactory
from tests.factories.support import (
    DiscussionFactory,
    MessageFactory,
    TicketFactory,
    TicketParticipantFactory,
    TicketTypeFactory,
)
from tests.services.test_messages import Desk


@pytest.fixture
def desk(session: Session) -> Desk:
    return Desk()


def found(typed: str, *, account_id: int | None = None, with_notes: bool = True) -> list[str]:
    """The numbers of the tickets that a search finds."""
    wanted, _left_out = read_words(typed)
    holding = tickets_holding(wanted, account_id=account_id, with_notes=with_notes)
    return list(db.session.scalars(select(Ticket.number).where(holding).order_by(Ticket.number)))


def kept() -> list[tuple[int, int | None, bool, list[str]]]:
    rows = db.session.scalars(select(TicketText).execution_options(populate_existing=True))
    return sorted(
        ((row.ticket_id, row.message_id, row.internal, list(row.words)) for row in rows),
        key=lambda row: (row[0], row[1] or 0),
    )


# What is found


@pytest.mark.parametrize(
    "typed", ["T-1001", "1001", "silent", "PHONES sil", "invoi", "rechnung", "büro", "buro", "monday"]
)
def test_a_ticket_is_found_by_number_subject_and_what_was_written(session, typed):
    ticket = TicketFactory(number="T-1001", subject="Phones are silent")
    MessageFactory(discussion__ticket=ticket, title="Since Monday", body="The **invoice** (Rechnung) of our Büro")
    TicketFactory(number="T-1002", subject="Something else")
    assert found(typed) == ["T-1001"]


def test_each_word_must_stand_in_the_ticket_but_not_all_in_one_message(session):
    ticket = TicketFactory(number="T-1", subject="Routers")
    MessageFactory(discussion__ticket=ticket, body="It is green")
    MessageFactory(discussion__ticket=ticket, body="Now it is purple")
    assert found("routers green purple") == ["T-1"]
    assert found("routers green yellow") == []


def test_a_typed_word_finds_the_beginning_of_words_and_one_of_two_letters_only_itself(session):
    ticket = TicketFactory(number="T-1", subject="Nothing")
    MessageFactory(discussion__ticket=ticket, title="Ipso", body="facto")
    assert (found("ipso"), found("ips"), found("ip"), found("pso")) == (["T-1"], ["T-1"], [], [])


@pytest.mark.parametrize("typed", ["'", '"', "*", "in*", '"invoice', "invoice' OR 1=1 --", ":*", "a:*", "!x", "(((", "&|",
                                   "invoice:A", "NEAR(a b)", "-x", "^inv", "\\", "\0", "😀", "\ud83d", "x" * 200, "the and of",
                                   "words:invoice", "AND OR NOT"])  # fmt: skip
def test_signs_of_query_languages_are_only_text(session, typed):
    ticket = TicketFactory(number="T-1", subject="An invoice")
    MessageFactory(discussion__ticket=ticket, title="Plain", body="Nothing here")
    assert found(typed) in ([], ["T-1"])


def test_chinese_is_found_by_any_part(session):
    ticket = TicketFactory(number="T-1", subject="办公室的电话没有声音")
    TicketFactory(number="T-2", subject="电声")
    assert (found("电话"), found("没有声音"), found("电"), found("音话")) == (["T-1"], ["T-1"], ["T-1", "T-2"], [])
    assert ticket.number == "T-1"


# Who finds it


def test_internal_notes_are_found_by_staff_only(desk: Desk, now: dt.datetime) -> None:
    note_on_ticket(desk.ticket, title="Careful", body="The customer is a lemming.", actor=desk.as_agent(), now=now)
    assert found("lemming") == [desk.ticket.number]
    assert found("lemming", account_id=desk.ticket.account_id, with_notes=False) == []
    assert found("rings lemming", account_id=desk.ticket.account_id, with_notes=False) == []


def test_each_lock_alone_keeps_a_search_within_its_account(app, session):
    mine, other = TicketFactory(number="T-1", subject="Zebra"), TicketFactory(number="T-2", subject="Zebra")
    MessageFactory(discussion__ticket=mine, body="stripes")
    MessageFactory(discussion__ticket=other, body="stripes")
    scope = Scope(AccountOwned, "account_id", mine.account_id)
    texts = select(TicketText.ticket_id).where(TicketText.holds(read_words("stripes")[0][0])).order_by(TicketText.id)
    by_hand = texts.where(TicketText.account_id == mine.account_id)
    enter(scope)
    try:
        assert list(db.session.scalars(texts)) == [mine.id]  # the guard alone
        assert found("zebra stripes") == ["T-1"]
        with switched_off(second=True):
            assert list(db.session.scalars(texts)) == [mine.id, other.id]
            assert list(db.session.scalars(by_hand)) == [mine.id]  # the predicate alone
            assert found("zebra stripes", account_id=mine.account_id) == ["T-1"]
    finally:
        leave()


def test_the_guard_reaches_into_the_subqueries_of_a_search(app, session):
    """Without it, words of another account would be asked for; the tickets themselves are narrowed besides."""
    ticket = TicketFactory(number="T-1")
    wanted = read_words("zebra")[0]
    statement = select(Ticket.number).where(tickets_holding(wanted, account_id=None, with_notes=False))
    enter(Scope(AccountOwned, "account_id", ticket.account_id))
    try:
        sent: list[str] = []

        def note(_connection: object, _cursor: object, sql: str, *_others: object) -> None:
            sent.append(sql)

        engine = db.session.get_bind()
        event.listen(engine, "before_cursor_execute", note)
        db.session.execute(statement)
        event.remove(engine, "before_cursor_execute", note)
    finally:
        leave()
    assert "ticket_text.account_id" in sent[-1]


# That it stays true


def test_what_is_written_and_opened_is_found_at_once(desk: Desk, now: dt.datetime) -> None:
    values = {"account_id": desk.ticket.account_id, "ticket_type": TicketTypeFactory(), "subject": "Zebra crossing",
              "description": "It is striped."}  # fmt: skip
    ticket = open_ticket_of_any_type(values, actor=desk.as_member(), now=now)
    answer_ticket(ticket, title="More", body="It gallops.", actor=desk.as_member(), now=now)
    discuss_ticket(ticket, title="Stables", body="And it neighs.", actor=desk.as_member(), now=now)
    for typed in ("crossing", "striped", "gallops", "stables", "neighs"):
        assert found(typed) == [ticket.number]


def test_a_changed_text_is_found_by_its_new_words_only(session):
    ticket = TicketFactory(number="T-1", subject="Zebra")
    message = MessageFactory(discussion__ticket=ticket, title="Giraffe", body="hyena")
    ticket.subject, message.title, message.body = "Lion", "Tiger", "bear"
    session.flush()
    assert [found(word) for word in ("zebra", "giraffe", "hyena")] == [[], [], []]
    assert [found(word) for word in ("lion", "tiger", "bear")] == [["T-1"]] * 3


def test_a_message_that_becomes_a_note_is_no_longer_found_by_members(session):
    message = MessageFactory(from_staff=True, body="hyena")
    account_id = message.account_id
    assert len(found("hyena", account_id=account_id, with_notes=False)) == 1
    message.internal = True
    session.flush()
    assert found("hyena", account_id=account_id, with_notes=False) == []


def test_a_moved_message_is_found_where_it_stands_now(session):
    account = AccountFactory()
    first = TicketFactory(account=account, number="T-1", subject="One")
    second = DiscussionFactory(ticket=TicketFactory(account=account, number="T-2", subject="Two"))
    message = MessageFactory(discussion__ticket=first, body="hyena")
    message.discussion = second
    session.flush()
    assert found("hyena") == ["T-2"]


def test_a_removed_message_is_not_found(session):
    message = MessageFactory(body="hyena")
    session.delete(message)
    session.flush()
    assert found("hyena") == []
    assert [row for row in kept() if row[1] is not None] == []


def test_a_merged_ticket_and_the_one_it_was_merged_into_are_both_found(desk: Desk, now: dt.datetime) -> None:
    account, department, number = desk.ticket.account, desk.ticket.department, desk.ticket.number
    middle = TicketFactory(account=account, number="T-900001", subject="Zebra", department=department)
    TicketFactory(account=account, number="T-900002", subject="Lion", department=department)
    desk.write(desk.as_member(), now, body="hyena")
    note_on_ticket(desk.ticket, title="Note", body="lemming", actor=desk.as_agent(), now=now)
    merge_ticket(desk.ticket, into="T-900001", actor=desk.as_agent(), now=now)
    assert set(found("hyena")) == set(found(number)) == {number, "T-900001"}
    assert found("hyena zebra") == ["T-900001"]
    assert found("lemming", with_notes=False) == []
    merge_ticket(middle, into="T-900002", actor=desk.as_agent(), now=now)
    assert set(found("hyena")) == {number, "T-900002"}  # the page of the one between does not show it any more
    assert found("hyena lion") == ["T-900002"]


def test_a_person_who_is_erased_is_not_found_any_more(session, now):
    person = PersonFactory(first_name="Ottokar", last_name="Quintessen", email="ottokar@acme.example")
    ticket = TicketFactory(number="T-1", subject="Ottokar Quintessen asks", opened_by=person)
    other = TicketFactory(account=ticket.account, number="T-2", subject="Another")
    TicketParticipantFactory(ticket=ticket, person=person)
    MessageFactory(
        discussion__ticket=ticket, author=person, title="Hello", body="I am Ottokar Quintessen <ottokar@acme.example>"
    )
    ticket.merged_into_id = other.id
    session.flush()
    index_tickets([ticket.id, other.id])
    assert found("quintessen") == ["T-1", "T-2"]
    erase_person(person, account_id=None, actor=system_actor("test"), now=now)
    assert found("quintessen") == found("ottokar") == []
    assert not any("quintessen" in row[3] or "ottokar" in row[3] for row in kept())
    assert found("hello deleted person") == ["T-1", "T-2"]


def test_writing_all_words_anew_changes_nothing_that_was_kept_meanwhile(desk: Desk, now: dt.datetime) -> None:
    desk.write(desk.as_member(), now, body="hyena")
    note_on_ticket(desk.ticket, title="Note", body="lemming", actor=desk.as_agent(), now=now)
    TicketFactory(account=desk.ticket.account, number="T-900001", department=desk.ticket.department)
    merge_ticket(desk.ticket, into="T-900001", actor=desk.as_agent(), now=now)
    before = kept()
    index_tickets(db.session.scalars(select(Ticket.id)).all())
    assert kept() == before


def test_the_full_text_index_of_sqlite_agrees_with_the_words(session, database):
    if database.dialect != "sqlite":
        pytest.skip("PostgreSQL keeps words and index in one column")
    message = MessageFactory(body="hyena")
    message.body = "lemming"
    session.flush()
    session.delete(message)
    TicketFactory(subject="zebra")
    session.execute(text("INSERT INTO ticket_text_fts (ticket_text_fts) VALUES ('integrity-check')"))
    assert found("zebra") != []


# What a reader of all texts would find, the database finds

WORDS = ["phone", "phones", "Phöne", "fax", "Fäxe", "ip", "IP", "groß", "GROSS", "gross", "ćao", "ça", "señor", "Senor", "10042",
         "0042", "42", "e-mail", "mail", "звук", "Звуки", "x", "😀", "don't", "电话", "没声", "声电话", "a_b", "Ünïcödé"]  # fmt: skip


@dataclass(frozen=True)
class Written:
    ticket: int
    text: str
    internal: bool


texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join)
messages = st.lists(st.builds(Written, st.integers(0, 3), texts, st.booleans()), max_size=8)
searches = st.lists(
    st.sampled_from(WORDS).flatmap(lambda word: st.integers(1, len(word)).map(lambda cut: word[:cut])),
    min_size=1,
    max_size=3,
)


def letters_of(word: str) -> str:
    """A word without case and marks, and without what is no letter or digit: a second reading of the rule."""
    plain = unicodedata.normalize("NFKD", word.casefold())
    return "".join(each if each.isalnum() else " " for each in plain if not unicodedata.combining(each))


def reader_finds(search: list[str], texts: list[str]) -> bool:
    """Whether somebody who reads every word of the texts finds all that is searched."""
    read = [part for each in texts for part in letters_of(each.replace("_", " ")).split()]
    read += [part.lstrip("0") for part in read if part.isdecimal() and part.startswith("0")]
    wanted = [part for typed in search for part in letters_of(typed.replace("_", " ")).split()]

    def stands(part: str) -> bool:
        if not part.isascii() and part[0] >= "\u4e00":
            pairs = [part[at : at + 2] for at in range(max(1, len(part) - 1))]
            return all(any(pair in each for each in read) for pair in pairs)
        if len(part) == 1 and not part.isdecimal():
            return True
        return any(each.startswith(part) if len(part) > 2 else each == part for each in read)

    read_for = any(len(part) > 1 or part.isdecimal() or part >= "\u4e00" for part in wanted)
    return read_for and all(map(stands, wanted))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(written=messages, search=searches, with_notes=st.booleans())
def test_what_a_reader_finds_the_database_finds(session, written, search, with_notes):
    with session.begin_nested() as savepoint:
        account = AccountFactory()
        tickets = [TicketFactory(account=account, number=f"T{n}", subject="subject") for n in range(4)]
        threads = [DiscussionFactory(ticket=ticket) for ticket in tickets]
        for each in written:
            MessageFactory(
                discussion=threads[each.ticket], title="title", body=each.text, from_staff=True, internal=each.internal
            )
        expected = [
            ticket.number
            for n, ticket in enumerate(tickets)
            if reader_finds(
                search, [each.text for each in written if each.ticket == n and (with_notes or not each.internal)]
            )
        ]
        assert found(" ".join(search), account_id=account.id, with_notes=with_notes) == expected
        savepoint.rollback()
