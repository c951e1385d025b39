"""Stored methods that expire: warned of at each step once, then marked and not charged by itself any more."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from domain.dunning import DaysNotReadable
from extensions import db
from gateways.port import MethodRefs, StoredMethod
from gateways.registry import Gateways
from jobs.method_expiry import look_at_expiry
from jobs.registry import JobContext
from models import (
    Account,
    AccountStatus,
    AuditEvent,
    DunningStep,
    NotificationDelivery,
    Payment,
    PaymentMethod,
    PaymentMethodStatus,
)
from panel.kinds import date_text
from services.audit import write_waiting_events
from services.auto_top_up import begin_top_up, set_auto_top_up
from services.dunning import take_steps
from services.method_expiry import expiring_methods, take_expiry_step
from services.payment_methods import follow_gateway
from services.settings import change_setting
from services.unit_of_work import unit_of_work
from tests.factories.money import PaymentMethodFactory
from tests.factories.people import AccountFactory, MemberFactory, MemberRoleGrantFactory, OwnerFactory
from tests.services.money import CLERK, issued, rows_of
from tests.support.scripted_gateway import ScriptedGateway
from tests.support.together import all_at_once

DAY = dt.timedelta(days=1)


@pytest.fixture
def account(session) -> Account:
    account = AccountFactory(name="Acme", client_id="10001")
    OwnerFactory(account=account, person__email="owner@acme.example")
    MemberRoleGrantFactory(member=MemberFactory(account=account))
    return account


@pytest.fixture
def card(account, now) -> PaymentMethod:
    """It works for sixty days more."""
    return PaymentMethodFactory(
        account=account, gateway="scripted", is_default=True, label="Visa 4242", expires_on=now.date() + 60 * DAY
    )


@pytest.fixture
def gateways() -> Gateways:
    return Gateways({"scripted": ScriptedGateway()})


def look(at) -> dict:
    """What the clock does."""
    db.session.commit()
    found = look_at_expiry(JobContext(job_id=1, kind="payment_method_expiry", payload={}, now=at))
    db.session.expire_all()
    return dict(found or {})


def days_told(now) -> list[tuple[str, int]]:
    """What was mailed, and how many days before the last day."""
    mails = select(NotificationDelivery.event, NotificationDelivery.created_at).order_by(NotificationDelivery.id)
    return [(event, 60 - (at - now).days) for event, at in db.session.execute(mails)]


def test_day_by_day_each_warning_comes_once_and_the_end_is_told_once(card, now):
    for day in range(75):
        for _time in range(2):
            look(now + day * DAY)
    assert days_told(now) == [
        ("payment_method_expires", 30),
        ("payment_method_expires", 7),
        ("payment_method_expired", -1),
    ]
    assert (card.status, card.is_default) == (PaymentMethodStatus.EXPIRED, False)


def test_the_owner_is_told_with_the_card_its_last_day_and_a_link_to_it(card, now):
    look(now + 30 * DAY)
    mail = db.session.scalars(select(NotificationDelivery)).one()
    assert mail.address == "owner@acme.example"
    for wanted in ("Visa 4242", date_text(card.expires_on, "en"), f"/portal/10001/payment-methods/{card.public_id}"):
        assert wanted in mail.text, wanted


def test_after_a_pause_of_the_house_one_warning_comes(card, now):
    look(now + 58 * DAY)
    look(now + 59 * DAY)
    assert days_told(now) == [("payment_method_expires", 2)]


def test_of_runners_that_look_at_once_one_warns(card, now):
    method_id = card.id

    def take(_number):
        with unit_of_work():
            return take_expiry_step(method_id, actor=CLERK, now=now + 30 * DAY)

    outcomes = all_at_once(take, times=6)
    assert sorted(outcomes, key=str) == [None] * 5 + ["warned"]
    assert rows_of(NotificationDelivery) == 1


def test_a_step_that_fails_is_undone_as_a_whole_and_taken_again(card, now, monkeypatch):
    def fails(*_given, **_named):
        raise RuntimeError("no")

    with monkeypatch.context() as broken:
        broken.setattr("services.method_expiry.tell_account", fails)
        assert look(now + 30 * DAY) == {"failed": 1}
    assert card.expiry_warned_days is None
    assert look(now + 30 * DAY) == {"warned": 1}
    assert rows_of(NotificationDelivery) == 1


def test_the_steps_are_settings_of_staff(card, now):
    change_setting("method_warning_days", "2 14", actor=CLERK, now=now)
    for day in range(61):
        look(now + day * DAY)
    assert days_told(now) == [("payment_method_expires", 14), ("payment_method_expires", 2)]


def test_without_steps_nobody_is_warned_and_the_end_comes_all_the_same(card, now):
    change_setting("method_warning_days", "", actor=CLERK, now=now)
    for day in range(62):
        look(now + day * DAY)
    assert days_told(now) == [("payment_method_expired", -1)]


def test_steps_that_cannot_be_read_are_refused(session, now):
    with pytest.raises(DaysNotReadable):
        change_setting("method_warning_days", "30, 7", actor=CLERK, now=now)


def renewed(card, expires_on) -> StoredMethod:
    refs = MethodRefs(card.gateway_customer_ref, card.gateway_method_ref)
    return StoredMethod(refs, card.label, card.brand, card.last_four, expires_on)


def test_a_card_that_its_bank_renewed_is_warned_of_anew(card, now):
    look(now + 53 * DAY)
    changed = renewed(card, card.expires_on + 365 * DAY)
    follow_gateway("scripted", changed.refs, changed, actor=CLERK, now=now)
    look(now + 61 * DAY)
    assert card.status is PaymentMethodStatus.ACTIVE
    look(now + (60 + 365 - 30) * DAY)
    assert days_told(now) == [("payment_method_expires", 7), ("payment_method_expires", 30 - 365)]


def test_news_of_a_card_with_the_same_last_day_do_not_repeat_a_warning(card, now):
    look(now + 53 * DAY)
    same = renewed(card, card.expires_on)
    follow_gateway("scripted", same.refs, same, actor=CLERK, now=now)
    look(now + 54 * DAY)
    assert rows_of(NotificationDelivery) == 1


def test_what_has_expired_is_charged_neither_for_debt_nor_for_the_balance(account, card, gateways, now):
    rule = set_auto_top_up(account, enabled=True, threshold=5_000, amount=20_000, method=card, actor=CLERK, now=now)
    invoice = issued(account, now + 45 * DAY)
    late = now + 61 * DAY
    look(late)
    with unit_of_work():
        assert take_steps(invoice.id, gateways, actor=CLERK, now=late) is None
        assert begin_top_up(rule.id, gateways, actor=CLERK, now=late) is None
    assert rows_of(Payment) == 0
    reasons = {row.outcome["reason"] for row in db.session.scalars(select(DunningStep)) if row.skipped_at}
    assert "no stored method" in reasons


def test_the_end_stands_in_the_history(card, now):
    look(now + 61 * DAY)
    write_waiting_events()
    event = db.session.scalars(select(AuditEvent).where(AuditEvent.event == "payment_method.expired")).one()
    assert (event.target_key, event.before["is_default"], event.after["status"]) == (card.public_id, True, "expired")


@pytest.mark.parametrize("status", [PaymentMethodStatus.PENDING, PaymentMethodStatus.EXPIRED])
def test_only_methods_in_use_are_looked_at(account, now, status):
    PaymentMethodFactory(account=account, status=status, expires_on=now.date() - DAY)
    PaymentMethodFactory(account=account, expires_on=None)
    assert list(expiring_methods(today=now.date())) == []


def test_an_account_that_nobody_can_enter_is_told_nothing_until_it_is_open_again(account, card, now):
    account.status, account.suspended_at = AccountStatus.SUSPENDED, now
    look(now + 30 * DAY)
    assert rows_of(NotificationDelivery) == 0
    account.status, account.suspended_at = AccountStatus.ACTIVE, None
    look(now + 31 * DAY)
    assert days_told(now) == [("payment_method_expires", 29)]
