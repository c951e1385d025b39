"""Prepaid and postpaid: the switch, what was used, and its bill after the month."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from extensions import db
from models import Account, Invoice, PaymentMode, UnbilledCharge
from services.accounts import FieldNotEditable, update_account
from services.audit import timeline_of
from services.books import check_books
from services.credit_limits import PostpaidNeedsLimit, set_credit_limit
from services.credit_reservations import reserve_credit, spend_reservation
from services.invoices import InvoiceLineValues, pay_invoice_from_balance
from services.payment_modes import PaymentModeAlready, switch_to_postpaid, switch_to_prepaid
from services.unbilled import accounts_to_bill, bill_month, bill_unbilled
from services.usable_credit import figures_of
from tests.factories.people import AccountFactory
from tests.services.money import CLERK, NINETEEN_PERCENT, funds, issued, rows_of
from tests.support.parallel import AT_ONCE, at_once, refusals

DAY = dt.timedelta(days=1)


@pytest.fixture
def account(session) -> Account:
    return AccountFactory()


@pytest.fixture
def postpaid(account, now) -> Account:
    """Postpaid, with a limit of 100.00."""
    set_credit_limit(account, amount=10_000, actor=CLERK, now=now)
    return switch_to_postpaid(account, actor=CLERK, now=now)


def use(account, net, now, key, tax_rate=0):
    line = InvoiceLineValues(f"Calls {key}", unit_price=net, tax_rate=tax_rate)
    held = reserve_credit(account, amount=net * 2, purpose="Calls", key=key, actor=CLERK, now=now)
    spend_reservation(held, [line], actor=CLERK, now=now)


def test_to_postpaid_a_limit_is_set_first(account, now):
    with pytest.raises(PostpaidNeedsLimit):
        switch_to_postpaid(account, actor=CLERK, now=now)
    set_credit_limit(account, amount=1, last_day=now.date(), actor=CLERK, now=now)
    with pytest.raises(PostpaidNeedsLimit):
        switch_to_postpaid(account, actor=CLERK, now=now + DAY)
    assert switch_to_postpaid(account, actor=CLERK, now=now).payment_mode is PaymentMode.POSTPAID
    assert timeline_of("account", account.client_id)[0].event == "account.payment_mode_changed"


def test_an_account_is_switched_once(postpaid, now):
    with pytest.raises(PaymentModeAlready):
        switch_to_postpaid(postpaid, actor=CLERK, now=now)
    switch_to_prepaid(postpaid, actor=CLERK, now=now)
    with pytest.raises(PaymentModeAlready):
        switch_to_prepaid(postpaid, actor=CLERK, now=now)


def test_sixteen_who_switch_at_once_switch_once(postpaid, now):
    account_id = postpaid.id
    results = at_once(lambda _: switch_to_prepaid(db.session.get_one(Account, account_id), actor=CLERK, now=now).id)
    assert len(refusals(results)) == AT_ONCE - 1


def test_the_mode_is_not_a_field_that_is_edited(account, now):
    with pytest.raises(FieldNotEditable):
        update_account(account, {"payment_mode": PaymentMode.POSTPAID}, actor=CLERK, now=now)


def test_a_balance_below_zero_is_due_once_the_account_is_postpaid(account, now):
    set_credit_limit(account, amount=10_000, actor=CLERK, now=now)
    pay_invoice_from_balance(issued(account, now, net=4_000), actor=CLERK, now=now)
    switch_to_postpaid(account, actor=CLERK, now=now)
    figures = figures_of(account.id, day=now.date())
    assert (figures.due, figures.usable, figures.current_balance, check_books()) == (-4_000, 10_000, -4_000, [])


def test_what_was_used_is_billed_with_the_switch_to_prepaid_so_that_no_limit_is_used_twice(postpaid, now):
    use(postpaid, 3_000, now, "1")
    switch_to_prepaid(postpaid, actor=CLERK, now=now)
    invoice = db.session.scalars(select(Invoice)).one()
    figures = figures_of(postpaid.id, day=now.date())
    assert type(figures.unbilled) is int
    assert (invoice.amount_due, figures.unbilled, figures.due, figures.usable) == (3_000, 0, -3_000, 10_000)


def test_the_months_that_are_over_are_billed_as_one_invoice_and_the_limit_begins_anew(postpaid, now):
    use(postpaid, 1_001, now, "1", NINETEEN_PERCENT)
    use(postpaid, 2_002, now + DAY, "2", NINETEEN_PERCENT)
    first = dt.datetime(2026, 6, 1, 0, 5, tzinfo=dt.UTC)
    assert list(accounts_to_bill(today=dt.date(2026, 5, 31))) == []
    assert list(accounts_to_bill(today=first.date())) == [postpaid.id]
    use(postpaid, 500, first, "3")
    invoice = bill_month(postpaid.id, actor=CLERK, now=first)
    assert (invoice.net_total, invoice.tax_total, invoice.description) == (
        3_003,
        571,
        "Used May 15, 2026 to May 16, 2026",
    )
    figures = figures_of(postpaid.id, day=first.date())
    assert (figures.unbilled, figures.due, figures.usable) == (-500, -3_574, 9_500)
    assert list(accounts_to_bill(today=first.date())) == []
    assert bill_month(postpaid.id, actor=CLERK, now=first) is None
    assert check_books() == []


def test_sixteen_who_bill_at_once_bill_once(postpaid, now):
    use(postpaid, 1_000, now, "1")
    account_id = postpaid.id
    at_once(lambda _: bill_unbilled(db.session.get_one(Account, account_id), actor=CLERK, now=now) and None)
    assert rows_of(Invoice) == 1
    assert db.session.scalars(select(UnbilledCharge.invoice_id)).one() is not None
    assert (funds(postpaid), check_books()) == (0, [])
