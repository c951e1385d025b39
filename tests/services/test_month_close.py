"""Closing months: in order, once, never while something is wrong, and nothing is booked into a closed one."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select, update

from extensions import db
from models import Account, Invoice, MonthClose, Payment
from services.closed_months import MonthClosed
from services.month_close import (
    BooksBroken,
    MonthNotOver,
    MonthNotReadable,
    MonthOutOfOrder,
    PaymentsBeingChecked,
    close_month,
    next_month_to_close,
)
from services.statements import NewLine, write_statement_line
from tests.factories.money import PaymentFactory
from tests.factories.people import AccountFactory
from tests.services.money import CLERK, fund, issued, rows_of

JUNE = dt.datetime(2026, 6, 10, 9, tzinfo=dt.UTC)


@pytest.fixture
def account(session) -> Account:
    return AccountFactory(currency="USD")


@pytest.fixture
def may(account, now):
    """A month with an invoice and a payment."""
    issued(account, now)
    fund(account, 4_000, now)
    db.session.commit()


def close(month="2026-05", at=JUNE) -> MonthClose:
    return close_month(month, actor=CLERK, now=at)


def test_a_month_is_closed_with_its_totals(may):
    assert close().totals == {"USD": {"invoice": -10_000, "payment": 4_000}}


def test_nothing_is_booked_into_a_closed_month_any_more(account, may, now):
    close()
    db.session.commit()
    for act in (lambda: issued(account, now), lambda: fund(account, 100, now)):
        with pytest.raises(MonthClosed):
            act()
        db.session.rollback()
    fund(account, 100, JUNE)


def test_without_the_guard_a_closed_month_takes_bookings(account, may, now, monkeypatch):
    """The proof that the guard is what holds."""
    close()
    monkeypatch.setattr("services.statements.refuse_closed", lambda _days: None)
    fund(account, 100, now)
    assert rows_of(Payment) == 2


def test_a_month_is_closed_once_and_the_next_one_follows(account, may):
    close()
    with pytest.raises(MonthOutOfOrder):
        close()
    assert next_month_to_close(now=JUNE) is None
    july = JUNE + dt.timedelta(days=30)
    assert next_month_to_close(now=july) == "2026-06"
    assert close("2026-06", july).month == "2026-06"


def test_a_month_that_is_not_the_next_one_is_refused(may):
    with pytest.raises(MonthOutOfOrder):
        close("2026-04")


@pytest.mark.parametrize("month", ["2026-06", "2026-12"])
def test_a_month_that_is_not_over_is_refused(may, month):
    with pytest.raises(MonthNotOver):
        close(month)


@pytest.mark.parametrize("month", ["", "2026", "2026-13", "2026-5", "may", "2026-05-01"])
def test_what_is_no_month_is_refused(may, month):
    with pytest.raises(MonthNotReadable):
        close(month)


def test_a_payment_that_is_being_checked_keeps_its_month_open(account, may, now):
    PaymentFactory(account=account, currency="USD", status="being_checked", received_on=now.date(), settled_at=None)
    with pytest.raises(PaymentsBeingChecked):
        close()


def test_books_that_are_not_right_are_not_closed(account, may):
    db.session.execute(update(Invoice).values(net_total=Invoice.net_total - 1, tax_total=Invoice.tax_total + 1))
    with pytest.raises(BooksBroken):
        close()
    assert rows_of(MonthClose) == 0


def test_a_line_of_an_open_month_is_written(account, may):
    close()
    line = NewLine(account.id, "credit_given", 5, "USD", "x", "x", JUNE.date())
    assert write_statement_line(line, now=JUNE).amount == 5
    assert db.session.scalars(select(MonthClose.month)).all() == ["2026-05"]
