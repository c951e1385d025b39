"""Processes are killed at every crash point of a refund and of storing a card, and the runner on top.

As with payments, the house promises that both ledgers agree within a minute, so a minute is the patience here. A card
whose page nobody came back from is looked for after a minute, and the runner does so once a minute.
"""

from __future__ import annotations

import datetime as dt
import signal
import subprocess
import sys

import pytest
from sqlalchemy import select, update

from extensions import db
from gateways.registry import Gateways
from models import PaymentKind, PaymentMethod, PaymentMethodKind, PaymentMethodStatus, Refund
from models.payment import RefundStatus
from services.books import check_books
from services.paying.charging import carry_out, finish
from services.paying.intents import Wanted, begin_payment
from services.payment_methods import begin_storing, open_page
from services.refunds import refund_payment
from services.unit_of_work import unit_of_work
from tests.factories.people import AccountFactory
from tests.services.money import CLERK, funds
from tests.support.killed_programs import REFUND_POINTS, STORE_POINTS
from tests.support.runner_process import ROOT, RunnerProcess, wait_for
from tests.support.till import Till, stripe_till

PROMISED_SECONDS = 60.0
OPEN = (RefundStatus.PENDING, RefundStatus.BEING_CHECKED)
pytestmark = pytest.mark.slow


@pytest.fixture
def till(tmp_path):
    with stripe_till(tmp_path) as opened:
        yield opened


@pytest.fixture
def runner(database, tmp_path, till):
    made = RunnerProcess(database.url, tmp_path, **till.settings)
    yield made
    made.kill()


def moment() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def dies(runner: RunnerProcess, act: str, point: str, row: int) -> None:
    command = [sys.executable, "-m", "tests.support.killed_programs", act, point, str(row)]
    died = subprocess.run(command, cwd=ROOT, env=runner.environ, capture_output=True, check=False)
    assert died.returncode == -signal.SIGKILL, (point, died.stderr.decode()[-2000:])


def killed_once_more(runner: RunnerProcess, job: str) -> None:
    runner.start()
    wait_for(lambda: job in runner.said(), what=f"the first {job}")
    runner.kill()
    runner.start()


def refunds() -> dict[str, RefundStatus]:
    db.session.rollback()
    return dict(db.session.execute(select(Refund.reason, Refund.status)).all())


def paid_by_card(account, till: Till, gateways: Gateways):
    """Money that came through the gateway's page and is nobody's yet."""
    with unit_of_work():
        wanted = Wanted(PaymentKind.CARD, "stripe", "the form", funds=40_000)
        payment = begin_payment(account, wanted, gateways=gateways, actor=CLERK, now=moment())
    led = carry_out(
        payment.id, gateways, actor=CLERK, now=moment(), return_url="http://localhost/", cancel_url="http://localhost/"
    )
    till.act(led.continue_at, {}, "visa")
    finish(payment.id, gateways, actor=CLERK, now=moment())
    return payment


def test_after_a_kill_at_every_point_of_a_refund_both_ledgers_agree_within_a_minute(session, till, runner):
    account, gateways = AccountFactory(currency="EUR"), Gateways({"stripe": till.gateway})
    account_id = account.id
    db.session.commit()
    payment = paid_by_card(account, till, gateways)
    ids = {}
    for point in REFUND_POINTS:
        ids[point] = refund_payment(payment, amount=5_000, reason=point, key=point, actor=CLERK, now=moment()).id
        db.session.commit()
    for point, refund_id in ids.items():
        dies(runner, "refund", point, refund_id)
    assert till.provider.taken() == 40_000 - 3 * 5_000
    killed_once_more(runner, "check_refunds")
    wait_for(
        lambda: not [each for each in refunds().values() if each in OPEN],
        what="the end of every refund",
        patience=2 * PROMISED_SECONDS,  # the one that was never sent is asked for again when its caller must have ended
    )
    assert refunds() == dict.fromkeys(REFUND_POINTS, RefundStatus.SETTLED)
    assert till.provider.taken() == funds(db.session.get_one(type(account), account_id)) == 20_000
    assert check_books() == []


def statuses(ids) -> dict[str, PaymentMethodStatus]:
    db.session.rollback()
    found = dict(db.session.execute(select(PaymentMethod.id, PaymentMethod.status)).all())
    return {point: found[row] for point, row in ids.items()}


def test_after_a_kill_at_every_point_of_storing_a_card_what_was_typed_is_kept(session, till, runner):
    account, gateways = AccountFactory(currency="EUR"), Gateways({"stripe": till.gateway})
    ids = {}
    for point in STORE_POINTS:
        with unit_of_work():
            method = begin_storing(
                account, PaymentMethodKind.CARD, "stripe", gateways=gateways, actor=CLERK, now=moment()
            )
            ids[point] = method.id
        if point not in ("before page", "after page"):
            page = open_page(ids[point], gateways, return_url="http://localhost/", cancel_url="http://localhost/")
            till.act(page.continue_at, {}, "visa")
        dies(runner, "store", point, ids[point])
    db.session.execute(update(PaymentMethod).values(created_at=moment() - dt.timedelta(minutes=2)))
    db.session.commit()
    killed_once_more(runner, "check_payment_methods")
    wait_for(
        lambda: PaymentMethodStatus.PENDING not in statuses(ids).values(),
        what="the end of every card",
        patience=2 * PROMISED_SECONDS,
    )
    assert statuses(ids) == {
        "before page": PaymentMethodStatus.REMOVED,
        "after page": PaymentMethodStatus.REMOVED,
        "before keeping": PaymentMethodStatus.ACTIVE,
        "in keeping": PaymentMethodStatus.ACTIVE,
        "after keeping": PaymentMethodStatus.ACTIVE,
    }
