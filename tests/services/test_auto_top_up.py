"""Auto top-up: once when it is due, never two at a time, and not for ever when it fails."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from domain.top_ups import PAUSE
from extensions import db
from gateways.port import ChargeState
from gateways.registry import Gateways
from models import Account, AutoTopUp, NotificationDelivery, Payment, PaymentStatus
from services import auto_top_up
from services.auto_top_up import MethodNotChosen, begin_top_up, due_top_ups, set_auto_top_up
from services.books import check_books
from services.paying.charging import carry_out
from services.paying.followers import followers
from services.payments import AmountNotPositive
from services.unit_of_work import unit_of_work
from tests.factories.money import PaymentMethodFactory
from tests.factories.people import AccountFactory, OwnerFactory
from tests.services.money import CLERK, fund, funds, rows_of
from tests.support.scripted_gateway import ScriptedGateway, says
from tests.support.together import all_at_once


@pytest.fixture(autouse=True)
def _followed():
    before = list(followers)
    auto_top_up.follow_payments()
    yield
    followers[:] = before


@pytest.fixture
def account(session) -> Account:
    account = AccountFactory(currency="USD")
    OwnerFactory(account=account)
    return account


@pytest.fixture
def gateway() -> ScriptedGateway:
    return ScriptedGateway()


@pytest.fixture
def gateways(gateway) -> Gateways:
    return Gateways({"scripted": gateway})


def rule(account, now, **values) -> AutoTopUp:
    method = PaymentMethodFactory(account=account, gateway="scripted", expires_on=None)
    asked = {"enabled": True, "threshold": 5_000, "amount": 20_000, "method": method, **values}
    return set_auto_top_up(account, **asked, actor=CLERK, now=now)


def look(gateways, at) -> None:
    db.session.commit()
    for rule_id in due_top_ups(now=at):
        with unit_of_work():
            payment_id = begin_top_up(rule_id, gateways, actor=CLERK, now=at)
        if payment_id is not None:
            carry_out(payment_id, gateways, actor=CLERK, now=at)
    db.session.expire_all()


def test_below_the_threshold_the_amount_is_added_once(account, gateways, now):
    rule(account, now)
    for _time in range(2):
        look(gateways, now)
    assert (funds(account), rows_of(Payment), check_books()) == (20_000, 1, [])


def test_at_the_threshold_nothing_is_added(account, gateways, now):
    rule(account, now)
    fund(account, 5_000, now)
    look(gateways, now)
    assert funds(account) == 5_000


def test_a_rule_that_is_off_adds_nothing(account, gateways, now):
    rule(account, now, enabled=False)
    look(gateways, now)
    assert rows_of(Payment) == 0


def test_while_one_is_being_checked_there_is_no_second_one(account, gateway, gateways, now):
    rule(account, now)
    gateway.answers = [says(ChargeState.UNKNOWN)]
    look(gateways, now)
    look(gateways, now + 2 * PAUSE)
    assert rows_of(Payment) == 1


def test_eight_runners_at_once_add_once(account, gateway, gateways, now):
    rule_id = rule(account, now).id

    def work(_number):
        with unit_of_work():
            payment_id = begin_top_up(rule_id, gateways, actor=CLERK, now=now)
        if payment_id is not None:
            carry_out(payment_id, gateways, actor=CLERK, now=now)

    assert [each for each in all_at_once(work, times=8) if each is not None] == []
    assert (funds(account), len(gateway.taken), check_books()) == (20_000, 1, [])


def test_after_three_failures_in_a_row_it_stops_and_the_owner_is_told(account, gateway, gateways, now):
    rule_id = rule(account, now).id
    gateway.answers = [says(ChargeState.DECLINED, message="No money.")]
    for number in range(5):
        look(gateways, now + number * PAUSE)
    assert db.session.get_one(AutoTopUp, rule_id).is_enabled is False
    assert set(db.session.scalars(select(Payment.status))) == {PaymentStatus.FAILED}
    assert rows_of(Payment) == 3
    assert list(db.session.scalars(select(NotificationDelivery.event))) == ["auto_top_up_stopped"]


def test_within_the_hour_a_failure_is_not_tried_again(account, gateway, gateways, now):
    rule(account, now)
    gateway.answers = [says(ChargeState.DECLINED)]
    look(gateways, now)
    look(gateways, now + PAUSE - dt.timedelta(seconds=1))
    assert rows_of(Payment) == 1


@pytest.mark.parametrize("values", [{"amount": 0}, {"amount": -1}, {"threshold": -1}])
def test_amounts_that_make_no_sense_are_refused(account, now, values):
    with pytest.raises(AmountNotPositive):
        rule(account, now, **values)


def test_a_method_of_another_account_is_refused(account, now):
    with pytest.raises(MethodNotChosen):
        rule(account, now, method=PaymentMethodFactory())
    assert rows_of(AutoTopUp) == 0
