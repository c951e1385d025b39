"""The demo: who is in it, that its books are right, and that it is the same each time."""

from __future__ import annotations

import datetime as dt
import enum
import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from domain.permissions import MemberRole, StaffRole
from extensions import db
from models import (
    Account,
    AccountStatus,
    AuditEvent,
    CreditNote,
    FinancingRequest,
    Invoice,
    ItemTransfer,
    License,
    LicenseItem,
    LicenseStatus,
    Member,
    MemberInvitation,
    MemberStatus,
    Message,
    Notification,
    NotificationDelivery,
    Order,
    PayApproval,
    Payment,
    PaymentMethod,
    Person,
    Product,
    ResourceArticle,
    StaffMember,
    StatementLine,
    Subscription,
    SubscriptionChange,
    Ticket,
    TicketType,
    TotpFactor,
)
from models.account import SuspensionCause
from models.ledger import LedgerAccountKind
from models.order import OrderKind
from services.audit import verify_chain
from services.books import check_books
from services.demo import PASSWORD, SIGN_INS, demo_is_loaded, load_demo
from services.ledger import balance_of
from services.passwords import passwords
from services.unit_of_work import unit_of_work
from tests.conftest import Stage, close_connections, plain_app, settings_for
from tests.support.databases import SqliteFile
from tests.support.surroundings import POSTGRESQL

pytestmark = pytest.mark.slow

NOW = dt.datetime(2026, 5, 15, 9, 30, tzinfo=dt.UTC)

# What has to be random, and what holds row numbers: these differ from database to database.
RANDOM = frozenset(
    {"password_hash", "last_hash", "token_hash", "message_id", "text", "html", "hash", "previous_hash", "chain"}
)
KEYED_BY_ROW_NUMBER = frozenset({"idempotency_key", "target_key", "key", "payload"})


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def loaded(request: pytest.FixtureRequest, stage: Stage) -> Iterator[Flask]:
    """An app on a database with the demo, loaded once for all tests here: they only read."""
    if request.param == "postgresql":
        POSTGRESQL.require()
    database = stage.clean(request.param)
    app = stage.app("plain", database, plain_app)
    load_into(app, NOW)
    yield app
    stage.leave(database)


@pytest.fixture
def demo(loaded: Flask) -> Iterator[None]:
    """The context in which the tests read the loaded demo."""
    with loaded.app_context():
        yield
        db.session.rollback()


@pytest.fixture(scope="module")
def loaded_again(tmp_path_factory: pytest.TempPathFactory, stage: Stage) -> Iterator[Flask]:
    """The demo in another database."""
    folder = tmp_path_factory.mktemp("again")
    database = SqliteFile.make(folder, stage.make_tables)
    database.clean()
    app = plain_app(settings_for(database, folder))
    load_into(app, NOW)
    yield app
    close_connections(app)


def load_into(app: Flask, now: dt.datetime) -> None:
    with app.app_context():
        with unit_of_work():
            assert load_demo(now=now)
        db.session.remove()


def account(client_id: str) -> Account:
    return db.session.scalars(select(Account).where(Account.client_id == client_id)).one()


def number_of(model: type[Any], *where: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model).where(*where)) or 0


def every_row(app: Flask) -> dict[str, list[str]]:
    """All rows of all tables as text, without row numbers and without what has to be random."""
    with app.app_context():
        dump = {}
        for table in db.metadata.sorted_tables:
            left_out = RANDOM | (
                KEYED_BY_ROW_NUMBER if table.name in ("ledger_entry", "audit_event", "audit_chain", "job") else set()
            )
            kept = [
                column
                for column in table.columns
                if not column.primary_key and not column.foreign_keys and column.name not in left_out
            ]
            rows = db.session.execute(select(*kept)) if kept else []
            dump[table.name] = sorted(repr([_said(value) for value in row]) for row in rows)
        db.session.rollback()
        return dump


def _said(value: Any) -> Any:
    """JSON in one order of its keys: PostgreSQL keeps another one than SQLite."""
    return json.dumps(value, sort_keys=True) if isinstance(value, dict) else value


# The cast


def test_the_four_accounts_of_the_contract_are_there(demo: None) -> None:
    cast = {number: account(number) for number in ("10001", "10002", "10003", "10004")}
    assert [each.name for each in cast.values()] == ["Acme Telecom", "Borealis Hosting", "Cirrus Voice", "Delta Dental"]
    acme, borealis, cirrus, delta = cast.values()
    assert (acme.country, acme.currency, acme.payment_mode.value) == ("US", "USD", "postpaid")
    assert acme.transfers_allowed
    assert acme.support_contract_until is not None
    assert acme.support_contract_until > NOW.date()
    assert (borealis.country, borealis.currency, borealis.payment_mode.value) == ("DE", "EUR", "prepaid")
    assert borealis.vat_id
    assert borealis.support_contract_until is not None
    assert borealis.support_contract_until < NOW.date()
    assert (cirrus.country, cirrus.currency, cirrus.parent_account_id) == ("US", "USD", acme.id)
    assert (delta.status, delta.suspension_cause) == (AccountStatus.SUSPENDED, SuspensionCause.DEBT)


def test_delta_owes_money(demo: None) -> None:
    delta = account("10004")
    assert balance_of(LedgerAccountKind.RECEIVABLE, account_id=delta.id, currency="USD") < 0
    assert number_of(Invoice, Invoice.account_id == delta.id, Invoice.can_pay, Invoice.due_on < NOW.date()) > 0


def test_everybody_of_the_cast_has_the_password_and_no_second_factor(demo: None) -> None:
    people = {person.email: person for person in db.session.scalars(select(Person))}
    assert set(SIGN_INS) <= set(people)
    for email in SIGN_INS:
        assert passwords.check(people[email].password_hash, PASSWORD), email
        assert not people[email].must_change_password
    assert number_of(TotpFactor) == 0


def test_acme_has_one_member_for_each_role_and_one_without_any(demo: None) -> None:
    found = select(Member, Person.email).join(Person, Person.id == Member.person_id)
    rows = db.session.execute(found.where(Member.account_id == account("10001").id)).all()
    held = {}
    for member, email in rows:
        db.session.refresh(member, ["role_grants"])
        held[email.split("@")[0]] = member.roles
        assert member.status is MemberStatus.ENABLED
    expected = {role.value.replace("_", "-"): {role} for role in MemberRole}
    expected["chat"] = expected.pop("support-chat")
    expected["releases"] = expected.pop("release-manager")
    assert held == {**expected, "none": set()}


def test_a_payment_of_acme_waits_for_its_owner(demo: None) -> None:
    approval = db.session.scalars(select(PayApproval).where(PayApproval.account_id == account("10001").id)).one()
    member = db.session.get_one(Member, approval.member_id)
    assert approval.is_open
    assert member.pay_limit is not None
    assert approval.amount > member.pay_limit


def test_an_invitation_is_open(demo: None) -> None:
    assert number_of(MemberInvitation, MemberInvitation.is_open, MemberInvitation.expires_at > NOW) >= 1


def test_staff_hold_one_role_each(demo: None) -> None:
    found = select(Person.email, StaffMember.role).join(Person, Person.id == StaffMember.person_id)
    assert {email.split("@")[0]: role for email, role in db.session.execute(found)} == {
        "admin": StaffRole.ADMINISTRATOR,
        "finance": StaffRole.BILLING,
        "sales": StaffRole.SALES,
        "agent": StaffRole.SUPPORT_AGENT,
        "auditor": StaffRole.AUDITOR,
    }


def test_forty_others_follow_the_cast_without_gaps(demo: None) -> None:
    ids = sorted(db.session.scalars(select(Account.client_id)))
    assert len(ids) >= 44
    assert ids == [str(10001 + place) for place in range(len(ids))]


# What can be tried


def test_acme_can_transfer_items_between_equal_packages(demo: None) -> None:
    acme = account("10001")
    found = (
        select(License.package_id, func.count(License.id.distinct()))
        .join(LicenseItem, LicenseItem.license_id == License.id)
        .where(License.account_id == acme.id, License.status == LicenseStatus.ACTIVE, LicenseItem.quantity > 0)
        .group_by(License.package_id)
    )
    assert max(count for _, count in db.session.execute(found)) >= 3
    assert number_of(ItemTransfer, ItemTransfer.account_id == acme.id) == 1


def test_acme_can_pay_an_invoice_from_its_balance_and_cirrus_cannot(demo: None) -> None:
    acme, cirrus = account("10001"), account("10003")
    due = {
        each.id: db.session.scalars(
            select(Invoice.amount_due).where(Invoice.account_id == each.id, Invoice.can_pay)
        ).all()
        for each in (acme, cirrus)
    }
    assert due[acme.id]
    assert balance_of(LedgerAccountKind.FUNDS, account_id=acme.id, currency="USD") >= sum(due[acme.id])
    assert due[cirrus.id]
    assert balance_of(LedgerAccountKind.FUNDS, account_id=cirrus.id, currency="USD") < min(due[cirrus.id])


def test_licenses_have_any_number_of_resets_left_and_many_are_locked(demo: None) -> None:
    assert set(db.session.scalars(select(License.resets_left).distinct())) == {0, 1, 2, 3}
    assert number_of(License, License.can_reset) >= 10


def test_something_is_overdue_and_something_expires_soon(demo: None) -> None:
    soon = NOW.date() + dt.timedelta(days=30)
    assert number_of(Invoice, Invoice.can_pay, Invoice.due_on < NOW.date()) >= 5
    assert number_of(License, License.expires_on.between(NOW.date(), soon)) >= 3
    assert number_of(PaymentMethod, PaymentMethod.expires_on.between(NOW.date(), soon)) >= 1
    assert number_of(PaymentMethod, PaymentMethod.expires_on < NOW.date()) >= 1


def test_nothing_happened_in_the_future(demo: None) -> None:
    for model in (Account, Invoice, Payment, Ticket, Message, License, Subscription, Order, CreditNote):
        newest = db.session.scalar(select(func.max(model.created_at)))
        assert newest is not None
        assert newest <= NOW, model.__name__
    assert (db.session.scalar(select(func.max(AuditEvent.at))) or NOW) <= NOW


def test_documents_go_back_three_years(demo: None) -> None:
    oldest = db.session.scalar(select(func.min(Invoice.issued_on)))
    assert oldest is not None
    assert (NOW.date() - oldest).days > 2 * 365 + 300


def test_nobody_but_staff_sees_internal_notes_and_there_are_some(demo: None) -> None:
    assert number_of(Message, Message.internal) >= 5
    assert number_of(Message, Message.internal, Message.from_staff.is_(False)) == 0


@pytest.mark.parametrize(
    ("column", "missing"),
    [
        (Account.status, set()),
        (Account.payment_mode, set()),
        (Account.pricing_model, set()),
        (Member.status, set()),
        (Member.type, set()),
        (License.kind, set()),
        (License.status, set()),
        (License.duration, set()),
        (Subscription.status, set()),
        (Subscription.period, set()),
        (SubscriptionChange.kind, set()),
        (Order.status, set()),
        (Order.kind, {OrderKind.IMPORTED}),
        (Invoice.status, set()),
        (CreditNote.reason, set()),
        (Payment.method, set()),
        (Payment.status, set()),
        (PaymentMethod.kind, set()),
        (PaymentMethod.status, set()),
        (StatementLine.kind, set()),
        (Ticket.status, set()),
        (Ticket.priority, set()),
        (Notification.kind, set()),
        (Product.kind, set()),
        (ResourceArticle.kind, set()),
        (FinancingRequest.status, set()),
    ],
    ids=lambda value: f"{value.class_.__name__}.{value.key}" if hasattr(value, "class_") else "",
)
def test_every_value_of_a_choice_is_there(demo: None, column: Any, missing: set[enum.StrEnum]) -> None:
    there = set(db.session.scalars(select(column).distinct()))
    assert set(column.type.enum_class) - there == missing


def test_there_are_tickets_of_every_type_and_an_escalation_names_its_ticket(demo: None) -> None:
    used = select(TicketType.key).join(Ticket, Ticket.ticket_type_id == TicketType.id).distinct()
    assert set(db.session.scalars(used)) == {"general", "emergency", "escalation", "failed-payment", "financing"}
    assert number_of(Ticket, Ticket.escalated_from_id.is_not(None)) == 1


# The books, the audit, the mails


def test_the_books_are_right(demo: None) -> None:
    assert check_books() == []


def test_every_audit_chain_holds(demo: None) -> None:
    broken = [each for each in (None, *db.session.scalars(select(Account.id))) if verify_chain(each) is not None]
    assert broken == []


def test_secrets_of_mails_that_went_out_are_blanked(demo: None) -> None:
    sent = NotificationDelivery.sent_at.is_not(None)
    written = (NotificationDelivery.text != "") | NotificationDelivery.html.is_not(None)
    assert number_of(NotificationDelivery, sent, NotificationDelivery.secret, written) == 0
    assert number_of(NotificationDelivery, sent) > 10


# Once, and the same each time


def test_a_second_load_changes_nothing(loaded: Flask) -> None:
    before = every_row(loaded)
    with loaded.app_context(), unit_of_work():
        assert demo_is_loaded()
        assert not load_demo(now=NOW + dt.timedelta(days=30))
    assert every_row(loaded) == before


def test_two_databases_get_the_same_rows(loaded: Flask, loaded_again: Flask) -> None:
    first, second = every_row(loaded), every_row(loaded_again)
    differing = {table: set(first[table]) ^ set(second[table]) for table in first if first[table] != second[table]}
    assert differing == {}
