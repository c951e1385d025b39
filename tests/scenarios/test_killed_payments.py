"""A web process is killed at every crash point of a payment, and the runner on top: both ledgers agree within a minute.

The minute is the promise of the house (nothing stays "being checked" for long), so it is the patience here.
"""

from __future__ import annotations

import datetime as dt
import signal
import subprocess
import sys

import pytest
from sqlalchemy import func, select

from extensions import db
from gateways.port import Means
from models import Invoice, Payment, PaymentMethodKind, PaymentStatus
from services.books import check_books
from tests.factories.money import PaymentMethodFactory
from tests.factories.people import AccountFactory
from tests.services.money import funds, issued
from tests.support.paying_program import POINTS
from tests.support.runner_process import ROOT, RunnerProcess, wait_for
from tests.support.till import TILLS

PROMISED_SECONDS = 60.0
KINDS = {Means.CARD: PaymentMethodKind.CARD, Means.PAYPAL_AGREEMENT: PaymentMethodKind.BILLING_AGREEMENT}
OPEN = (PaymentStatus.PENDING, PaymentStatus.BEING_CHECKED)


def statuses() -> dict[str, PaymentStatus]:
    """By the point at which the payer's process died."""
    db.session.rollback()
    found = select(Payment.idempotency_key, Payment.status)
    return {key.removeprefix("killed "): status for key, status in db.session.execute(found)}


@pytest.fixture(params=TILLS)
def till(request, database, tmp_path):
    """Every gateway; what differs between the databases is the house's, and proved with one of them."""
    if request.param != "stripe" and not database.url.startswith("sqlite"):
        pytest.skip("the house is the same: one gateway is enough on the second database")
    with TILLS[request.param](tmp_path) as opened:
        yield opened


@pytest.mark.slow
def test_after_a_kill_at_every_point_both_ledgers_agree_within_a_minute(session, database, till, tmp_path):
    runner = RunnerProcess(database.url, tmp_path, **till.settings)
    account = AccountFactory(currency=till.currency)
    refs = till.stored().method
    method = PaymentMethodFactory(
        account=account,
        kind=KINDS[till.stored_means],
        gateway=till.gateway.name,
        gateway_customer_ref=refs.customer_ref,
        gateway_method_ref=refs.method_ref,
        expires_on=None,
    )
    invoices = {point: issued(account, dt.datetime.now(dt.UTC)).id for point in POINTS}
    account_id, method_id = account.id, method.id
    db.session.commit()
    for point, invoice_id in invoices.items():
        command = [sys.executable, "-m", "tests.support.paying_program", point, str(invoice_id), str(method_id)]
        died = subprocess.run(command, cwd=ROOT, env=runner.environ, capture_output=True, check=False)
        assert died.returncode == -signal.SIGKILL, (point, died.stderr.decode()[-2000:])
    assert len(statuses()) == len(POINTS)
    assert till.provider.taken() == 3 * 10_000
    runner.start()
    wait_for(lambda: "check_payments" in runner.said(), what="the first look")
    runner.kill()
    runner.start()
    try:
        wait_for(
            lambda: not [each for each in statuses().values() if each in OPEN],
            what="the end of every payment",
            patience=PROMISED_SECONDS,
        )
    finally:
        runner.kill()
    assert statuses() == {
        "before attempt": PaymentStatus.FAILED,
        "before call": PaymentStatus.FAILED,
        "after call": PaymentStatus.SETTLED,
        "in outcome": PaymentStatus.SETTLED,
        "after outcome": PaymentStatus.SETTLED,
    }
    booked = select(func.sum(Payment.amount)).where(Payment.settled_at.is_not(None))
    assert db.session.scalar(booked) == till.provider.taken()
    due = dict(db.session.execute(select(Invoice.id, Invoice.amount_due)).all())
    unpaid = {point for point, invoice_id in invoices.items() if due[invoice_id]}
    assert unpaid == {"before attempt", "before call"}
    assert funds(db.session.get_one(type(account), account_id)) == 0
    assert check_books() == []
