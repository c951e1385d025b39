"""Money through a gateway: intent, call, outcome, and what a crash or a lost answer in between leaves."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from sqlalchemy import select

from domain.invoices import InvoiceStatus
from extensions import db
from gateways.port import ChargeResult, ChargeState
from gateways.registry import Gateways
from models import Account, Payment, PaymentAttempt, PaymentClaim, PaymentKind, PaymentStatus
from models.credit_note import CreditReason
from models.payment import AttemptOutcome
from services.books import check_books
from services.credit_notes import issue_credit_note
from services.invoices import pay_invoice_from_balance, void_invoice
from services.paying import followers
from services.paying.charging import TransactionOpen, ask, carry_out, finish, give_up, look_up
from services.paying.checks import ANSWER_WITHIN, WAITS_FOR_PAYER, check_payment, payments_to_check
from services.paying.claims import InvoicePart, PaymentUnderWay
from services.paying.intents import (
    MeansNotOffered,
    MethodNotUsable,
    MoreThanDue,
    PaidTwiceInOne,
    Wanted,
    begin_payment,
)
from services.paying.outcomes import record_outcome
from services.payments import AmountNotPositive, InvoiceOfAnother
from services.step_up import ProofNeeded
from services.unit_of_work import unit_of_work
from tests.factories.money import PaymentMethodFactory
from tests.factories.people import AccountFactory, MemberFactory
from tests.services.money import CLERK, assert_books_balance, fund, funds, issued, member_actor, rows_of, statement_of
from tests.support.scripted_gateway import ScriptedGateway, says


@pytest.fixture
def account(session) -> Account:
    return AccountFactory()


@pytest.fixture
def gateway() -> ScriptedGateway:
    return ScriptedGateway()


@pytest.fixture
def gateways(gateway) -> Gateways:
    return Gateways({gateway.name: gateway})


def wanted(*parts, funds=0, key=None, **others) -> Wanted:
    values = {"means": PaymentKind.CARD, "gateway": "scripted", **others}
    return Wanted(key=key or uuid.uuid4().hex, parts=tuple(InvoicePart(*part) for part in parts), funds=funds, **values)


def begun(account, asked, gateways, now, actor=CLERK) -> Payment:
    payment = begin_payment(account, asked, gateways=gateways, actor=actor, now=now)
    db.session.commit()
    return payment


def read(payment) -> Payment:
    db.session.expire_all()
    found = db.session.get_one(Payment, payment.id)
    db.session.refresh(found)
    return found


def after(payment, gateways, now) -> Payment:
    db.session.commit()
    carry_out(payment.id, gateways, actor=CLERK, now=now)
    return read(payment)


def open_claims_count() -> int:
    return len(db.session.scalars(select(PaymentClaim).where(PaymentClaim.released_at.is_(None))).all())


def test_a_successful_charge_pays_the_invoice_and_stands_in_the_books(account, gateways, now):
    invoice = issued(account, now)
    payment = after(begun(account, wanted((invoice, 10_000)), gateways, now), gateways, now)
    db.session.refresh(invoice)
    assert (payment.status, payment.amount_allocated) == (PaymentStatus.SETTLED, 10_000)
    assert (invoice.status, invoice.amount_due, funds(account)) == (InvoiceStatus.PAID, 0, 0)
    assert [line.amount for line in statement_of(account)] == [-10_000, 10_000]
    assert open_claims_count() == 0
    assert_books_balance()
    assert check_books() == []


def test_several_invoices_and_parts_are_paid_by_one_charge_and_the_rest_is_balance(account, gateway, gateways, now):
    first, second = issued(account, now), issued(account, now, net=7_000)
    asked = wanted((first, 10_000), (second, 7_000), funds=500)
    payment = after(begun(account, asked, gateways, now), gateways, now)
    db.session.refresh(second)
    assert (payment.amount, second.amount_due, funds(account)) == (17_500, 0, 500)
    assert len(gateway.taken) == 1


def test_added_funds_cover_the_oldest_debt_first(account, gateways, now):
    invoice = issued(account, now)
    after(begun(account, wanted(funds=4_000), gateways, now), gateways, now)
    db.session.refresh(invoice)
    assert (invoice.amount_due, funds(account)) == (6_000, 0)


def test_the_fee_of_the_gateway_is_the_houses(account, gateway, gateways, now):
    gateway.answers = [lambda request: gateway.take(request, fee=59)]
    payment = after(begun(account, wanted(funds=1_000), gateways, now), gateways, now)
    assert (payment.fee, funds(account)) == (59, 1_000)
    assert_books_balance()


def test_asked_twice_with_one_key_it_is_one_payment_and_one_charge(account, gateway, gateways, now):
    invoice = issued(account, now)
    asked = wanted((invoice, 10_000), key="the-form")
    first, second = begun(account, asked, gateways, now), begun(account, asked, gateways, now)
    after(first, gateways, now)
    after(second, gateways, now)
    assert (first.id, rows_of(Payment), rows_of(PaymentAttempt), gateway.calls) == (second.id, 1, 1, ["charge"])


def test_a_declined_charge_says_why_and_frees_the_invoice(account, gateway, gateways, now):
    gateway.answers = [says(ChargeState.DECLINED, code="51", message="The card has too little money.")]
    invoice = issued(account, now)
    payment = after(begun(account, wanted((invoice, 10_000)), gateways, now), gateways, now)
    assert (payment.status, payment.failure_reason) == (PaymentStatus.FAILED, "The card has too little money.")
    assert open_claims_count() == 0
    gateway.answers = []
    assert after(begun(account, wanted((invoice, 10_000)), gateways, now), gateways, now).status == "settled"


def test_a_lost_answer_is_being_checked_and_then_known(account, gateway, gateways, now):
    def loses(request):
        gateway.take(request)
        return ChargeResult(ChargeState.UNKNOWN)

    gateway.answers = [loses]
    invoice = issued(account, now)
    payment = after(begun(account, wanted((invoice, 10_000)), gateways, now), gateways, now)
    assert (payment.status, open_claims_count()) == (PaymentStatus.BEING_CHECKED, 1)
    db.session.commit()
    check_payment(payment.id, gateways, actor=CLERK, now=now + ANSWER_WITHIN)
    payment = read(payment)
    assert (payment.status, payment.amount_allocated, gateway.calls) == ("settled", 10_000, ["charge", "find"])
    attempt = db.session.scalars(select(PaymentAttempt)).one()
    assert attempt.outcome is AttemptOutcome.SUCCEEDED


def test_a_gateway_that_raises_leaves_a_payment_being_checked(account, gateway, gateways, now, caplog):
    def breaks(request):
        raise OSError("the line is dead")

    gateway.answers = [breaks]
    payment = after(begun(account, wanted(funds=100), gateways, now), gateways, now)
    assert payment.status is PaymentStatus.BEING_CHECKED
    assert "outcome is unknown" in caplog.text


def test_a_key_that_the_gateway_never_saw_fails_and_nothing_was_taken(account, gateway, gateways, now):
    gateway.answers = [says(ChargeState.UNKNOWN)]
    payment = after(begun(account, wanted(funds=100), gateways, now), gateways, now)
    db.session.commit()
    check_payment(payment.id, gateways, actor=CLERK, now=now + ANSWER_WITHIN)
    assert (read(payment).status, funds(account)) == (PaymentStatus.FAILED, 0)


def test_what_was_taken_after_all_is_not_lost(account, gateway, gateways, now):
    """The gateway said no, then yes: the money pays what is due, the rest is balance."""
    gateway.answers = [says(ChargeState.DECLINED)]
    invoice = issued(account, now)
    payment = after(begun(account, wanted((invoice, 10_000)), gateways, now), gateways, now)
    key = db.session.scalars(select(PaymentAttempt.idempotency_key)).one()
    gateway.taken[key] = ChargeResult(ChargeState.SUCCEEDED, "late", amount=10_000, currency="USD")
    db.session.commit()
    look_up(payment.id, gateways, actor=CLERK, now=now)
    db.session.refresh(invoice)
    assert (read(payment).status, invoice.amount_due) == (PaymentStatus.SETTLED, 0)
    assert check_books() == []


def test_another_amount_than_asked_is_booked_as_it_was_taken(account, gateway, gateways, now):
    gateway.answers = [lambda request: gateway.take(request, amount=9_000)]
    invoice = issued(account, now)
    payment = after(begun(account, wanted((invoice, 10_000)), gateways, now), gateways, now)
    db.session.refresh(invoice)
    assert (payment.amount, invoice.amount_due) == (9_000, 1_000)
    assert "100.00 USD were asked for" in payment.remark
    assert check_books() == []


def test_another_currency_is_never_booked_and_waits_for_staff(account, gateway, gateways, now):
    gateway.answers = [lambda request: gateway.take(request, currency="EUR")]
    payment = after(begun(account, wanted(funds=100), gateways, now), gateways, now)
    db.session.commit()
    check_payment(payment.id, gateways, actor=CLERK, now=now + ANSWER_WITHIN)
    payment = read(payment)
    assert (payment.status, funds(account), gateway.calls) == (PaymentStatus.BEING_CHECKED, 0, ["charge"])
    assert "EUR instead of USD" in payment.failure_reason


def test_a_payer_who_comes_back_has_paid(account, gateway, gateways, now):
    gateway.answers = [says(ChargeState.WAITING, handle="cs-1", continue_at="https://pay.example/1")]
    payment = begun(account, wanted(funds=100), gateways, now)
    db.session.commit()
    asked = carry_out(payment.id, gateways, actor=CLERK, now=now)
    again = carry_out(payment.id, gateways, actor=CLERK, now=now)
    assert (asked.continue_at, again.continue_at) == ("https://pay.example/1", "https://pay.example/1")
    assert finish(payment.id, gateways, actor=CLERK, now=now).state is ChargeState.SUCCEEDED
    assert gateway.calls == ["charge", "finish"]
    assert (read(payment).status, funds(account)) == (PaymentStatus.SETTLED, 100)


def test_a_payer_who_gives_up_frees_the_invoice(account, gateway, gateways, now):
    gateway.answers = [says(ChargeState.WAITING, handle="cs-1", continue_at="https://pay.example/1")]
    invoice = issued(account, now)
    payment = after(begun(account, wanted((invoice, 10_000)), gateways, now), gateways, now)
    db.session.commit()
    assert give_up(payment.id, gateways, actor=CLERK, now=now).state is ChargeState.DECLINED
    assert (read(payment).status, open_claims_count()) == (PaymentStatus.FAILED, 0)


def test_a_payer_who_takes_hours_is_given_up_at_the_gateway_first(account, gateway, gateways, now):
    gateway.answers = [says(ChargeState.WAITING, handle="cs-1", continue_at="https://pay.example/1")]
    gateway.approves = False
    payment = after(begun(account, wanted(funds=100), gateways, now), gateways, now)
    db.session.commit()
    check_payment(payment.id, gateways, actor=CLERK, now=now + ANSWER_WITHIN)
    assert read(payment).status is PaymentStatus.PENDING
    db.session.commit()
    check_payment(payment.id, gateways, actor=CLERK, now=now + WAITS_FOR_PAYER)
    assert read(payment).status is PaymentStatus.FAILED
    assert gateway.calls[-1] == "cancel"


def test_a_payer_who_approved_and_never_came_back_has_paid(account, gateway, gateways, now):
    gateway.answers = [says(ChargeState.WAITING, handle="cs-1", continue_at="https://pay.example/1")]
    payment = after(begun(account, wanted(funds=100), gateways, now), gateways, now)
    db.session.commit()
    check_payment(payment.id, gateways, actor=CLERK, now=now + ANSWER_WITHIN)
    assert (read(payment).status, gateway.calls) == (PaymentStatus.SETTLED, ["charge", "finish"])


def test_a_crash_before_the_call_leaves_a_payment_that_the_check_lets_fail(account, gateway, gateways, now):
    invoice = issued(account, now)
    payment = begun(account, wanted((invoice, 10_000)), gateways, now)
    later = now + ANSWER_WITHIN
    assert list(payments_to_check(now=now)) == []
    assert list(payments_to_check(now=later)) == [payment.id]
    db.session.commit()
    check_payment(payment.id, gateways, actor=CLERK, now=later)
    assert (read(payment).status, open_claims_count(), gateway.calls) == (PaymentStatus.FAILED, 0, [])
    assert list(payments_to_check(now=later)) == []


def test_the_gateway_is_never_called_with_a_transaction_open(account, gateway, gateways, now, monkeypatch):
    payment = begun(account, wanted(funds=100), gateways, now)
    db.session.commit()
    seen = []
    gateway.answers = [lambda request: seen.append(db.session().in_transaction()) or gateway.take(request)]
    carry_out(payment.id, gateways, actor=CLERK, now=now)
    assert seen == [False]


def test_a_call_within_a_transaction_is_a_programmers_mistake(account, gateway):
    db.session.execute(select(Account.id)).all()
    with pytest.raises(TransactionOpen):
        ask(lambda: ChargeResult(ChargeState.SUCCEEDED))


@pytest.mark.parametrize("what", ["a second card", "the balance", "void", "credit"])
def test_while_an_invoice_is_being_paid_nothing_else_touches_it(account, gateways, now, what):
    fund(account, 50_000, now)
    invoice = issued(account, now)
    begun(account, wanted((invoice, 4_000)), gateways, now)
    acts = {
        "a second card": lambda: begin_payment(
            account, wanted((invoice, 6_000)), gateways=gateways, actor=CLERK, now=now
        ),
        "the balance": lambda: pay_invoice_from_balance(invoice, actor=CLERK, now=now),
        "void": lambda: void_invoice(invoice, actor=CLERK, now=now),
        "credit": lambda: issue_credit_note(invoice, reason=CreditReason.GOODWILL, actor=CLERK, now=now),
    }
    with pytest.raises(PaymentUnderWay):
        acts[what]()


def test_money_that_arrives_meanwhile_pays_other_debt(account, gateways, now):
    invoice, other = issued(account, now), issued(account, now)
    begun(account, wanted((invoice, 10_000)), gateways, now)
    fund(account, 12_000, now)
    db.session.refresh(invoice)
    db.session.refresh(other)
    assert (invoice.amount_due, other.amount_due, funds(account)) == (10_000, 0, 2_000)


@pytest.mark.parametrize(
    ("parts", "extra", "refusal"),
    [
        ([0], 0, AmountNotPositive),
        ([-1], 500, AmountNotPositive),
        ([], 0, AmountNotPositive),
        ([], -1, AmountNotPositive),
        ([10_001], 0, MoreThanDue),
    ],
)
def test_amounts_that_make_no_sense_are_refused_and_nothing_is_written(account, gateways, now, parts, extra, refusal):
    invoice = issued(account, now)
    with pytest.raises(refusal):
        begin_payment(
            account, wanted(*((invoice, part) for part in parts), funds=extra), gateways=gateways, actor=CLERK, now=now
        )
    assert rows_of(Payment) == 0


def test_an_invoice_of_another_account_is_refused(account, gateways, now):
    foreign = issued(AccountFactory(), now)
    with pytest.raises(InvoiceOfAnother):
        begin_payment(account, wanted((foreign, 1)), gateways=gateways, actor=CLERK, now=now)


def test_an_invoice_chosen_twice_is_refused(account, gateways, now):
    invoice = issued(account, now)
    with pytest.raises(PaidTwiceInOne):
        begin_payment(account, wanted((invoice, 1), (invoice, 2)), gateways=gateways, actor=CLERK, now=now)


@pytest.mark.parametrize(
    "tampered", [{"gateway": "none"}, {"means": PaymentKind.BALANCE}, {"means": PaymentKind.PAYPAL_AGREEMENT}]
)
def test_a_way_to_pay_that_is_not_offered_is_refused(account, gateways, now, tampered):
    with pytest.raises(MeansNotOffered):
        begin_payment(account, wanted(funds=1, **tampered), gateways=gateways, actor=CLERK, now=now)


def test_a_method_that_expired_or_is_somebody_elses_is_refused(account, gateways, now):
    refs = {"gateway": "scripted", "gateway_customer_ref": "c", "gateway_method_ref": "m"}
    expired = PaymentMethodFactory(account=account, expires_on=now.date() - dt.timedelta(days=1), **refs)
    foreign = PaymentMethodFactory(**{**refs, "gateway_method_ref": "n"})
    for method in (expired, foreign):
        with pytest.raises(MethodNotUsable):
            begin_payment(account, wanted(funds=1, method=method), gateways=gateways, actor=CLERK, now=now)


def test_a_stored_method_wants_a_recent_proof(account, gateways, now):
    refs = {"gateway": "scripted", "gateway_customer_ref": "c", "gateway_method_ref": "m"}
    method = PaymentMethodFactory(account=account, expires_on=now.date(), **refs)
    member = MemberFactory(account=account)
    actor = member_actor(member)
    with pytest.raises(ProofNeeded):
        begin_payment(
            account,
            wanted(funds=1, method=method),
            gateways=gateways,
            actor=actor,
            now=actor.proved_at + dt.timedelta(minutes=16),
        )


def test_followers_are_told_once_of_each_end(account, gateways, gateway, now, monkeypatch):
    told = []

    def follow(payment, **_who_and_when):
        told.append(payment.status)

    monkeypatch.setattr(followers, "followers", [follow])
    payment = after(begun(account, wanted(funds=1), gateways, now), gateways, now)
    db.session.commit()
    with unit_of_work():
        record_outcome(
            db.session.get_one(Payment, payment.id), ChargeResult(ChargeState.SUCCEEDED), actor=CLERK, now=now
        )
    assert told == [PaymentStatus.SETTLED]
