"""Every act is recorded from a declared vocabulary, in chains that show tampering."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import delete, event, select, text, update

from domain.actor import Actor, Source, system_actor
from domain.audit import UnknownAuditEvent
from extensions import db
from models import Account, AccountStatus, AuditChain, AuditEvent, Member
from services.audit import (
    Happening,
    Target,
    latest_events,
    record_event,
    record_events,
    record_export,
    target_of,
    timeline_of,
    verify_chain,
    write_waiting_events,
)
from services.unit_of_work import unit_of_work
from tests.factories.people import AccountFactory, MemberFactory, PersonFactory
from tests.support.together import all_at_once

JOB = system_actor("nightly job")


def record(target, name="account.suspended", *, now, actor=JOB, **values):
    with unit_of_work():
        record_event(name, target, actor=actor, now=now, **values)


def rows(session):
    return session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()


@pytest.fixture
def unprotected(session, database):
    """Lets a test change the log behind the back of the program, as somebody with the database's password could."""
    if database.dialect == "postgresql":
        session.execute(text("SET SESSION session_replication_role = replica"))
    else:
        triggers = session.scalars(
            text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_event'")
        )
        for name in triggers.all():
            session.execute(text(f'DROP TRIGGER "{name}"'))
    session.commit()
    yield
    session.remove()
    db.engine.dispose()  # the next test would get a connection whose triggers are still asleep


def test_an_event_names_who_what_when_and_from_where(session, now):
    account, person = AccountFactory(), PersonFactory(first_name="Mia", last_name="Stone")
    actor = Actor(name="Mia Stone", source=Source.PORTAL, person_id=person.id, ip="192.0.2.10")
    record(account, now=now, actor=actor, before={"status": AccountStatus.ACTIVE}, after={"status": "suspended"})
    (row,) = rows(session)
    assert (row.event, row.at, row.source, row.ip) == ("account.suspended", now, "portal", "192.0.2.10")
    assert (row.account_id, row.target_type, row.target_key) == (account.id, "account", account.client_id)
    assert (row.before, row.after) == ({"status": "active"}, {"status": "suspended"})
    assert (row.actor_person_id, row.actor_name) == (person.id, "")


def test_an_undeclared_event_is_an_error(session, now):
    with pytest.raises(UnknownAuditEvent):
        record_event("account.polished", AccountFactory(), actor=JOB, now=now)
    assert rows(session) == []


def test_secrets_and_what_stayed_the_same_are_left_out(session, now):
    before = {"first_name": "Mia", "last_name": "Stone", "password_hash": "old"}
    after = {"first_name": "Mia", "last_name": "Rock", "password_hash": "new"}
    record(PersonFactory(), "person.edited", now=now, before=before, after=after)
    (row,) = rows(session)
    assert row.before == {"last_name": "Stone", "password_hash": "[hidden]"}
    assert row.after == {"last_name": "Rock", "password_hash": "[hidden]"}


def test_a_row_of_an_account_stands_in_its_chain_and_others_in_the_houses(session, now):
    member = MemberFactory()
    record(member, "member.disabled", now=now)
    record(member.person, "person.signed_in", now=now)
    assert [row.chain for row in rows(session)] == [f"account-{member.account_id}", "house"]


def test_events_of_a_chain_are_numbered_and_linked(session, now):
    account = AccountFactory()
    for number in range(3):
        record(account, now=now + dt.timedelta(minutes=number))
    first, second, third = rows(session)
    assert [row.sequence for row in (first, second, third)] == [1, 2, 3]
    assert (second.previous_hash, third.previous_hash) == (first.hash, second.hash)
    assert verify_chain(account.id) is None


def test_an_empty_chain_is_whole(session, now):
    assert verify_chain(None) is None
    assert verify_chain(AccountFactory().id) is None


@pytest.mark.parametrize(
    "tampering",
    [
        update(AuditEvent).values(after={"status": "active"}).where(AuditEvent.sequence == 2),
        update(AuditEvent).values(actor_name="somebody else").where(AuditEvent.sequence == 2),
        update(AuditEvent).values(account_id=None).where(AuditEvent.sequence == 2),
        update(AuditEvent).values(hash="0" * 64).where(AuditEvent.sequence == 2),
        delete(AuditEvent).where(AuditEvent.sequence == 2),
    ],
)
def test_tampering_shows(session, now, unprotected, tampering):
    account = AccountFactory()
    for _time in range(3):
        record(account, now=now, after={"status": "suspended"})
    session.execute(tampering.execution_options(synchronize_session=False))
    session.commit()
    session.expire_all()
    assert verify_chain(account.id) == 2


def test_events_cut_off_at_the_end_show(session, now, unprotected):
    account = AccountFactory()
    for _time in range(3):
        record(account, now=now)
    session.execute(delete(AuditEvent).where(AuditEvent.sequence == 3))
    session.commit()
    assert verify_chain(account.id) == 3


def test_an_act_that_fails_leaves_no_event(session, now):
    account = AccountFactory()

    def fail():
        with unit_of_work():
            record_event("account.suspended", account, actor=JOB, now=now)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    record(AccountFactory(), now=now)
    assert len(rows(session)) == 1


def test_a_part_that_is_undone_leaves_no_event(session, now):
    account = AccountFactory()

    def fail_in_part():
        with session.begin_nested():
            with session.begin_nested():
                record_event("account.reactivated", account, actor=JOB, now=now)
            raise ZeroDivisionError

    with unit_of_work():
        with session.begin_nested():
            record_event("account.suspended", account, actor=JOB, now=now)
        with pytest.raises(ZeroDivisionError):
            fail_in_part()
        record_event("account.edited", account, actor=JOB, now=now)
    assert [row.event for row in rows(session)] == ["account.suspended", "account.edited"]
    assert verify_chain(account.id) is None


def test_events_can_be_read_before_the_commit(session, now):
    account = AccountFactory()
    record_event("account.suspended", account, actor=JOB, now=now)
    assert [row.event for row in rows(session)] == ["account.suspended"]
    record_event("account.reactivated", account, actor=JOB, now=now)
    write_waiting_events()
    assert [line.event for line in timeline_of(*target_of(account))] == ["account.reactivated", "account.suspended"]


def test_the_head_of_the_chain_is_locked_last(session, now):
    account = AccountFactory()
    session.commit()
    statements = []

    def note(_connection, _cursor, statement, *_rest):
        statements.append(statement)

    event.listen(session.get_bind(), "before_cursor_execute", note)
    try:
        with unit_of_work():
            record_event("account.suspended", account, actor=JOB, now=now)
            session.scalar(select(Member.id).limit(1))
    finally:
        event.remove(session.get_bind(), "before_cursor_execute", note)
    touching = [number for number, statement in enumerate(statements) if "audit_" in statement]
    member = next(number for number, statement in enumerate(statements) if "FROM member" in statement)
    assert touching
    assert min(touching) > member


def test_parallel_acts_in_one_account_make_one_unbroken_chain(session, now):
    account_id = AccountFactory().id

    def act(number):
        record(session.get(Account, account_id), now=now, after={"number": number})

    outcomes = all_at_once(act, times=12)
    assert outcomes == [None] * 12
    assert [row.sequence for row in rows(session)] == list(range(1, 13))
    assert verify_chain(account_id) is None


def test_parallel_acts_over_several_accounts_do_not_wait_in_a_circle(session, now):
    ids = [AccountFactory().id for _account in range(4)]

    def act(number):
        accounts = [session.get(Account, ids[(number + place) % 4]) for place in range(4)]
        with unit_of_work():
            for account in accounts if number % 2 else reversed(accounts):
                record_event("account.suspended", account, actor=JOB, now=now)

    assert all_at_once(act, times=8) == [None] * 8
    assert [verify_chain(account_id) for account_id in ids] == [None] * 4
    assert len(rows(session)) == 32


def test_many_events_cost_a_handful_of_statements(session, now):
    accounts = [AccountFactory() for _account in range(30)]
    session.commit()
    statements = []

    def note(_connection, _cursor, statement, *_rest):
        statements.append(statement)

    event.listen(session.get_bind(), "before_cursor_execute", note)
    try:
        with unit_of_work():
            record_events((Happening("account.imported", account) for account in accounts), actor=JOB, now=now)
    finally:
        event.remove(session.get_bind(), "before_cursor_execute", note)
    assert len(statements) < 12
    assert len(rows(session)) == 30
    assert len(session.scalars(select(AuditChain)).all()) == 30


def test_a_timeline_is_the_newest_first_with_the_names_people_have_today(session, now):
    account, person, seat = AccountFactory(), PersonFactory(first_name="Mia", last_name="Stone"), PersonFactory()
    actor = Actor(name="Mia", source=Source.STAFF, person_id=person.id, on_behalf_of_id=seat.id)
    record(account, now=now)
    record(account, "account.reactivated", now=now + dt.timedelta(hours=1), actor=actor)
    with unit_of_work():
        person.last_name = "Rock"
    newest, oldest = timeline_of("account", account.client_id)
    assert (newest.event, newest.actor_name, newest.on_behalf_of) == ("account.reactivated", "Mia Rock", seat.name)
    assert (oldest.event, oldest.actor_name, oldest.on_behalf_of) == ("account.suspended", "nightly job", "")


def test_a_timeline_is_cut_to_its_length_and_its_account(session, now):
    account, other = AccountFactory(), AccountFactory()
    for _time in range(5):
        record(Target("ticket", "T-1"), "ticket.answered", now=now, account_id=account.id)
    record(Target("ticket", "T-1"), "ticket.answered", now=now, account_id=other.id)
    assert len(timeline_of("ticket", "T-1", account_id=account.id, limit=3)) == 3
    assert len(timeline_of("ticket", ["T-1", "T-2"])) == 6
    assert timeline_of("ticket", "T-3") == []


def test_an_export_is_recorded_with_its_filters(session, now):
    account = AccountFactory()
    details = {"slug": "invoices", "format": "csv", "filters": {"status": "unpaid"}}
    with unit_of_work():
        record_export(details, account_id=account.id, actor=JOB, now=now)
    (row,) = rows(session)
    assert (row.event, row.target_key, row.after) == ("list.exported", "invoices", details)


def test_a_row_that_is_not_written_yet_can_be_named(session, now):
    account = Account(
        client_id="30001", name="New Company", billing_name="New", country="US", currency="USD", created_at=now
    )
    session.add(account)
    assert target_of(account) == ("account", "30001")
    assert account.id is not None


def test_what_happened_lately_leaves_out_who_came_and_went(session, now: dt.datetime) -> None:
    member = MemberFactory()
    session.flush()
    record_event("member.enabled", member, actor=JOB, now=now)
    record_event("person.signed_in", member, actor=JOB, now=now)
    assert [found.event for found in latest_events(account_id=member.account_id)] == ["member.enabled"]
