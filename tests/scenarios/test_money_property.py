"""Random money actions against a plain model of the account: fifty steps, and nothing ever disagrees."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.refusals import Refusal
from extensions import db
from gateways.port import ChargeState
from gateways.registry import Gateways
from models import Account, Invoice, Payment, PaymentKind
from models.credit_note import CreditReason
from services.books import check_books
from services.credit import give_credit, take_back_credit
from services.credit_notes import issue_credit_note
from services.invoices import void_invoice
from services.paying.balance import pay_from_balance
from services.paying.charging import carry_out
from services.paying.claims import InvoicePart
from services.paying.intents import Wanted, begin_payment
from services.payments import record_received_payment
from services.refunds import refund_payment
from tests.factories.people import AccountFactory
from tests.services.money import CLERK, funds, issued, receivable, statement_of
from tests.support.scripted_gateway import ScriptedGateway, says

STEPS = 50
AMOUNTS = st.integers(1, 30_000)


@dataclass
class Bill:
    """What an invoice should say. ``parts`` are (payment, amount) in the order in which they paid it."""

    total: int
    paid: int = 0
    credited: int = 0
    void: bool = False
    parts: list[list[int]] = field(default_factory=list)

    @property
    def due(self) -> int:
        return 0 if self.void else self.total - self.paid - self.credited


@dataclass
class Money:
    """What a payment should say."""

    amount: int
    returnable: bool
    refunded: int = 0
    allocated: int = 0

    @property
    def free(self) -> int:
        return self.amount - self.refunded - self.allocated


class Model:
    """The account as a child would keep it: plain numbers, no database."""

    def __init__(self) -> None:
        self.funds = 0
        self.bills: dict[int, Bill] = {}
        self.payments: dict[int, Money] = {}

    def pay(self, payment: int, bill: int, amount: int) -> None:
        self.bills[bill].paid += amount
        self.bills[bill].parts.append([payment, amount])
        self.payments[payment].allocated += amount
        self.funds -= amount

    def receive(self, payment: int, amount: int, *, first: tuple[tuple[int, int], ...] = ()) -> None:
        """Money comes in, pays what was asked for, then the oldest debt."""
        self.payments[payment] = Money(amount, returnable=True)
        self.funds += amount
        for bill, part in (*first, *((each, amount) for each in sorted(self.bills))):
            share = min(part, self.payments[payment].free, self.bills[bill].due)
            if share > 0:
                self.pay(payment, bill, share)

    def credit(self, bill: int, amount: int) -> None:
        """What is open becomes less first; what was paid too much is funds again, the newest payment first."""
        found = self.bills[bill]
        back = max(0, amount - found.due)
        found.credited += amount
        found.paid -= back
        self.funds += back
        for part in reversed(found.parts):
            share = min(back, part[1])
            part[1] -= share
            self.payments[part[0]].allocated -= share
            back -= share


class Story:
    """One account, acted upon by the services and by the model alike."""

    def __init__(self, account, data, now) -> None:
        self.account, self.data, self.now = account, data, now
        self.model = Model()
        self.gateway = ScriptedGateway()
        self.gateways = Gateways({"scripted": self.gateway})

    def step(self) -> None:
        act = self.data.draw(st.sampled_from(sorted(self.acts())), label="act")
        self.acts()[act]()

    def acts(self):
        return {
            "issue": self.issue,
            "receive": self.receive,
            "pay from balance": self.pay_from_balance,
            "pay by card": self.pay_by_card,
            "credit": self.credit,
            "void": self.void,
            "refund": self.refund,
            "give credit": self.give,
            "take back credit": self.take_back,
        }

    def amount(self) -> int:
        return self.data.draw(AMOUNTS, label="amount")

    def bill(self) -> int | None:
        return self.data.draw(st.sampled_from(sorted(self.model.bills)), label="bill") if self.model.bills else None

    def tries(self, act, *, possible: bool):
        """Do it, or see it refused: then nothing of it stays."""
        done, refused = None, None
        try:
            with db.session.begin_nested():
                done = act()
        except Refusal as refusal:
            refused = refusal
        assert (refused is None) is possible, refused
        return done

    def issue(self) -> None:
        invoice = issued(self.account, self.now, net=self.amount())
        self.model.bills[invoice.id] = Bill(invoice.total)

    def receive(self) -> None:
        amount = self.amount()
        payment = record_received_payment(
            self.account,
            amount=amount,
            currency=self.account.currency,
            method=PaymentKind.CHEQUE,
            received_on=self.now.date(),
            actor=CLERK,
            now=self.now,
        )
        self.model.receive(payment.id, amount)

    def pay_from_balance(self) -> None:
        bill, amount = self.bill(), self.amount()
        if bill is None:
            return
        part = InvoicePart(db.session.get_one(Invoice, bill), amount)
        possible = 0 < amount <= self.model.bills[bill].due and amount <= self.model.funds
        payment = self.tries(
            lambda: pay_from_balance(self.account, [part], actor=CLERK, now=self.now), possible=possible
        )
        if payment is not None:
            self.model.payments[payment.id] = Money(amount, returnable=False)
            self.model.pay(payment.id, bill, amount)

    def pay_by_card(self) -> None:
        bill, amount, extra = self.bill(), self.amount(), self.data.draw(st.integers(0, 500), label="extra")
        state = self.data.draw(st.sampled_from(["taken", "declined", "less"]), label="gateway")
        parts = () if bill is None else (InvoicePart(db.session.get_one(Invoice, bill), amount),)
        possible = extra > 0 if bill is None else amount <= self.model.bills[bill].due
        wanted = Wanted(PaymentKind.CARD, "scripted", uuid.uuid4().hex, parts=parts, funds=extra)
        payment = self.tries(
            lambda: begin_payment(self.account, wanted, gateways=self.gateways, actor=CLERK, now=self.now),
            possible=possible,
        )
        if payment is None:
            return
        taken = payment.amount - 1 if state == "less" and payment.amount > 1 else payment.amount
        self.gateway.answers = [lambda request: self.gateway.take(request, amount=taken)]
        if state == "declined":
            self.gateway.answers = [says(ChargeState.DECLINED)]
        db.session.commit()
        carry_out(payment.id, self.gateways, actor=CLERK, now=self.now)
        db.session.expire_all()
        if state != "declined":
            self.model.receive(payment.id, taken, first=() if bill is None else ((bill, amount),))

    def credit(self) -> None:
        bill, amount = self.bill(), self.amount()
        if bill is None:
            return
        found = self.model.bills[bill]
        done = self.tries(
            lambda: issue_credit_note(
                db.session.get_one(Invoice, bill),
                reason=CreditReason.GOODWILL,
                amount=amount,
                description="",
                remark=None,
                actor=CLERK,
                now=self.now,
            ),
            possible=not found.void and amount <= found.total - found.credited,
        )
        if done is not None:
            self.model.credit(bill, amount)

    def void(self) -> None:
        bill = self.bill()
        if bill is None:
            return
        found = self.model.bills[bill]
        done = self.tries(
            lambda: void_invoice(db.session.get_one(Invoice, bill), reason="x", actor=CLERK, now=self.now),
            possible=not found.void and found.paid == 0 and found.credited == 0,
        )
        if done is not None:
            found.void = True

    def refund(self) -> None:
        if not self.model.payments:
            return
        which = self.data.draw(st.sampled_from(sorted(self.model.payments)), label="payment")
        amount, money = self.amount(), self.model.payments[which]
        if db.session.get_one(Payment, which).gateway is not None:
            return  # sent by a job: tests/services/test_refunds.py
        done = self.tries(
            lambda: refund_payment(
                db.session.get_one(Payment, which),
                amount=amount,
                reason="x",
                key=uuid.uuid4().hex,
                actor=CLERK,
                now=self.now,
            ),
            possible=money.returnable and amount <= money.free and amount <= self.model.funds,
        )
        if done is not None:
            money.refunded += amount
            self.model.funds -= amount

    def give(self) -> None:
        amount = self.amount()
        give_credit(self.account, amount=amount, reason="x", actor=CLERK, now=self.now)
        self.model.funds += amount

    def take_back(self) -> None:
        amount = self.amount()
        done = self.tries(
            lambda: take_back_credit(self.account, amount=amount, reason="x", actor=CLERK, now=self.now),
            possible=amount <= self.model.funds,
        )
        if done is not None:
            self.model.funds -= amount

    def agrees(self) -> None:
        """Everything the database says is what the model says."""
        db.session.expire_all()
        assert funds(self.account) == self.model.funds >= 0
        assert receivable(self.account) == -sum(bill.due for bill in self.model.bills.values())
        for key, bill in self.model.bills.items():
            row = db.session.get_one(Invoice, key)
            assert (row.amount_paid, row.amount_credited, row.amount_due) == (bill.paid, bill.credited, bill.due)
        for key, money in self.model.payments.items():
            row = db.session.get_one(Payment, key)
            assert (row.amount, row.amount_refunded, row.amount_allocated) == (
                money.amount,
                money.refunded,
                money.allocated,
            )
        lines = statement_of(self.account)
        if lines:
            assert lines[-1].balance_after == funds(self.account) + receivable(self.account)


@pytest.mark.slow
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_fifty_random_money_actions_never_disagree_with_a_plain_model(session, now, data):
    account: Account = AccountFactory()
    db.session.commit()
    story = Story(account, data, now)
    for _number in range(STEPS):
        story.step()
        story.agrees()
    assert check_books() == []
