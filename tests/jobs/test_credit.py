"""What the clock does with credit: returns, puts away and bills, one after the other."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from extensions import db
from jobs.credit import limits, months, reservations
from jobs.registry import JobContext
from models import CreditLimit, Invoice
from services.credit_limits import set_credit_limit
from services.credit_reservations import reserve_credit, spend_reservation
from services.invoices import InvoiceLineValues
from services.payment_modes import switch_to_postpaid
from services.usable_credit import figures_of
from tests.factories.people import AccountFactory
from tests.services.money import CLERK


def at(moment):
    return JobContext(job_id=1, kind="credit", payload={}, now=moment)


@pytest.fixture
def postpaid(session, now):
    account = AccountFactory()
    set_credit_limit(account, amount=10_000, actor=CLERK, now=now)
    return switch_to_postpaid(account, actor=CLERK, now=now)


def test_reservations_that_are_over_are_returned(postpaid, now):
    reserve_credit(postpaid, amount=4_000, purpose="x", key="x", actor=CLERK, now=now)
    db.session.commit()
    assert reservations(at(now)) == {}
    assert reservations(at(now + dt.timedelta(hours=1))) == {"returned": 1}
    assert figures_of(postpaid.id, day=now.date()).reserved == 0


def test_limits_that_ended_are_put_away(postpaid, now):
    set_credit_limit(postpaid, amount=20_000, last_day=now.date(), actor=CLERK, now=now)
    db.session.commit()
    assert limits(at(now)) == {}
    assert limits(at(now + dt.timedelta(days=1))) == {"put_away": 1}
    withdrawn = db.session.scalars(select(CreditLimit.withdrawn_at).order_by(CreditLimit.id)).all()
    assert [moment is None for moment in withdrawn] == [True, False]


def test_months_that_are_over_are_billed_and_one_that_fails_does_not_stop_the_others(postpaid, now, monkeypatch):
    second = AccountFactory()
    set_credit_limit(second, amount=10_000, actor=CLERK, now=now)
    switch_to_postpaid(second, actor=CLERK, now=now)
    for account in (postpaid, second):
        held = reserve_credit(account, amount=4_000, purpose="x", key="x", actor=CLERK, now=now)
        spend_reservation(held, [InvoiceLineValues("Calls", unit_price=4_000)], actor=CLERK, now=now)
    db.session.commit()
    import jobs.credit

    bill, failing, second_id = jobs.credit.bill_month, postpaid.id, second.id

    def bill_all_but_one(account_id, **others):
        if account_id == failing:
            raise RuntimeError
        return bill(account_id, **others)

    monkeypatch.setattr(jobs.credit, "bill_month", bill_all_but_one)
    june = now + dt.timedelta(days=20)
    assert months(at(june)) == {"billed": 1, "failed": 1}
    assert db.session.scalars(select(Invoice.account_id)).all() == [second_id]
    monkeypatch.undo()
    assert months(at(june)) == {"billed": 1}
