"""Payments, methods, allocations, refunds and credit: what the database itself refuses."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from models import (
    AttemptOutcome,
    CreditLimitKind,
    GatewayEventStatus,
    Payment,
    PaymentMethod,
    PaymentMethodStatus,
    PaymentStatus,
    RefundStatus,
    ReservationStatus,
)
from tests.factories.base import NOW
from tests.factories.money import (
    AutoTopUpFactory,
    CreditLimitFactory,
    CreditNoteFactory,
    CreditReservationFactory,
    GatewayEventFactory,
    InvoiceFactory,
    PaymentAllocationFactory,
    PaymentAttemptFactory,
    PaymentFactory,
    PaymentMethodFactory,
    RefundFactory,
)
from tests.factories.people import AccountFactory

pytestmark = pytest.mark.usefixtures("session")


@pytest.mark.parametrize(
    ("wrong", "constraint"),
    [
        ({"amount": 0}, "amount_positive"),
        ({"fee": -1}, "fee_not_negative"),
        ({"amount_allocated": 10_001}, "allocated_at_most_amount"),
        ({"amount_refunded": 10_001}, "refunded_at_most_amount|allocated_at_most|status_agrees"),
        ({"settled_at": None}, "settled_has_its_moment"),
        ({"status": PaymentStatus.PENDING}, "settled_has_its_moment"),
        ({"status": PaymentStatus.BEING_CHECKED, "settled_at": None, "amount_allocated": 1}, "only_settled"),
        ({"status": PaymentStatus.REFUNDED, "amount_refunded": 9_999}, "status_agrees"),
        ({"status": PaymentStatus.PARTIALLY_REFUNDED}, "status_agrees"),
        (
            {"status": PaymentStatus.PARTIALLY_REFUNDED, "amount_refunded": 1, "amount_allocated": 10_000},
            "allocated_at",
        ),
    ],
    ids=str,
)
def test_a_payment_adds_up(wrong, constraint):
    with pytest.raises(IntegrityError, match=constraint):
        PaymentFactory(**wrong)


def test_the_same_request_of_an_account_is_one_payment():
    first = PaymentFactory(idempotency_key="form-1")
    PaymentFactory(idempotency_key="form-1")
    with pytest.raises(IntegrityError):
        PaymentFactory(account=first.account, idempotency_key="form-1")


def test_a_transaction_of_a_gateway_is_one_payment():
    PaymentFactory(gateway="stripe", gateway_ref="pi_1")
    PaymentFactory(gateway="paypal", gateway_ref="pi_1")
    with pytest.raises(IntegrityError):
        PaymentFactory(gateway="stripe", gateway_ref="pi_1")


def test_a_payment_uses_a_method_of_its_account():
    with pytest.raises(IntegrityError):
        PaymentFactory(payment_method=PaymentMethodFactory())


def test_a_payment_settles_an_invoice_of_its_account():
    with pytest.raises(IntegrityError):
        PaymentAllocationFactory(payment=PaymentFactory())


def test_a_payment_settles_an_invoice_of_its_currency():
    invoice = InvoiceFactory()
    with pytest.raises(IntegrityError):
        PaymentAllocationFactory(invoice=invoice, payment=PaymentFactory(account=invoice.account, currency="EUR"))


def test_an_allocation_has_one_source():
    note = CreditNoteFactory()
    allowed = PaymentAllocationFactory(invoice=note.invoice, payment=None, credit_note=note)
    assert allowed.payment_id is None
    with pytest.raises(IntegrityError, match="one_source"):
        PaymentAllocationFactory(invoice=note.invoice, credit_note=note)


def test_an_allocation_has_a_source():
    with pytest.raises(IntegrityError, match="one_source"):
        PaymentAllocationFactory(payment=None)


def test_at_most_what_was_allocated_is_taken_back():
    with pytest.raises(IntegrityError, match="reversed_at_most_amount"):
        PaymentAllocationFactory(amount=100, amount_reversed=101, reversed_at=NOW)


def test_a_refund_stays_with_its_payment():
    payment, stranger = PaymentFactory(), AccountFactory()
    with pytest.raises(IntegrityError):
        RefundFactory(payment=payment, account_id=stranger.id)


def test_a_settled_refund_has_its_moment():
    with pytest.raises(IntegrityError, match="settled_has_its_moment"):
        RefundFactory(status=RefundStatus.SETTLED)


def test_a_try_is_counted_once():
    first = PaymentAttemptFactory(attempt=1)
    with pytest.raises(IntegrityError):
        PaymentAttemptFactory(payment=first.payment, attempt=1)


def test_a_finished_try_has_its_moment():
    with pytest.raises(IntegrityError, match="finished_has_its_moment"):
        PaymentAttemptFactory(outcome=AttemptOutcome.UNKNOWN, finished_at=None)


def test_an_event_of_a_gateway_is_kept_once():
    GatewayEventFactory(gateway="stripe", event_id="evt_1")
    GatewayEventFactory(gateway="paypal", event_id="evt_1")
    with pytest.raises(IntegrityError):
        GatewayEventFactory(gateway="stripe", event_id="evt_1")


def test_an_event_worked_off_has_its_moment():
    with pytest.raises(IntegrityError, match="processed_has_its_moment"):
        GatewayEventFactory(status=GatewayEventStatus.PROCESSED)


def test_an_account_has_one_default_method(session):
    first = PaymentMethodFactory(is_default=True)
    PaymentMethodFactory(is_default=True)
    PaymentMethodFactory(account=first.account)
    PaymentMethodFactory(account=first.account)
    with pytest.raises(IntegrityError):
        PaymentMethodFactory(account=first.account, is_default=True)


def test_the_default_method_works():
    with pytest.raises(IntegrityError, match="default_is_active"):
        PaymentMethodFactory(status=PaymentMethodStatus.EXPIRED, is_default=True)


def test_an_account_has_one_automatic_top_up():
    rule = AutoTopUpFactory()
    with pytest.raises(IntegrityError):
        AutoTopUpFactory(payment_method=rule.payment_method)


def test_a_top_up_uses_a_method_of_its_account():
    method, stranger = PaymentMethodFactory(), AccountFactory()
    with pytest.raises(IntegrityError):
        AutoTopUpFactory(payment_method=method, account_id=stranger.id)


def test_one_permanent_limit_is_in_force(session):
    limit = CreditLimitFactory()
    limit.withdrawn_at = NOW
    session.flush()
    CreditLimitFactory(account=limit.account)
    with pytest.raises(IntegrityError):
        CreditLimitFactory(account=limit.account)


def test_a_temporary_limit_has_an_end():
    with pytest.raises(IntegrityError, match="temporary_has_an_end"):
        CreditLimitFactory(kind=CreditLimitKind.TEMPORARY)


def test_a_permanent_limit_has_none():
    with pytest.raises(IntegrityError, match="temporary_has_an_end"):
        CreditLimitFactory(valid_to=dt.date(2026, 6, 1))


def test_credit_is_reserved_once():
    held = CreditReservationFactory(idempotency_key="order-1")
    with pytest.raises(IntegrityError):
        CreditReservationFactory(account=held.account, idempotency_key="order-1")


def test_a_reservation_that_ended_has_its_moment():
    with pytest.raises(IntegrityError, match="ended_has_its_moment"):
        CreditReservationFactory(status=ReservationStatus.SPENT)


def test_what_can_be_done_with_a_payment_is_the_same_in_python_and_in_the_database(session):
    PaymentFactory()
    PaymentFactory(pending=True)
    PaymentFactory(amount_allocated=10_000)
    PaymentFactory(status=PaymentStatus.PARTIALLY_REFUNDED, amount_refunded=4_000, amount_allocated=6_000)
    PaymentFactory(status=PaymentStatus.REFUNDED, amount_refunded=10_000)
    said = []
    for payment, can_refund, can_allocate in session.execute(
        select(Payment, Payment.can_refund, Payment.can_allocate).order_by(Payment.id)
    ):
        assert (payment.can_refund, payment.can_allocate) == (can_refund, can_allocate)
        said.append((payment.can_refund, payment.can_allocate))
    assert said == [(True, True), (False, False), (True, False), (True, False), (False, False)]


def test_what_can_be_done_with_a_method_is_the_same_in_python_and_in_the_database(session):
    PaymentMethodFactory()
    PaymentMethodFactory(is_default=True)
    PaymentMethodFactory(status=PaymentMethodStatus.EXPIRED)
    PaymentMethodFactory(status=PaymentMethodStatus.REMOVED, removed_at=NOW)
    said = []
    for method, can_be_default, can_remove in session.execute(
        select(PaymentMethod, PaymentMethod.can_be_default, PaymentMethod.can_remove).order_by(PaymentMethod.id)
    ):
        assert (method.can_be_default, method.can_remove) == (bool(can_be_default), bool(can_remove))
        said.append((method.can_be_default, method.can_remove))
    assert said == [(True, True), (False, True), (False, True), (False, False)]
