"""Credit limits: granted, replaced, removed, ended by themselves, and how far they let a balance go."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from sqlalchemy import select, true, update

from domain.money import LARGEST_AMOUNT, AmountTooLarge
from domain.postings import LedgerAccountKind
from extensions import db
from models import Account, CreditLimit, CreditReason, Invoice, LedgerAccount, PaymentKind, PaymentMode
from services.audit import timeline_of
from services.books import check_books
from services.credit import take_back_credit
from services.credit_limits import (
    LastDayOutOfRange,
    LimitNotPositive,
    NoLimitToRemove,
    PostpaidNeedsLimit,
    accounts_with_ended_limits,
    put_ended_limits_away,
    remove_credit_limit,
    set_credit_limit,
)
from services.credit_notes import issue_credit_note
from services.invoices import pay_invoice_from_balance
from services.ledger import NotEnoughFunds
from services.payments import record_received_payment
from services.people import NotWhileLoggedInAs
from services.refunds import refund_payment
from services.unit_of_work import unit_of_work
from services.usable_credit import figures_of
from tests.factories.people import AccountFactory
from tests.services.money import CLERK, assert_books_balance, fund, funds, issued, receivable
from tests.support.parallel import AT_ONCE, at_once, refusals

DAY = dt.timedelta(days=1)


@pytest.fixture
def account(session) -> Account:
    """Prepaid, with nothing on it."""
    return AccountFactory()


def grant(account, amount, now, last_day=None):
    return set_credit_limit(account, amount=amount, last_day=last_day, actor=CLERK, now=now)


def limit_and_usable(account, now):
    figures = figures_of(account.id, day=now.date())
    return figures.limit, figures.usable


def minimum(account):
    pot = select(LedgerAccount.minimum).where(
        LedgerAccount.account_id == account.id, LedgerAccount.kind == LedgerAccountKind.FUNDS
    )
    return db.session.scalar(pot)


def test_a_limit_comes_on_top_of_the_balance_and_is_told_in_the_history(account, now):
    fund(account, 2_000, now)
    set_credit_limit(account, amount=5_000, reason="Pays well", actor=CLERK, now=now)
    assert limit_and_usable(account, now) == (5_000, 7_000)
    told = timeline_of("account", account.client_id)[0]
    assert (told.event, told.before["limit"], told.after["limit"], told.after["reason"]) == (
        "account.credit_limit_changed",
        0,
        5_000,
        "Pays well",
    )


def test_a_new_permanent_limit_takes_the_place_of_the_old_one(account, now):
    grant(account, 5_000, now)
    grant(account, 3_000, now)
    assert limit_and_usable(account, now) == (3_000, 3_000)
    assert [row.withdrawn_at is None for row in db.session.scalars(select(CreditLimit).order_by(CreditLimit.id))] == [
        False,
        True,
    ]


def test_a_temporary_limit_counts_through_its_last_day_and_then_ends_by_itself(account, now):
    grant(account, 1_000, now)
    grant(account, 5_000, now, last_day=now.date() + DAY)
    assert limit_and_usable(account, now) == (5_000, 5_000)
    assert limit_and_usable(account, now + DAY) == (5_000, 5_000)
    assert limit_and_usable(account, now + 2 * DAY) == (1_000, 1_000)


@pytest.mark.parametrize(
    ("amount", "days", "refusal"),
    [
        (0, None, LimitNotPositive),
        (-1, None, LimitNotPositive),
        (LARGEST_AMOUNT + 1, None, AmountTooLarge),
        (1, -1, LastDayOutOfRange),
        (1, 3661, LastDayOutOfRange),
    ],
)
def test_limits_that_make_no_sense_are_refused(account, now, amount, days, refusal):
    last_day = None if days is None else now.date() + dt.timedelta(days=days)
    with pytest.raises(refusal):
        grant(account, amount, now, last_day)
    assert limit_and_usable(account, now) == (0, 0)


def test_nobody_who_is_logged_in_as_a_member_grants_credit(account, now):
    stand_in = replace(CLERK, on_behalf_of_id=1)
    with pytest.raises(NotWhileLoggedInAs):
        set_credit_limit(account, amount=1, actor=stand_in, now=now)
    with pytest.raises(NotWhileLoggedInAs):
        remove_credit_limit(account, actor=stand_in, now=now)


def test_a_removed_limit_counts_no_more_and_there_is_none_to_remove_again(account, now):
    grant(account, 1_000, now)
    grant(account, 5_000, now, last_day=now.date())
    remove_credit_limit(account, reason="Contract ended", actor=CLERK, now=now)
    assert (limit_and_usable(account, now), minimum(account)) == ((0, 0), 0)
    with pytest.raises(NoLimitToRemove):
        remove_credit_limit(account, actor=CLERK, now=now)


def test_a_postpaid_account_keeps_its_limit(account, now):
    grant(account, 1_000, now)
    account.payment_mode = PaymentMode.POSTPAID
    db.session.flush()
    with pytest.raises(PostpaidNeedsLimit):
        remove_credit_limit(account, actor=CLERK, now=now)


# How far the balance may go.


def test_a_prepaid_account_pays_down_to_its_limit_and_not_a_cent_further(account, now):
    fund(account, 4_000, now)
    grant(account, 6_000, now)
    pay_invoice_from_balance(issued(account, now, net=10_000), actor=CLERK, now=now)
    assert (funds(account), limit_and_usable(account, now)) == (-6_000, (6_000, 0))
    one_more = issued(account, now, net=1)
    db.session.commit()
    with pytest.raises(NotEnoughFunds, match=r"What is usable is 0\.00 USD.* 0\.01 USD are missing"), unit_of_work():
        pay_invoice_from_balance(one_more, actor=CLERK, now=now)
    assert_books_balance()
    assert check_books() == []


def test_once_a_limit_ended_nothing_more_is_spent_and_what_was_spent_stays_owed(account, now):
    grant(account, 6_000, now, last_day=now.date())
    pay_invoice_from_balance(issued(account, now, net=5_000), actor=CLERK, now=now)
    invoice = issued(account, now, net=1)
    db.session.commit()
    with pytest.raises(NotEnoughFunds), unit_of_work():
        pay_invoice_from_balance(invoice, actor=CLERK, now=now + DAY)
    assert (funds(account), limit_and_usable(account, now + DAY), check_books()) == (-5_000, (0, -5_000), [])


def test_the_job_puts_ended_limits_away_and_lets_the_balance_stand_where_it_is(account, now):
    grant(account, 6_000, now, last_day=now.date())
    pay_invoice_from_balance(issued(account, now, net=2_000), actor=CLERK, now=now)
    assert (minimum(account), accounts_with_ended_limits(now=now)) == (-6_000, [])
    assert accounts_with_ended_limits(now=now + DAY) == [account.id]
    assert put_ended_limits_away(account.id, now=now + DAY) == 1
    assert (minimum(account), accounts_with_ended_limits(now=now + DAY)) == (-2_000, [])
    assert put_ended_limits_away(account.id, now=now + DAY) == 0


def test_the_limit_of_a_postpaid_account_pays_no_invoice(account, now):
    grant(account, 6_000, now)
    account.payment_mode = PaymentMode.POSTPAID
    db.session.flush()
    with pytest.raises(NotEnoughFunds):
        pay_invoice_from_balance(issued(account, now, net=1), actor=CLERK, now=now)


def test_credit_is_for_spending_and_is_neither_refunded_nor_taken_back(account, now):
    grant(account, 6_000, now)
    fund(account, 4_000, now)
    pay_invoice_from_balance(issued(account, now, net=3_000), actor=CLERK, now=now)
    payment = record_received_payment(
        account, amount=500, currency="USD", method=PaymentKind.CHEQUE, received_on=now.date(), actor=CLERK, now=now
    )
    with pytest.raises(NotEnoughFunds):
        take_back_credit(account, amount=1_501, reason="x", actor=CLERK, now=now)
    pay_invoice_from_balance(issued(account, now, net=1_400), actor=CLERK, now=now)
    with pytest.raises(NotEnoughFunds):
        refund_payment(payment, amount=101, reason="x", key="k", actor=CLERK, now=now)


def test_money_that_comes_in_fills_a_balance_below_zero_before_it_pays_invoices(account, now):
    grant(account, 6_000, now)
    pay_invoice_from_balance(issued(account, now, net=5_000), actor=CLERK, now=now)
    invoice = issued(account, now, net=10_000)
    fund(account, 8_000, now)
    assert (funds(account), invoice.amount_due, receivable(account)) == (0, 7_000, -7_000)
    fund(account, 8_000, now)
    assert (funds(account), db.session.get_one(Invoice, invoice.id).amount_due) == (1_000, 0)
    assert check_books() == []


def test_an_invoice_that_is_named_is_paid_also_below_zero_and_after_the_limit_ended(account, now):
    grant(account, 6_000, now, last_day=now.date())
    pay_invoice_from_balance(issued(account, now, net=5_000), actor=CLERK, now=now)
    invoice, later = issued(account, now, net=10_000), now + DAY
    put_ended_limits_away(account.id, now=later)
    record_received_payment(
        account, amount=10_000, currency="USD", method=PaymentKind.CHEQUE, received_on=now.date(), invoices=[invoice],
        actor=CLERK, now=later,
    )  # fmt: skip
    assert (funds(account), invoice.amount_due, check_books()) == (-5_000, 0, [])


def test_a_credit_note_fills_a_balance_below_zero(account, now):
    grant(account, 6_000, now)
    invoice = pay_invoice_from_balance(issued(account, now, net=5_000), actor=CLERK, now=now)
    issue_credit_note(invoice, reason=CreditReason.GOODWILL, amount=2_000, actor=CLERK, now=now)
    assert (funds(account), check_books()) == (-3_000, [])


def test_sixteen_who_pay_on_credit_at_once_stay_within_the_limit(account, now, monkeypatch):
    """With no row locked: the guard of the pot has to do it alone."""
    grant(account, 5_000, now)
    invoices = [issued(account, now, net=1_000).id for _ in range(AT_ONCE)]
    monkeypatch.setattr("services.ledger.lock_accounts", lambda _ids: None)
    monkeypatch.setattr("services.paying.balance.lock_accounts", lambda _ids: None)
    account_id = account.id
    results = at_once(
        lambda place: pay_invoice_from_balance(db.session.get_one(Invoice, invoices[place]), actor=CLERK, now=now).id
    )
    assert len(refusals(results)) == AT_ONCE - 5
    assert (funds(db.session.get_one(Account, account_id)), check_books()) == (-5_000, [])


def test_without_the_guard_the_limit_does_not_hold_and_the_books_say_so(account, now, monkeypatch):
    """The proof that the guard is what holds: the same as above without it. The database is told to let it pass."""
    grant(account, 5_000, now)
    monkeypatch.setattr("services.ledger._enough", lambda _moved, _lowest: true())
    db.session.execute(update(LedgerAccount).values(minimum=None))
    for _ in range(6):
        pay_invoice_from_balance(issued(account, now, net=1_000), actor=CLERK, now=now)
    assert funds(account) == -6_000
    assert [finding.invariant for finding in check_books()] == ["Balances are within their credit limits"]
