"""Reserved credit: set aside once, spent or returned once, and never more of it than is usable."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import literal, select, update

from domain.postings import LedgerAccountKind
from extensions import db
from models import (
    Account,
    CreditReservation,
    Invoice,
    LedgerAccount,
    PaymentMode,
    ReservationStatus,
    UnbilledCharge,
)
from models.invoice import InvoiceStatus
from services.audit import timeline_of
from services.books import check_books
from services.credit import give_credit
from services.credit_limits import remove_credit_limit, set_credit_limit
from services.credit_reservations import (
    MoreThanReserved,
    ReservationEnded,
    ReservedForAnother,
    reservations_left_behind,
    reserve_credit,
    return_left_behind,
    return_reservation,
    spend_reservation,
)
from services.invoices import InvoiceLineValues, pay_invoice_from_balance
from services.ledger import NotEnoughFunds
from services.payment_modes import switch_to_postpaid, switch_to_prepaid
from services.payments import AmountNotPositive
from services.unit_of_work import unit_of_work
from services.usable_credit import figures_of
from tests.factories.people import AccountFactory
from tests.services.money import CLERK, NINETEEN_PERCENT, fund, funds, issued, receivable, rows_of
from tests.support.parallel import AT_ONCE, at_once, refusals


@pytest.fixture
def account(session, now) -> Account:
    """Prepaid, with 100.00."""
    account = AccountFactory()
    fund(account, 10_000, now)
    return account


@pytest.fixture
def postpaid(session, now) -> Account:
    """Postpaid, with a limit of 100.00."""
    account = AccountFactory()
    set_credit_limit(account, amount=10_000, actor=CLERK, now=now)
    return switch_to_postpaid(account, actor=CLERK, now=now)


def reserve(account, amount, now, key="a"):
    return reserve_credit(account, amount=amount, purpose="Numbers", key=key, actor=CLERK, now=now)


def figures(account, now):
    found = figures_of(account.id, day=now.date())
    return found.reserved, found.usable


def line(net=5_000, **others):
    return InvoiceLineValues("Numbers", unit_price=net, **others)


def test_what_is_reserved_is_not_usable_for_anything_else(account, now):
    reservation = reserve(account, 6_000, now)
    assert (reservation.status, figures(account, now)) == (ReservationStatus.HELD, (6_000, 4_000))
    with pytest.raises(NotEnoughFunds, match=r"What is usable is 40\.00 USD"):
        reserve(account, 4_001, now, "b")
    invoice = issued(account, now, net=4_001)
    db.session.commit()
    with pytest.raises(NotEnoughFunds, match=r"What is usable is 40\.00 USD"), unit_of_work():
        pay_invoice_from_balance(invoice, actor=CLERK, now=now)
    assert check_books() == []


def test_the_same_key_is_the_same_reservation(account, now):
    assert reserve(account, 6_000, now).id == reserve(account, 6_000, now).id
    assert figures(account, now) == (6_000, 4_000)
    with pytest.raises(ReservedForAnother):
        reserve(account, 5_000, now)


def test_nothing_is_not_reserved(account, now):
    with pytest.raises(AmountNotPositive):
        reserve(account, 0, now)


def test_returned_credit_is_usable_again_and_is_returned_once(account, now):
    reservation = reserve(account, 6_000, now)
    return_reservation(reservation, actor=CLERK, now=now)
    return_reservation(reservation, actor=CLERK, now=now)
    assert (reservation.status, figures(account, now)) == (ReservationStatus.RETURNED, (0, 10_000))
    with pytest.raises(ReservationEnded):
        spend_reservation(reservation, [line()], actor=CLERK, now=now)


def test_a_prepaid_account_spends_as_an_invoice_that_is_paid_and_the_rest_is_usable_again(account, now):
    reservation = reserve(account, 6_000, now)
    spend_reservation(reservation, [line(5_000, tax_rate=NINETEEN_PERCENT)], actor=CLERK, now=now)
    invoice = db.session.scalars(select(Invoice)).one()
    assert (invoice.status, invoice.total, reservation.document_key) == (InvoiceStatus.PAID, 5_950, invoice.number)
    assert (funds(account), receivable(account), figures(account, now)) == (4_050, 0, (0, 4_050))
    assert timeline_of("credit_reservation", reservation.public_id)[0].event == "credit_reservation.spent"
    with pytest.raises(ReservationEnded):
        return_reservation(reservation, actor=CLERK, now=now)
    assert check_books() == []


def test_no_more_is_spent_than_was_reserved(account, now):
    reservation = reserve(account, 6_000, now)
    with pytest.raises(MoreThanReserved):
        spend_reservation(reservation, [line(6_001)], actor=CLERK, now=now)
    assert (rows_of(Invoice), figures(account, now)) == (0, (6_000, 4_000))


def test_what_was_reserved_is_spent_also_when_the_limit_was_removed_meanwhile(account, now):
    set_credit_limit(account, amount=5_000, actor=CLERK, now=now)
    reservation = reserve(account, 15_000, now)
    remove_credit_limit(account, actor=CLERK, now=now)
    assert figures(account, now) == (15_000, -5_000)
    spend_reservation(reservation, [line(15_000)], actor=CLERK, now=now)
    assert (funds(account), figures(account, now), check_books()) == (-5_000, (0, -5_000), [])


def test_a_postpaid_account_spends_as_a_charge_of_its_next_invoice(postpaid, now):
    reservation = reserve(postpaid, 6_000, now)
    spend_reservation(reservation, [line(5_000, tax_rate=NINETEEN_PERCENT)], actor=CLERK, now=now)
    charge = db.session.scalars(select(UnbilledCharge)).one()
    assert (charge.total, reservation.document_key, rows_of(Invoice)) == (5_950, charge.public_id, 0)
    found = figures_of(postpaid.id, day=now.date())
    assert (found.unbilled, found.due, found.current_balance, found.usable) == (-5_950, 0, -5_950, 4_050)
    assert check_books() == []


def test_what_a_postpaid_account_owes_does_not_eat_its_limit_and_its_credit_comes_on_top(postpaid, now):
    issued(postpaid, now, net=20_000)
    assert figures(postpaid, now) == (0, 10_000)
    give_credit(postpaid, amount=23_000, reason="x", actor=CLERK, now=now)
    assert figures(postpaid, now) == (0, 13_000)
    reserve(postpaid, 13_000, now)
    with pytest.raises(NotEnoughFunds):
        reserve(postpaid, 1, now, "b")


def test_what_is_reserved_stays_reserved_when_the_mode_is_switched(postpaid, now):
    kept, spent = reserve(postpaid, 1_000, now), reserve(postpaid, 2_000, now, "b")
    switch_to_prepaid(postpaid, actor=CLERK, now=now)
    assert (figures(postpaid, now), check_books()) == ((3_000, 7_000), [])
    spend_reservation(spent, [line(2_000)], actor=CLERK, now=now)
    assert (funds(postpaid), figures(postpaid, now)) == (-2_000, (1_000, 7_000))
    switch_to_postpaid(postpaid, actor=CLERK, now=now)
    return_reservation(kept, actor=CLERK, now=now)
    assert (figures(postpaid, now), check_books()) == ((0, 10_000), [])


@pytest.mark.parametrize("mode", list(PaymentMode))
@pytest.mark.parametrize(("credit", "owed"), [(0, 0), (4_000, 0), (0, 3_000), (4_000, 3_000), (3_000, 4_000)])
@pytest.mark.parametrize("amount", [1, 2_000, 2_001, 4_500, 9_000, 9_001])
def test_credit_is_reserved_exactly_when_the_formula_says_it_is_usable(session, now, mode, credit, owed, amount):
    """The guard in SQL and the formulas of domain/credit.py are the same rule."""
    account = AccountFactory(payment_mode=mode)
    set_credit_limit(account, amount=5_000, actor=CLERK, now=now)
    if credit:
        give_credit(account, amount=credit, reason="x", actor=CLERK, now=now)
    if owed:
        issued(account, now, net=owed)
    for number in range(4):
        usable = figures_of(account.id, day=now.date()).usable
        try:
            reserve(account, amount, now, str(number))
        except NotEnoughFunds:
            assert usable < amount
        else:
            assert usable >= amount


# At the same moment.


def test_sixteen_who_reserve_at_once_reserve_no_more_than_is_usable(account, now):
    account_id = account.id
    results = at_once(lambda place: reserve(db.session.get_one(Account, account_id), 3_000, now, str(place)).id)
    assert len(refusals(results)) == AT_ONCE - 3
    assert {type(refusal) for refusal in refusals(results)} == {NotEnoughFunds}
    assert (figures(db.session.get_one(Account, account_id), now), check_books()) == ((9_000, 1_000), [])


@pytest.mark.parametrize("mode", list(PaymentMode))
def test_the_guard_alone_keeps_sixteen_within_what_is_usable_when_no_account_is_locked(session, now, monkeypatch, mode):
    account = AccountFactory(payment_mode=mode)
    set_credit_limit(account, amount=10_000, actor=CLERK, now=now)
    monkeypatch.setattr("services.credit_reservations.lock_accounts", lambda _ids: None)
    account_id = account.id
    results = at_once(lambda place: reserve(db.session.get_one(Account, account_id), 3_000, now, str(place)).id)
    assert len(refusals(results)) == AT_ONCE - 3
    assert (figures(db.session.get_one(Account, account_id), now), check_books()) == ((9_000, 1_000), [])


def test_without_the_guard_credit_is_reserved_twice(account, now, monkeypatch):
    """The same as above with the guard switched off: the proof that it is what holds."""
    monkeypatch.setattr("services.credit_reservations._usable", lambda _figures: literal(10**12))
    account_id = account.id
    results = at_once(lambda place: reserve(db.session.get_one(Account, account_id), 3_000, now, str(place)).id)
    assert refusals(results) == []
    assert figures(db.session.get_one(Account, account_id), now) == (48_000, -38_000)


def test_reserving_and_paying_at_once_share_what_is_usable(account, now, monkeypatch):
    """One UPDATE of one row decides, also with nothing locked."""
    for module in ("credit_reservations", "ledger", "paying.balance"):
        monkeypatch.setattr(f"services.{module}.lock_accounts", lambda _ids: None)
    invoices = [issued(account, now, net=3_000).id for _ in range(AT_ONCE // 2)]
    account_id = account.id

    def take(place):
        if place % 2:
            invoice = db.session.get_one(Invoice, invoices[place // 2])
            return pay_invoice_from_balance(invoice, actor=CLERK, now=now).id
        return reserve(db.session.get_one(Account, account_id), 3_000, now, str(place)).id

    results = at_once(take)
    assert len(refusals(results)) == AT_ONCE - 3
    account = db.session.get_one(Account, account_id)
    assert figures(account, now)[1] == 1_000
    assert check_books() == []


def test_sixteen_who_spend_and_return_one_reservation_end_it_once(account, now):
    reservation_id, account_id = reserve(account, 6_000, now).id, account.id

    def end(place):
        held = db.session.get_one(CreditReservation, reservation_id)
        if place % 2:
            return return_reservation(held, actor=CLERK, now=now).id
        return spend_reservation(held, [line(6_000)], actor=CLERK, now=now).id

    at_once(end)
    account = db.session.get_one(Account, account_id)
    assert figures(account, now) in ((0, 10_000), (0, 4_000))
    assert rows_of(Invoice) == (0 if funds(account) == 10_000 else 1)
    assert check_books() == []


# Left behind.


def test_what_a_crash_left_reserved_is_returned_once_it_is_over(account, now):
    left, other = reserve(account, 2_000, now), reserve(account, 3_000, now + dt.timedelta(minutes=20), "b")
    later = now + dt.timedelta(minutes=30)
    assert list(reservations_left_behind(now=later)) == [left.id]
    assert return_left_behind(left.id, actor=CLERK, now=later)
    assert not return_left_behind(left.id, actor=CLERK, now=later)
    assert not return_left_behind(other.id, actor=CLERK, now=later)
    assert figures(account, now) == (3_000, 7_000)


def test_what_is_set_aside_without_a_reservation_is_a_breach_of_the_books(account, now):
    of_funds = LedgerAccount.kind == LedgerAccountKind.FUNDS
    db.session.execute(update(LedgerAccount).where(of_funds).values(reserved=7))
    assert [(each.invariant, each.key) for each in check_books()] == [
        ("Reserved credit is what is held", account.client_id)
    ]
