"""Unpaid invoices: each step once, tries by the stored method, suspension and its lifting, and the ticket that closes itself."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from domain.invoices import InvoiceStatus
from extensions import db
from gateways.port import ChargeState
from gateways.registry import Gateways
from models import (
    Account,
    AccountStatus,
    DunningStep,
    Invoice,
    Message,
    NotificationDelivery,
    Payment,
    SuspensionCause,
    Ticket,
    TicketStatus,
)
from models.credit_note import CreditReason
from panel.kinds import date_text
from services import dunning, payment_tickets
from services.accounts import suspend_account
from services.books import check_books
from services.credit_notes import issue_credit_note
from services.dunning import accounts_suspended_for_debt, due_invoices, lift_suspension, take_steps
from services.paying.charging import carry_out
from services.paying.followers import followers
from services.settings import change_setting
from services.unit_of_work import unit_of_work
from tests.factories.money import PaymentMethodFactory
from tests.factories.people import AccountFactory, OwnerFactory
from tests.services.money import CLERK, fund, issued
from tests.support.scripted_gateway import ScriptedGateway, says
from tests.support.together import all_at_once

DUE_AFTER = 14


@pytest.fixture(autouse=True)
def _followed():
    before = list(followers)
    dunning.follow_payments()
    payment_tickets.follow_payments()
    yield
    followers[:] = before


@pytest.fixture
def account(session) -> Account:
    account = AccountFactory()
    OwnerFactory(account=account)
    return account


@pytest.fixture
def gateway() -> ScriptedGateway:
    return ScriptedGateway()


@pytest.fixture
def gateways(gateway) -> Gateways:
    return Gateways({"scripted": gateway})


def with_card(account) -> None:
    PaymentMethodFactory(account=account, gateway="scripted", is_default=True, expires_on=None)


def on_day(number, now) -> dt.datetime:
    """So many days after the due day."""
    return now + dt.timedelta(days=DUE_AFTER + number)


def look(gateways, at) -> None:
    """What the clock does."""
    db.session.commit()
    with unit_of_work():
        found = due_invoices(today=at.date())
    for invoice_id in found:
        with unit_of_work():
            payment_id = take_steps(invoice_id, gateways, actor=CLERK, now=at)
        if payment_id is not None:
            carry_out(payment_id, gateways, actor=CLERK, now=at)
    db.session.expire_all()


def steps() -> dict[str, str]:
    rows = db.session.scalars(select(DunningStep).order_by(DunningStep.id)).all()
    return {row.step: "done" if row.done_at else row.outcome["reason"] for row in rows}


def mails() -> list[str]:
    """What was mailed beside the documents themselves."""
    documents = ("invoice_issued", "credit_note_issued", "payment_received")
    told = select(NotificationDelivery.event).where(NotificationDelivery.event.not_in(documents))
    return list(db.session.scalars(told.order_by(NotificationDelivery.id)))


def test_an_invoice_that_stays_unpaid_goes_through_every_step_once(account, gateways, now):
    invoice = issued(account, now)
    for day in range(40):
        for _time in range(2):
            look(gateways, on_day(day, now))
    assert [name for name, how in steps().items() if how == "done"] == [
        "reminder_1",
        "reminder_2",
        "reminder_3",
        "final_warning",
        "suspension",
    ]
    assert mails() == [
        "invoice_reminder",
        "invoice_reminder",
        "invoice_reminder",
        "invoice_final_warning",
        "account_suspended_for_debt",
    ]
    db.session.refresh(account)
    assert (account.status, account.suspension_cause) == (AccountStatus.SUSPENDED, SuspensionCause.DEBT)
    assert invoice.status is InvoiceStatus.UNPAID


def test_without_a_stored_method_a_try_is_noted_as_passed_over(account, gateways, now):
    issued(account, now)
    look(gateways, on_day(0, now))
    look(gateways, on_day(1, now))
    assert steps() == {"charge": "no stored method", "retry_1": "no stored method", "reminder_1": "done"}


def test_on_the_due_day_the_stored_method_pays_without_a_reminder(account, gateway, gateways, now):
    with_card(account)
    invoice = issued(account, now)
    look(gateways, on_day(-1, now))
    assert (steps(), gateway.calls) == ({}, [])
    look(gateways, on_day(0, now))
    db.session.refresh(invoice)
    assert (invoice.status, steps(), mails()) == (InvoiceStatus.PAID, {"charge": "done"}, [])


def test_the_stored_method_pays_what_is_overdue(account, gateway, gateways, now):
    with_card(account)
    invoice = issued(account, now)
    look(gateways, on_day(1, now))
    db.session.refresh(invoice)
    assert (invoice.status, len(gateway.taken)) == (InvoiceStatus.PAID, 1)
    look(gateways, on_day(3, now))
    assert (len(gateway.taken), check_books()) == (1, [])


def test_one_ticket_tells_of_every_failure_and_closes_itself_when_the_invoice_is_paid(account, gateway, gateways, now):
    with_card(account)
    invoice = issued(account, now)
    gateway.answers = [says(ChargeState.DECLINED, code="51", message="The card has no money.")]
    for day in (1, 3, 7):
        look(gateways, on_day(day, now))
    (ticket,) = db.session.scalars(select(Ticket)).all()
    bodies = db.session.scalars(select(Message.body).order_by(Message.id)).all()
    assert (ticket.invoice_id, ticket.status, len(bodies)) == (invoice.id, TicketStatus.WAITING_FOR_CUSTOMER, 3)
    assert "The card has no money." in bodies[0]
    assert f"The next try is on {date_text(on_day(3, now).date(), 'en')}." in bodies[0]
    assert f"/pay/?invoice={invoice.number}" in bodies[0]
    assert "not tried again" in bodies[2]
    assert mails().count("payment_failed") == 3
    fund(account, 10_000, on_day(8, now))
    db.session.refresh(ticket)
    assert ticket.status is TicketStatus.SOLVED
    assert db.session.scalars(select(Message.body).order_by(Message.id.desc())).first().startswith("Invoice")


def test_a_failure_after_the_ticket_was_solved_opens_it_again(account, gateway, gateways, now):
    with_card(account)
    issued(account, now)
    gateway.answers = [says(ChargeState.DECLINED)]
    look(gateways, on_day(1, now))
    (ticket,) = db.session.scalars(select(Ticket)).all()
    from services.tickets import solve_ticket

    solve_ticket(ticket, actor=CLERK, now=now)
    look(gateways, on_day(3, now))
    (ticket,) = db.session.scalars(select(Ticket)).all()
    assert ticket.status is TicketStatus.WAITING_FOR_CUSTOMER


def suspended(account, gateways, now) -> Invoice:
    invoice = issued(account, now)
    look(gateways, on_day(21, now))
    look(gateways, on_day(28, now))
    db.session.refresh(account)
    assert account.status is AccountStatus.SUSPENDED
    return invoice


def test_who_pays_is_let_in_with_the_payment(account, gateways, now):
    suspended(account, gateways, now)
    fund(account, 10_000, on_day(30, now))
    db.session.refresh(account)
    assert (account.status, account.suspension_cause) == (AccountStatus.ACTIVE, None)
    assert mails()[-1] == "account_lifted"


def test_a_part_of_the_debt_does_not_let_in(account, gateways, now):
    suspended(account, gateways, now)
    fund(account, 9_999, on_day(30, now))
    db.session.refresh(account)
    assert account.status is AccountStatus.SUSPENDED


def test_a_credit_note_lets_in_when_the_clock_looks(account, gateways, now):
    invoice = suspended(account, gateways, now)
    issue_credit_note(
        invoice, reason=CreditReason.GOODWILL, amount=None, description="", remark=None, actor=CLERK, now=now
    )
    assert accounts_suspended_for_debt() == [account.id]
    assert lift_suspension(account.id, actor=CLERK, now=on_day(30, now)) is True
    assert lift_suspension(account.id, actor=CLERK, now=on_day(30, now)) is False


def test_a_suspension_by_staff_is_never_lifted_by_itself(account, gateways, now):
    issued(account, now)
    suspend_account(account, actor=CLERK, now=now, reason="Abuse")
    look(gateways, on_day(21, now))
    look(gateways, on_day(28, now))
    fund(account, 10_000, on_day(30, now))
    db.session.refresh(account)
    assert (account.status, account.suspension_cause) == (AccountStatus.SUSPENDED, SuspensionCause.STAFF)
    assert steps()["suspension"] == "the account is not active"


def test_after_a_pause_of_the_house_nobody_gets_a_bunch_of_mails_and_nobody_is_suspended_unwarned(
    account, gateways, now
):
    issued(account, now)
    look(gateways, on_day(60, now))
    assert mails() == ["invoice_final_warning"]
    look(gateways, on_day(66, now))
    db.session.refresh(account)
    assert account.status is AccountStatus.ACTIVE
    look(gateways, on_day(67, now))
    db.session.refresh(account)
    assert account.status is AccountStatus.SUSPENDED


def test_what_staff_decide_holds_from_the_next_look(account, gateways, now):
    issued(account, now)
    change_setting("dunning_reminder_days", "5", actor=CLERK, now=now)
    change_setting("dunning_suspension_days", "0", actor=CLERK, now=now)
    for day in range(60):
        look(gateways, on_day(day, now))
    assert mails() == ["invoice_reminder", "invoice_final_warning"]
    db.session.refresh(account)
    assert account.status is AccountStatus.ACTIVE


def test_a_paid_invoice_has_no_steps(account, gateways, now):
    issued(account, now)
    fund(account, 10_000, now)
    look(gateways, on_day(60, now))
    assert (steps(), mails()) == ({}, [])


def test_eight_runners_at_once_take_each_step_once_and_charge_once(account, gateway, gateways, now):
    with_card(account)
    invoice_id = issued(account, now).id

    def work(_number):
        with unit_of_work():
            payment_id = take_steps(invoice_id, gateways, actor=CLERK, now=on_day(1, now))
        if payment_id is not None:
            carry_out(payment_id, gateways, actor=CLERK, now=on_day(1, now))

    results = all_at_once(work, times=8)
    assert [each for each in results if each is not None] == []
    assert (len(gateway.taken), len(db.session.scalars(select(Payment)).all())) == (1, 1)
    assert mails().count("invoice_reminder") == 1
    assert check_books() == []
