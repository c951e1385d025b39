"""Events of each real wire, at our door: doubled, shuffled, late and all at once they end where single ones in order do."""

from __future__ import annotations

import datetime as dt
import random
import uuid

import pytest
from flask import Flask
from sqlalchemy import select

from extensions import db
from gateways.registry import Gateways
from models import (
    Account,
    GatewayEvent,
    GatewayEventStatus,
    Invoice,
    Payment,
    PaymentKind,
    PaymentMethodKind,
    PaymentStatus,
    Refund,
)
from models.payment import RefundStatus
from services.books import check_books
from services.paying.charging import carry_out
from services.paying.claims import InvoicePart
from services.paying.events import NotAnEvent, receive_event, work_off_event
from services.paying.intents import Wanted, begin_payment
from services.paying.offers import STORED_MEANS
from services.refunds import carry_out_refund, refund_payment
from services.unit_of_work import unit_of_work
from tests.factories.money import PaymentMethodFactory
from tests.factories.people import AccountFactory
from tests.services.money import CLERK, funds, issued
from tests.support.till import TILLS
from tests.support.together import all_at_once

OTHER_AMOUNT = {
    "stripe": ('"amount_received": 10000', '"amount_received": 9999'),
    "paypal": ('"value": "100.00"', '"value": "99.99"'),
    "authorize_net": ('"authAmount": 100.0', '"authAmount": 99.99'),
}
OTHER_CURRENCY = {  # Authorize.net names none: a merchant's account has one
    "stripe": ('"currency": "eur"', '"currency": "usd"'),
    "paypal": ('"currency_code": "EUR"', '"currency_code": "USD"'),
}
KINDS = {kind: method for method, kind in STORED_MEANS.items()}


def moment() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Story:
    """Charges and a refund whose answers were all lost: only events can tell what became of them."""

    def __init__(self, till, app: Flask) -> None:
        self.till, self.app, self.name = till, app, till.gateway.name
        self.gateways = app.extensions["gateways"]
        self.account, self.saver = AccountFactory(currency=till.currency), AccountFactory(currency=till.currency)
        for card, amount in (("visa", 10_000), ("later", 10_000), ("visa", 4_000)):
            self.pays(self.account, card, InvoicePart(issued(self.account, moment()), amount))
        added = self.pays(self.saver, "visa", funds=7_000, lost=False)
        refund_id = refund_payment(added, amount=1_000, reason="x", key="r", actor=CLERK, now=moment()).id
        db.session.commit()
        till.simulator.command(self.name, "answer_lost")
        carry_out_refund(refund_id, self.gateways, actor=CLERK, now=moment())
        self.events = till.events()
        refused = PaymentStatus.FAILED if till.tells_refusals else PaymentStatus.BEING_CHECKED
        self.end = (
            [PaymentStatus.SETTLED, refused, PaymentStatus.SETTLED, PaymentStatus.PARTIALLY_REFUNDED],
            [0, 10_000, 6_000],
            [RefundStatus.SETTLED],
            [0, 6_000],
            [],
        )

    def pays(self, account, card, *parts, funds=0, lost=True) -> Payment:
        refs, means = self.till.stored(card).method, PaymentKind(self.till.stored_means.value)
        method = PaymentMethodFactory(
            account=account,
            kind=KINDS.get(means, PaymentMethodKind.CARD),
            gateway=self.name,
            gateway_customer_ref=refs.customer_ref,
            gateway_method_ref=refs.method_ref,
            expires_on=None,
        )
        wanted = Wanted(means, self.name, uuid.uuid4().hex, parts=parts, funds=funds, method=method)
        payment_id = begin_payment(account, wanted, gateways=self.gateways, actor=CLERK, now=moment()).id
        db.session.commit()
        if lost:
            self.till.simulator.command(self.name, "answer_lost")
        carry_out(payment_id, self.gateways, actor=CLERK, now=moment())
        return db.session.get_one(Payment, payment_id, populate_existing=True)

    def receive(self, event) -> int:
        """Send an event to our address; the status of the answer."""
        headers, body = event
        url = f"/webhooks/{self.name}"
        return self.app.test_client().post(url, data=body, headers=dict(headers)).status_code

    def altered(self, what) -> tuple[dict[str, str], bytes]:
        """The event of the first charge, changed and signed right."""
        old, new = what[self.name]
        text = next(body.decode() for _headers, body in self.events if old in body.decode())
        changed = text.replace(old, new)
        assert changed != text
        return dict(self.till.provider.sign(changed)), changed.encode()

    def state(self):
        db.session.rollback()
        db.session.expire_all()
        accounts = [db.session.get_one(Account, each.id) for each in (self.account, self.saver)]
        return (
            list(db.session.scalars(select(Payment.status).order_by(Payment.id))),
            list(db.session.scalars(select(Invoice.amount_due).order_by(Invoice.id))),
            list(db.session.scalars(select(Refund.status))),
            [funds(account) for account in accounts],
            check_books(),
        )


@pytest.fixture(params=TILLS)
def story(request, session, app, tmp_path, monkeypatch):
    with TILLS[request.param](tmp_path) as till:
        monkeypatch.setitem(app.extensions, "gateways", Gateways({till.gateway.name: till.gateway}))
        yield Story(till, app)


def work_off(event_id) -> None:
    with unit_of_work():
        work_off_event(event_id, actor=CLERK, now=moment())


def received() -> list[int]:
    db.session.rollback()
    return list(db.session.scalars(select(GatewayEvent.id).order_by(GatewayEvent.id)))


def test_before_any_event_everything_is_being_checked(story):
    statuses, due, refunds, _funds, books = story.state()
    assert set(statuses[:3]) == {PaymentStatus.BEING_CHECKED}
    assert (due, refunds, books) == ([10_000] * 3, [RefundStatus.BEING_CHECKED], [])


def test_single_events_in_their_order_lead_to_the_end(story):
    for event in story.events:
        assert story.receive(event) == 200
        for event_id in received():
            work_off(event_id)
    assert story.state() == story.end


@pytest.mark.parametrize("seed", range(2))
def test_doubled_and_shuffled_events_lead_to_the_same_end(story, seed):
    chance = random.Random(seed)
    events = story.events * 3
    chance.shuffle(events)
    for event in events:
        assert story.receive(event) == 200
        if chance.random() < 0.5:
            work_off(chance.choice(received()))
    ids = received() * 2
    chance.shuffle(ids)
    for event_id in ids:
        work_off(event_id)
    assert story.state() == story.end
    assert len(received()) == len(story.events)


def test_events_that_all_come_at_once_lead_to_the_same_end(story):
    events = story.events * 2
    arrived = all_at_once(lambda number: story.receive(events[number]), times=len(events))
    assert set(arrived) == {200}
    ids = received() * 2
    done = all_at_once(lambda number: work_off(ids[number]), times=len(ids))
    assert [each for each in done if each is not None] == []
    assert story.state() == story.end


def test_forged_ones_among_them_change_nothing_are_not_kept_and_ask_nobody(story, monkeypatch):
    before = story.state()
    monkeypatch.setattr("socket.socket.connect", lambda *_args: pytest.fail("somebody was asked"))
    for headers, body in story.events:
        forged, empty = story.till.provider.sign(body.decode(), forged=True), dict.fromkeys(headers, "")
        for attempt in ((forged, body), ({}, body), (empty, body), (headers, body + b" ")):
            assert story.receive(attempt) == 400
    assert (story.state(), received()) == (before, [])


def test_an_event_that_is_played_again_changes_nothing(story):
    for event in story.events:
        story.receive(event)
    for event_id in received():
        work_off(event_id)
    known = received()
    assert {story.receive(event) for event in story.events} == {200}
    much_later = moment() + story.till.events_last + dt.timedelta(hours=1)
    for headers, body in story.events:
        with pytest.raises(NotAnEvent):
            receive_event(story.name, headers, body, story.gateways, now=much_later)
    assert (story.state(), received()) == (story.end, known)


def test_an_event_over_another_amount_changes_nothing(story):
    """Signed right and still wrong: the provider took another amount than was asked for."""
    story.receive(story.altered(OTHER_AMOUNT))
    work_off(received()[0])
    statuses, due, *_rest = story.state()
    assert (statuses[0], due[0]) == (PaymentStatus.BEING_CHECKED, 10_000)
    assert db.session.scalars(select(GatewayEvent.status)).one() is GatewayEventStatus.REFUSED


@pytest.mark.parametrize("story", OTHER_CURRENCY, indirect=True)
def test_an_event_in_another_currency_changes_nothing(story):
    story.receive(story.altered(OTHER_CURRENCY))
    work_off(received()[0])
    statuses, due, *_rest = story.state()
    assert (statuses[0], due[0]) == (PaymentStatus.BEING_CHECKED, 10_000)
    assert db.session.scalars(select(GatewayEvent.status)).one() is GatewayEventStatus.REFUSED
