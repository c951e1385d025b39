"""Subscriptions by the month with two runners that are killed again and again: each period is billed exactly once.

Ten thousand subscription-days in a whole sweep, some hundreds otherwise.
"""

from __future__ import annotations

import datetime as dt
import itertools
import random
import subprocess
import sys
import time
from collections import Counter

import pytest
from sqlalchemy import select

from extensions import db
from models import Account, Invoice, Subscription
from models.price import BillingPeriod
from models.subscription import SubscriptionPeriod, SubscriptionStatus
from services.books import check_books
from tests.factories.people import AccountFactory
from tests.services.money import fund
from tests.support.runner_process import ROOT, RunnerProcess
from tests.support.subscribing import ONE_DAY, buy, catalogue, provide
from tests.support.sweeps import size

SUBSCRIPTIONS, DAYS, KILLS = size(50, 12), size(200, 70), size(10, 4)
FIRST = dt.date(2025, 1, 1)
LAST = FIRST + (DAYS - 1) * ONE_DAY


class Runner:
    """One program with a moving clock, started again until it comes to the last day."""

    def __init__(self, environ, file):
        self.environ, self.file, self.process = environ, file, None

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.support.renewing_program", FIRST.isoformat(), LAST.isoformat()]
        with self.file.with_suffix(".log").open("ab") as said:
            self.process = subprocess.Popen(
                [*command, str(self.file)], cwd=ROOT, env=self.environ, stdout=said, stderr=said
            )

    def end(self) -> None:
        """Let it come to the last day."""
        self.process.wait(timeout=500)
        assert self.process.returncode == 0, self.file.with_suffix(".log").read_text()[-2000:]

    def day(self) -> str:
        return self.file.read_text() if self.file.exists() else ""

    def kill_after_some_days(self, chance) -> bool:
        """Let it live some days, then kill it anywhere in one; False when it came to its end before."""
        before, patience = self.day(), time.monotonic() + 240
        while self.day() == before and self.process.poll() is None:
            assert time.monotonic() < patience, "a runner does not come to its next day"
            time.sleep(0.02)
        time.sleep(chance.uniform(0.0, 1.0))
        if self.process.poll() is not None:
            return False
        self.process.kill()
        self.process.wait()
        return True


@pytest.mark.slow
def test_whoever_is_killed_meanwhile_each_period_is_billed_once(session, database, tmp_path):
    chance = random.Random(10_000)
    catalogue(team=12_000, seat=1_200)
    started = dt.datetime.combine(FIRST, dt.time(1), dt.UTC)
    for number in range(SUBSCRIPTIONS):
        account = AccountFactory()
        invoice = buy(account, "team", started, period=BillingPeriod.MONTHLY, key=f"order {number}")
        fund(account, invoice.total + 12_000, started)
    provide(started)
    environ = RunnerProcess(database.url, tmp_path).environ
    runners = [Runner(environ, tmp_path / f"day-{name}") for name in "ab"]
    for runner in runners:
        runner.start()
    killed = 0
    while killed < KILLS:
        runner = runners[killed % 2]
        if not runner.kill_after_some_days(chance):
            break
        killed += 1
        runner.start()
    for runner in runners:
        runner.end()
    assert killed >= KILLS // 2, "the runners were done before they could be killed often enough"

    db.session.expire_all()
    billed = Counter()
    for subscription in db.session.scalars(select(Subscription)).all():
        found = select(SubscriptionPeriod).where(SubscriptionPeriod.subscription_id == subscription.id)
        periods = db.session.scalars(found.order_by(SubscriptionPeriod.period_from)).all()
        assert periods[0].period_from == FIRST
        for before, after in itertools.pairwise(periods):
            assert after.period_from == before.period_to + ONE_DAY
        assert subscription.status is SubscriptionStatus.ACTIVE
        assert subscription.current_period_from <= LAST <= subscription.current_period_to
        billed.update(period.invoice_id for period in periods)
        own = select(Invoice.id).where(Invoice.account_id == subscription.account_id)
        assert set(db.session.scalars(own)) == {period.invoice_id for period in periods}
    assert set(billed.values()) == {1}
    assert len(billed) == SUBSCRIPTIONS * LAST.month  # so many months began in these days
    assert db.session.scalars(select(Account.id)).all()
    assert check_books() == []
