"""What gateways tell over HTTP: kept once and worked off once, in any order; forged events change nothing."""

from __future__ import annotations

import itertools
import uuid

import pytest
from sqlalchemy import select

from domain.actor import Actor, Source
from extensions import db
from gateways.port import ChargeState, EventKind
from gateways.registry import Gateways
from models import Account, GatewayEvent, Invoice, Job, Payment, PaymentAttempt, PaymentKind, PaymentStatus
from models.gateway_event import GatewayEventStatus
from services.books import check_books
from services.paying.charging import carry_out
from services.paying.claims import InvoicePart
from services.paying.events import work_off_event
from services.paying.intents import Wanted, begin_payment
from services.unit_of_work import unit_of_work
from tests.factories.people import AccountFactory
from tests.services.money import CLERK, funds, issued, rows_of
from tests.support.scripted_gateway import ScriptedGateway, says
from tests.support.together import all_at_once

JOB = Actor("work off event", Source.JOB)
AMOUNT = 10_000


@pytest.fixture
def gateway(app, monkeypatch) -> ScriptedGateway:
    made = ScriptedGateway()
    monkeypatch.setitem(app.extensions, "gateways", Gateways({made.name: made}))
    return made


@pytest.fixture
def account(client, session) -> Account:
    return AccountFactory()


def waiting_payment(app, account, gateway, now) -> tuple[Payment, str]:
    """A payment of an invoice whose payer is on the gateway's page, and the key under which it was asked for."""
    gateway.answers = [says(ChargeState.WAITING, handle="cs", continue_at="https://pay.example/")]
    part = InvoicePart(issued(account, now), AMOUNT)
    wanted = Wanted(PaymentKind.CARD, gateway.name, uuid.uuid4().hex, parts=(part,))
    gateways = app.extensions["gateways"]
    payment = begin_payment(account, wanted, gateways=gateways, actor=CLERK, now=now)
    db.session.commit()
    carry_out(payment.id, gateways, actor=CLERK, now=now)
    key = db.session.scalars(
        select(PaymentAttempt.idempotency_key).where(PaymentAttempt.payment_id == payment.id)
    ).one()
    db.session.commit()
    return payment, key


def send(client, told, gateway="scripted"):
    headers, body = told
    return client.post(f"/webhooks/{gateway}", data=body, headers=headers, content_type="application/json")


def work_off_all(now) -> None:
    """What the runner does, in whatever order the rows lie."""
    db.session.commit()
    for event_id in db.session.scalars(select(GatewayEvent.id)).all():
        db.session.commit()
        with unit_of_work():
            work_off_event(event_id, actor=JOB, now=now)


def state_of(payment) -> tuple[PaymentStatus, int, int]:
    db.session.expire_all()
    found = db.session.get_one(Payment, payment.id)
    account = db.session.get_one(Account, payment.account_id)
    due = sum(db.session.scalars(select(Invoice.amount_due).where(Invoice.account_id == account.id)))
    return found.status, due, funds(account)


def test_an_event_settles_the_payment_it_tells_of(app, client, account, gateway, now):
    payment, key = waiting_payment(app, account, gateway, now)
    answer = send(client, gateway.tell("e1", EventKind.CHARGE_SUCCEEDED, key, AMOUNT, "USD"))
    assert (answer.status_code, answer.json) == (200, {"status": "received"})
    assert db.session.scalar(select(Job.kind).where(Job.kind == "work_off_event")) == "work_off_event"
    work_off_all(now)
    assert state_of(payment) == (PaymentStatus.SETTLED, 0, 0)
    assert check_books() == []


def test_an_event_told_many_times_is_kept_and_worked_off_once(app, client, account, gateway, now):
    payment, key = waiting_payment(app, account, gateway, now)
    for _ in range(3):
        assert send(client, gateway.tell("e1", EventKind.CHARGE_SUCCEEDED, key, AMOUNT, "USD")).status_code == 200
    work_off_all(now)
    work_off_all(now)
    assert (rows_of(GatewayEvent), state_of(payment)) == (1, (PaymentStatus.SETTLED, 0, 0))


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_any_order_of_events_ends_where_the_right_one_does(app, client, account, gateway, now, order):
    """A decline, the success of the second try, and the success told again by another event."""
    payment, key = waiting_payment(app, account, gateway, now)
    events = [
        gateway.tell("e1", EventKind.CHARGE_DECLINED, key, AMOUNT, "USD"),
        gateway.tell("e2", EventKind.CHARGE_SUCCEEDED, key, AMOUNT, "USD"),
        gateway.tell("e3", EventKind.CHARGE_SUCCEEDED, key, AMOUNT, "USD"),
    ]
    for number in order:
        send(client, events[number])
    work_off_all(now)
    assert state_of(payment) == (PaymentStatus.SETTLED, 0, 0)
    assert check_books() == []


def test_events_worked_off_at_once_book_the_money_once(app, client, account, gateway, now):
    payment, key = waiting_payment(app, account, gateway, now)
    for number in range(8):
        send(client, gateway.tell(f"e{number}", EventKind.CHARGE_SUCCEEDED, key, AMOUNT, "USD"))
    ids = list(db.session.scalars(select(GatewayEvent.id)))

    def work(number):
        with unit_of_work():
            return work_off_event(ids[number % 8], actor=JOB, now=now)

    results = all_at_once(work, times=16)
    assert [each for each in results if isinstance(each, Exception)] == []
    assert state_of(payment) == (PaymentStatus.SETTLED, 0, 0)
    assert check_books() == []


def changed_byte(told):
    headers, body = told
    return headers, body.replace(b"10000", b"10001")


def unsigned(told):
    return {}, told[1]


def other_secret(told):
    return ScriptedGateway(secret=b"another").tell("e1", EventKind.CHARGE_SUCCEEDED, "k", AMOUNT, "USD")


def empty_signature(told):
    return {"X-Signature": ""}, told[1]


@pytest.mark.parametrize("forge", [changed_byte, unsigned, other_secret, empty_signature])
def test_a_forged_event_is_refused_and_nothing_is_written_or_asked(app, client, account, gateway, now, forge):
    payment, key = waiting_payment(app, account, gateway, now)
    asked = list(gateway.calls)
    answer = send(client, forge(gateway.tell("e1", EventKind.CHARGE_SUCCEEDED, key, AMOUNT, "USD")))
    assert (answer.status_code, answer.json) == (400, {"status": "refused"})
    assert (rows_of(GatewayEvent), gateway.calls) == (0, asked)
    assert state_of(payment) == (PaymentStatus.PENDING, AMOUNT, 0)


def test_a_gateway_with_an_empty_secret_believes_nobody(app, client, account, gateway, now):
    payment, key = waiting_payment(app, account, gateway, now)
    gateway.secret = b""
    assert send(client, ({"X-Signature": ""}, gateway.tell("e", EventKind.OTHER, key, 1, "USD")[1])).status_code == 400
    assert state_of(payment)[0] is PaymentStatus.PENDING


@pytest.mark.parametrize(("amount", "currency"), [(1, "USD"), (AMOUNT + 1, "USD"), (AMOUNT, "EUR"), (None, None)])
def test_an_event_of_another_amount_or_currency_changes_nothing(app, client, account, gateway, now, amount, currency):
    payment, key = waiting_payment(app, account, gateway, now)
    send(client, gateway.tell("e1", EventKind.CHARGE_SUCCEEDED, key, amount, currency))
    work_off_all(now)
    event = db.session.scalars(select(GatewayEvent)).one()
    assert (event.status, event.payment_id) == (GatewayEventStatus.REFUSED, payment.id)
    assert "the payment is over 10000 USD" in event.note
    assert state_of(payment) == (PaymentStatus.PENDING, AMOUNT, 0)


def test_an_event_of_nobodys_payment_is_kept_with_a_note(app, client, account, gateway, now):
    send(client, gateway.tell("e1", EventKind.CHARGE_SUCCEEDED, "no-such-key", 5, "USD"))
    work_off_all(now)
    event = db.session.scalars(select(GatewayEvent)).one()
    assert (event.status, event.note) == (
        GatewayEventStatus.IGNORED,
        "No payment of ours has this key or reference.",
    )


def test_a_gateway_that_is_not_set_up_is_not_found(client, account, gateway):
    assert send(client, ({}, b"{}"), gateway="unknown").status_code == 404


def test_an_event_that_is_too_long_is_turned_away(client, account, gateway):
    answer = send(client, ({}, b"x" * 300_000))
    assert answer.status_code == 413
