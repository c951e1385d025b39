"""Money sent back: set aside first, sent once, and booked once, whatever the gateway says and however often."""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid

import pytest
from sqlalchemy import select

from domain.postings import LedgerAccountKind
from extensions import db
from gateways.port import ChargeState, EventKind, RefundResult
from gateways.registry import Gateways
from models import Account, GatewayEvent, GatewayEventStatus, Payment, PaymentKind, PaymentStatus, Refund
from models.credit_note import CreditReason
from models.payment import RefundStatus
from services.books import check_books
from services.credit_notes import issue_credit_note
from services.invoices import pay_invoice_from_balance
from services.ledger import NotEnoughFunds, balance_of
from services.paying.charging import ANSWER_WITHIN, carry_out
from services.paying.claims import InvoicePart
from services.paying.events import receive_event, work_off_event
from services.paying.intents import Wanted, begin_payment
from services.payments import AmountNotPositive, record_received_payment
from services.people import NotWhileLoggedInAs
from services.refunds import (
    MoreThanIsFree,
    NotRefundable,
    carry_out_refund,
    refund_payment,
    refunds_to_check,
)
from tests.factories.people import AccountFactory
from tests.services.money import CLERK, fund, funds, issued, rows_of, statement_of
from tests.support.parallel import at_once, refusals
from tests.support.scripted_gateway import ScriptedGateway
from tests.support.together import all_at_once


@pytest.fixture
def account(session) -> Account:
    return AccountFactory()


@pytest.fixture
def gateway() -> ScriptedGateway:
    return ScriptedGateway()


@pytest.fixture
def gateways(gateway) -> Gateways:
    return Gateways({gateway.name: gateway})


def by_card(account, gateways, now, *, amount=10_000, invoice=None) -> Payment:
    parts = (InvoicePart(invoice, amount),) if invoice is not None else ()
    asked = Wanted(
        PaymentKind.CARD, "scripted", uuid.uuid4().hex, parts=parts, funds=0 if invoice is not None else amount
    )
    payment = begin_payment(account, asked, gateways=gateways, actor=CLERK, now=now)
    db.session.commit()
    carry_out(payment.id, gateways, actor=CLERK, now=now)
    return db.session.get_one(Payment, payment.id, populate_existing=True)


def by_hand(account, now, *, amount=10_000) -> Payment:
    return record_received_payment(
        account,
        amount=amount,
        currency=account.currency,
        method=PaymentKind.CHEQUE,
        received_on=now.date(),
        actor=CLERK,
        now=now,
    )


def back(payment, now, *, amount=4_000, key=None) -> Refund:
    refund = refund_payment(
        payment, amount=amount, reason="Paid twice", key=key or uuid.uuid4().hex, actor=CLERK, now=now
    )
    db.session.commit()
    return refund


def sent(refund, gateways, now) -> Refund:
    refund_id = refund.id
    db.session.commit()
    carry_out_refund(refund_id, gateways, actor=CLERK, now=now)
    return db.session.get_one(Refund, refund_id, populate_existing=True)


def on_its_way(account) -> int:
    return balance_of(LedgerAccountKind.REFUNDS, account_id=None, currency=account.currency)


def loses(gateway):
    def answer(request):
        gateway.give_back(request)
        return RefundResult(ChargeState.UNKNOWN)

    return answer


def declines(_request):
    return RefundResult(ChargeState.DECLINED, code="expired", message="The card has expired.")


def test_the_money_leaves_the_balance_before_the_gateway_is_asked(account, gateway, gateways, now):
    refund = back(by_card(account, gateways, now), now)
    assert (refund.status, funds(account), on_its_way(account)) == (RefundStatus.PENDING, 6_000, 4_000)
    assert "refund" not in gateway.calls
    assert check_books() == []


def test_a_refund_that_is_carried_out_has_left_the_house(account, gateway, gateways, now):
    payment = by_card(account, gateways, now)
    refund = sent(back(payment, now), gateways, now)
    assert (refund.status, refund.gateway_ref) == (RefundStatus.SETTLED, f"re-{refund.gateway_key}")
    assert (funds(account), on_its_way(account)) == (6_000, 0)
    db.session.refresh(payment)
    assert (payment.status, payment.amount_refunded) == (PaymentStatus.PARTIALLY_REFUNDED, 4_000)
    assert [line.amount for line in statement_of(account)] == [10_000, -4_000]
    assert check_books() == []


def test_a_payment_that_is_given_back_whole_is_refunded(account, gateways, now):
    payment = by_card(account, gateways, now)
    sent(back(payment, now, amount=10_000), gateways, now)
    db.session.refresh(payment)
    assert payment.status is PaymentStatus.REFUNDED


def test_a_cheque_is_sent_back_by_hand_and_settled_at_once(account, now):
    refund = back(by_hand(account, now), now)
    assert (refund.status, on_its_way(account), funds(account)) == (RefundStatus.SETTLED, 0, 6_000)
    assert check_books() == []


def test_the_same_form_sent_twice_is_one_refund(account, gateways, now):
    payment = by_card(account, gateways, now)
    first, second = back(payment, now, key="the-form"), back(payment, now, key="the-form")
    assert first.id == second.id
    assert (rows_of(Refund), funds(account)) == (1, 6_000)


def test_a_declined_refund_is_balance_again_and_says_so(account, gateway, gateways, now):
    payment = by_card(account, gateways, now)
    gateway.refund_answers = [declines]
    refund = sent(back(payment, now), gateways, now)
    assert (refund.status, funds(account), on_its_way(account)) == (RefundStatus.FAILED, 10_000, 0)
    db.session.refresh(payment)
    assert (payment.status, payment.amount_refunded) == (PaymentStatus.SETTLED, 0)
    assert [line.amount for line in statement_of(account)] == [10_000, -4_000, 4_000]
    assert check_books() == []


def test_a_lost_answer_is_looked_up_and_sends_nothing_twice(account, gateway, gateways, now):
    payment = by_card(account, gateways, now)
    gateway.refund_answers = [loses(gateway)]
    refund = sent(back(payment, now), gateways, now)
    assert refund.status is RefundStatus.BEING_CHECKED
    assert refunds_to_check() == [refund.id]
    refund = sent(refund, gateways, now)
    assert (refund.status, list(gateway.given_back.values())) == (RefundStatus.SETTLED, [4_000])
    assert check_books() == []


def test_a_refund_that_the_gateway_never_saw_is_asked_for_again_once_its_caller_must_have_ended(
    account, gateway, gateways, now
):
    refund = back(by_card(account, gateways, now), now)
    gateway.refund_answers = [lambda _request: RefundResult(ChargeState.UNKNOWN)]
    sent(refund, gateways, now)
    assert sent(refund, gateways, now + dt.timedelta(seconds=20)).status is RefundStatus.BEING_CHECKED
    assert gateway.calls.count("refund") == 1
    assert sent(refund, gateways, now + ANSWER_WITHIN).status is RefundStatus.SETTLED
    assert list(gateway.given_back.values()) == [4_000]


def test_a_gateway_that_raises_leaves_the_refund_being_checked(account, gateway, gateways, now):
    refund = back(by_card(account, gateways, now), now)

    def breaks(_request):
        raise RuntimeError("against its promise")

    gateway.refund_answers = [breaks]
    assert sent(refund, gateways, now).status is RefundStatus.BEING_CHECKED


def test_the_gateway_is_never_asked_with_a_transaction_open(account, gateway, gateways, now):
    refund = back(by_card(account, gateways, now), now)
    seen = []
    gateway.refund_answers = [lambda request: seen.append(db.session().in_transaction()) or gateway.give_back(request)]
    sent(refund, gateways, now)
    assert seen == [False]


def test_what_paid_an_invoice_is_not_sent_back_before_the_invoice_is_credited(account, gateways, now):
    invoice = issued(account, now)
    payment = by_card(account, gateways, now, invoice=invoice)
    with pytest.raises(MoreThanIsFree) as refused:
        back(payment, now)
    assert refused.value.free == 0
    db.session.rollback()
    issue_credit_note(
        invoice,
        reason=CreditReason.REFUND,
        amount=4_000,
        description="",
        remark=None,
        actor=CLERK,
        now=now,
    )
    sent(back(payment, now), gateways, now)
    assert (funds(account), check_books()) == (0, [])


def test_money_that_was_spent_meanwhile_is_not_sent_back(account, gateways, now):
    payment = by_card(account, gateways, now)
    pay_invoice_from_balance(issued(account, now), actor=CLERK, now=now)
    db.session.commit()
    with pytest.raises(NotEnoughFunds):
        back(payment, now)
    db.session.rollback()
    assert (funds(account), rows_of(Refund), check_books()) == (0, 0, [])


@pytest.mark.parametrize("amount", [0, -1])
def test_nothing_and_less_is_not_sent_back(account, gateways, now, amount):
    payment = by_card(account, gateways, now)
    with pytest.raises(AmountNotPositive):
        back(payment, now, amount=amount)


def test_a_payment_from_the_balance_brought_no_money_to_send_back(account, now):
    fund(account, 10_000, now)
    pay_invoice_from_balance(issued(account, now), actor=CLERK, now=now)
    payment = db.session.scalars(select(Payment).where(Payment.method == PaymentKind.BALANCE)).one()
    with pytest.raises(NotRefundable):
        back(payment, now)


def test_who_looks_in_as_a_member_sends_nothing_back(account, gateways, now):
    payment = by_card(account, gateways, now)
    with pytest.raises(NotWhileLoggedInAs):
        refund_payment(
            payment,
            amount=1,
            reason="x",
            key="k",
            actor=dataclasses.replace(CLERK, on_behalf_of_id=1),
            now=now,
        )


def test_sixteen_refunds_at_once_give_back_no_more_than_there_was(account, gateways, now):
    payment = by_card(account, gateways, now)
    payment_id = payment.id
    results = at_once(lambda number: back_of(payment_id, now, key=f"form-{number}"))
    assert len(results) - len(refusals(results)) == 2  # twice 4,000 of 10,000
    assert (funds(account), check_books()) == (2_000, [])


def test_one_form_sent_sixteen_times_is_one_refund(account, gateways, now):
    payment_id = by_card(account, gateways, now).id
    results = at_once(lambda _number: back_of(payment_id, now, key="the-form"))
    assert (len(set(results)), funds(account)) == (1, 6_000)


def back_of(payment_id, now, *, key):
    payment = db.session.get_one(Payment, payment_id)
    return refund_payment(payment, amount=4_000, reason="Paid twice", key=key, actor=CLERK, now=now).id


def test_many_runners_at_once_send_a_refund_once(account, gateway, gateways, now):
    refund_id = back(by_card(account, gateways, now), now).id
    all_at_once(lambda _number: carry_out_refund(refund_id, gateways, actor=CLERK, now=now), times=16)
    assert sent(db.session.get_one(Refund, refund_id), gateways, now).status is RefundStatus.SETTLED
    assert list(gateway.given_back.values()) == [4_000]
    assert (on_its_way(account), check_books()) == (0, [])


# What gateways tell on their own


def told(gateway, gateways, now, kind, refund, *, amount=4_000, currency="USD", event_id="e-1") -> GatewayEventStatus:
    headers, body = gateway.tell(event_id, kind, refund.gateway_key, amount, currency)
    event_id = receive_event("scripted", headers, body, gateways, now=now)
    status = work_off_event(event_id, actor=CLERK, now=now)
    db.session.commit()
    return status


def test_an_event_settles_the_refund_it_is_about_once(account, gateway, gateways, now):
    gateway.refund_answers = [loses(gateway)]
    refund = sent(back(by_card(account, gateways, now), now), gateways, now)
    for number in range(2):
        event = told(gateway, gateways, now, EventKind.REFUND_SUCCEEDED, refund, event_id=f"e-{number}")
        assert event is GatewayEventStatus.PROCESSED
    db.session.refresh(refund)
    assert (refund.status, on_its_way(account), check_books()) == (RefundStatus.SETTLED, 0, [])


def test_an_event_of_failure_gives_the_money_back_to_the_balance(account, gateway, gateways, now):
    gateway.refund_answers = [lambda _request: RefundResult(ChargeState.WAITING)]
    refund = sent(back(by_card(account, gateways, now), now), gateways, now)
    told(gateway, gateways, now, EventKind.REFUND_FAILED, refund)
    db.session.refresh(refund)
    assert (refund.status, funds(account), check_books()) == (RefundStatus.FAILED, 10_000, [])


@pytest.mark.parametrize("differs", [{"amount": 3_999}, {"currency": "EUR"}])
def test_an_event_over_another_amount_changes_nothing_and_is_kept_for_staff(account, gateway, gateways, now, differs):
    gateway.refund_answers = [loses(gateway)]
    refund = sent(back(by_card(account, gateways, now), now), gateways, now)
    assert told(gateway, gateways, now, EventKind.REFUND_SUCCEEDED, refund, **differs) is GatewayEventStatus.REFUSED
    db.session.refresh(refund)
    assert refund.status is RefundStatus.BEING_CHECKED


def test_an_event_that_contradicts_what_was_booked_is_kept_for_staff(account, gateway, gateways, now):
    gateway.refund_answers = [declines]
    refund = sent(back(by_card(account, gateways, now), now), gateways, now)
    assert told(gateway, gateways, now, EventKind.REFUND_SUCCEEDED, refund) is GatewayEventStatus.REFUSED
    assert "ended otherwise" in db.session.scalars(select(GatewayEvent)).one().note
    assert (funds(account), check_books()) == (10_000, [])
