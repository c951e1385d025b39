"""Many who pay at the same moment, on both databases: nothing is paid twice, and no balance is spent twice."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import select, update

from domain.postings import LedgerAccountKind, balance_brought
from domain.refusals import Refusal
from extensions import db
from gateways.port import ChargeResult, ChargeState, RefundResult
from gateways.registry import Gateways
from models import Account, Invoice, LedgerAccount, Payment, PaymentKind, PaymentStatus, Refund, StatementKind
from models.payment import RefundStatus
from services.books import check_books
from services.ledger import Entry, post
from services.paying.balance import pay_from_balance
from services.paying.charging import carry_out, look_up
from services.paying.claims import InvoicePart
from services.paying.intents import Wanted, begin_payment
from services.refunds import carry_out_refund, refund_payment, refunds_to_check
from services.statements import NewLine, write_statement_line
from services.unit_of_work import unit_of_work
from tests.factories.people import AccountFactory
from tests.services.money import CLERK, funds, issued
from tests.support.parallel import AT_ONCE, at_once, refusals
from tests.support.scripted_gateway import ScriptedGateway
from tests.support.together import all_at_once

ROUNDS = 200


@pytest.fixture
def account(session) -> Account:
    return AccountFactory()


def pays_from_balance(account_id, invoice_id, now, key=None):
    account, invoice = db.session.get_one(Account, account_id), db.session.get_one(Invoice, invoice_id)
    part = InvoicePart(invoice, invoice.amount_due or 10_000)
    return pay_from_balance(account, [part], actor=CLERK, now=now, key=key).id


def pays_by_card(account_id, invoice_id, gateways, now, *, top_up=0):
    """Both transactions and the call between them, as a request does them."""
    with unit_of_work():
        account = db.session.get_one(Account, account_id)
        parts = ()
        if invoice_id is not None:
            invoice = db.session.get_one(Invoice, invoice_id)
            parts = (InvoicePart(invoice, invoice.amount_due or 10_000),)
        wanted = Wanted(PaymentKind.CARD, "scripted", uuid.uuid4().hex, parts=parts, funds=top_up)
        payment_id = begin_payment(account, wanted, gateways=gateways, actor=CLERK, now=now).id
    carry_out(payment_id, gateways, actor=CLERK, now=now)
    return payment_id


def test_two_invoices_on_a_balance_for_one_are_paid_once(account, now):
    invoices = [issued(account, now).id, issued(account, now).id]
    put_into_funds(account, 10_000, now)
    account_id = account.id
    results = at_once(lambda number: pays_from_balance(account_id, invoices[number % 2], now))
    assert len(results) - len(refusals(results)) == 1
    assert (funds(account), check_books()) == (0, [])


def test_without_the_guard_of_the_balance_it_is_spent_twice(account, now):
    """The same as above with the pot's minimum taken away: the proof that the guard is what holds."""
    invoices = [issued(account, now).id, issued(account, now).id]
    put_into_funds(account, 10_000, now)
    db.session.execute(
        update(LedgerAccount)
        .where(LedgerAccount.account_id == account.id, LedgerAccount.kind == LedgerAccountKind.FUNDS)
        .values(minimum=None)
    )
    account_id = account.id
    results = at_once(lambda number: pays_from_balance(account_id, invoices[number % 2], now))
    assert len(results) - len(refusals(results)) == 2
    assert funds(account) == -10_000


def test_one_invoice_by_balance_and_card_at_once_is_paid_once(account, now):
    invoice = issued(account, now)
    put_into_funds(account, 10_000, now)
    gateway = ScriptedGateway()
    gateways = Gateways({"scripted": gateway})
    account_id, invoice_id = account.id, invoice.id

    def pay(number):
        if number % 2:
            return pays_by_card(account_id, invoice_id, gateways, now)
        with unit_of_work():
            return pays_from_balance(account_id, invoice_id, now)

    results = all_at_once(pay, times=AT_ONCE)
    assert [each for each in results if isinstance(each, Exception) and not isinstance(each, Refusal)] == []
    assert len([each for each in results if not isinstance(each, Exception)]) == 1
    assert db.session.scalar(select(Invoice.amount_due).where(Invoice.id == invoice_id)) == 0
    assert funds(account) + sum(taken.amount for taken in gateway.taken.values()) in (0, 20_000)
    assert check_books() == []


def test_one_form_sent_sixteen_times_is_one_charge(account, now):
    invoice = issued(account, now)
    gateway = ScriptedGateway()
    gateways = Gateways({"scripted": gateway})
    account_id, invoice_id = account.id, invoice.id

    def pay(_number):
        with unit_of_work():
            part = InvoicePart(db.session.get_one(Invoice, invoice_id), 10_000)
            wanted = Wanted(PaymentKind.CARD, "scripted", "the-form", parts=(part,))
            account = db.session.get_one(Account, account_id)
            payment_id = begin_payment(account, wanted, gateways=gateways, actor=CLERK, now=now).id
        carry_out(payment_id, gateways, actor=CLERK, now=now)
        return payment_id

    results = all_at_once(pay, times=AT_ONCE)
    assert len(set(results)) == 1
    assert (len(gateway.taken), funds(account), check_books()) == (1, 0, [])


def test_an_outcome_that_many_tell_at_once_is_booked_once(account, now):
    gateway = ScriptedGateway()
    gateways = Gateways({"scripted": gateway})

    def loses(request):
        gateway.take(request)
        return ChargeResult(ChargeState.UNKNOWN)

    gateway.answers = [loses]
    db.session.commit()
    payment_id = pays_by_card(account.id, None, gateways, now, top_up=700)
    all_at_once(lambda _number: look_up(payment_id, gateways, actor=CLERK, now=now), times=AT_ONCE)
    assert (db.session.get_one(Payment, payment_id).status, funds(account)) == (PaymentStatus.SETTLED, 700)
    assert check_books() == []


@pytest.mark.slow
def test_no_mix_of_payments_at_once_overspends_or_pays_twice(account, now, database):
    """Rounds of 16: two invoices on one balance, one by balance and card, top-ups, refunds (each form sent twice, and
    money for one of them), lost answers of charges and refunds.
    """
    gateway = ScriptedGateway()
    gateways = Gateways({"scripted": gateway})
    account_id, saver = account.id, AccountFactory()
    for number in range(ROUNDS):
        gateway.answers = [gateway.take]
        db.session.commit()
        saved = pays_by_card(saver.id, None, gateways, now, top_up=40)
        ids = [issued(account, now).id, issued(account, now).id]
        put_into_funds(account, 10_000, now)
        db.session.commit()
        account = run_round(account_id, ids, saved, gateway, gateways, now)
        assert db.session.get_one(Payment, saved).amount_refunded == 25
        if number % 20 == 19:
            assert check_books() == [], number
    taken = sum(each.amount for each in gateway.taken.values())
    booked = select(Payment.amount).where(Payment.gateway == "scripted", Payment.settled_at.is_not(None))
    assert sum(db.session.scalars(booked)) == taken
    sent = db.session.execute(select(Refund.amount, Refund.status)).all()
    assert {status for _amount, status in sent} == {RefundStatus.SETTLED}
    assert sum(amount for amount, _status in sent) == sum(gateway.given_back.values()) == 25 * ROUNDS
    assert (funds(account) >= 0, funds(saver)) == (True, 15 * ROUNDS)
    assert check_books() == []


def run_round(account_id, ids, saved, gateway, gateways, now) -> Account:
    def loses(request):
        gateway.take(request)
        return ChargeResult(ChargeState.UNKNOWN)

    def loses_refund(request):
        gateway.give_back(request)
        return RefundResult(ChargeState.UNKNOWN)

    gateway.answers = [gateway.take, loses]
    gateway.refund_answers = [loses_refund]

    def refunds(number):
        with unit_of_work():
            payment = db.session.get_one(Payment, saved)
            key = f"{saved}-{number % 2}"  # two of the four are the same form, sent again
            refund_id = refund_payment(payment, amount=25, reason="x", key=key, actor=CLERK, now=now).id
        carry_out_refund(refund_id, gateways, actor=CLERK, now=now)
        return refund_id

    def act(number):
        if number in (3, 4, 5, 6):
            return refunds(number)
        if number in (0, 1):
            return pays_by_card(account_id, ids[0], gateways, now)
        if number == 2:
            return pays_by_card(account_id, None, gateways, now, top_up=300)
        with unit_of_work():
            return pays_from_balance(account_id, ids[number % 2], now)

    results = all_at_once(act, times=AT_ONCE)
    assert [each for each in results if isinstance(each, Exception) and not isinstance(each, Refusal)] == []
    unknown = db.session.scalars(
        select(Payment.id).where(Payment.status == PaymentStatus.BEING_CHECKED, Payment.account_id == account_id)
    ).all()
    db.session.commit()
    for payment_id in unknown:
        look_up(payment_id, gateways, actor=CLERK, now=now)
    checked = refunds_to_check()
    db.session.commit()
    for refund_id in checked:
        carry_out_refund(refund_id, gateways, actor=CLERK, now=now)
    for amount_due, total, paid in db.session.execute(
        select(Invoice.amount_due, Invoice.total, Invoice.amount_paid).where(Invoice.id.in_(ids))
    ):
        assert amount_due >= 0
        assert paid <= total
    account = db.session.get_one(Account, account_id)
    assert funds(account) >= 0
    return account


def put_into_funds(account, amount, now) -> None:
    """Money that stays balance although something is due, as an import brings it from an older system."""
    key = uuid.uuid4().hex
    brought = Entry(
        "balance.brought", "Brought", balance_brought(amount), account.id, account.currency, idempotency_key=key
    )
    post(brought, actor=CLERK, now=now)
    line = NewLine(account.id, StatementKind.OPENING, amount, account.currency, key[:30], "Brought", now.date())
    write_statement_line(line, now=now)
