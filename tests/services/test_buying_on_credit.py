"""Orders of postpaid accounts: on the next invoice where the credit covers them, and an invoice to be paid first else."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from domain.actor import Actor, Source
from domain.permissions import MemberRole
from extensions import db
from models import (
    Account,
    CreditReservation,
    Invoice,
    Job,
    Order,
    OrderStatus,
    ReservationStatus,
    Subscription,
    UnbilledCharge,
)
from models.price import BillingPeriod
from models.subscription import SubscriptionPeriod
from services.books import check_books
from services.buying_on_credit import Settled, how_settled
from services.credit import give_credit
from services.credit_limits import set_credit_limit
from services.invoices import InvoiceLineValues
from services.ordering import BasketItem, order_basket
from services.payment_modes import switch_to_postpaid, switch_to_prepaid
from services.unbilled import bill_unbilled, keep_unbilled
from services.usable_credit import figures_of
from tests.factories.catalogue import TaxRuleFactory
from tests.factories.people import AccountFactory, MemberFactory, MemberRoleGrantFactory, OwnerFactory
from tests.services.money import CLERK, NINETEEN_PERCENT, member_actor, rows_of
from tests.support.parallel import at_once
from tests.support.subscribing import catalogue, only_subscription, provide

TEAM = [BasketItem("team", 1, BillingPeriod.YEARLY)]


@pytest.fixture
def account(session, now) -> Account:
    """Postpaid, with a limit of 1,000.00, in a country where Team is taxed: 365.00 and 69.35."""
    plans = catalogue()
    TaxRuleFactory(product_class=plans.team.product_class)
    return postpaid(now, limit=100_000)


def postpaid(now, *, limit: int) -> Account:
    account = AccountFactory(country="DE")
    set_credit_limit(account, amount=limit, actor=CLERK, now=now)
    return switch_to_postpaid(account, actor=CLERK, now=now)


def order(account: Account, now, key: str = "k", actor: Actor = CLERK):
    return order_basket(account, TEAM, key=key, actor=actor, now=now)


def charges() -> list[UnbilledCharge]:
    return list(db.session.scalars(select(UnbilledCharge).order_by(UnbilledCharge.id)))


def test_an_order_within_the_credit_is_paid_at_once_and_stands_on_the_next_invoice(account, now):
    placed = order(account, now)
    assert (placed.on_credit, placed.order.status, rows_of(Invoice)) == (True, OrderStatus.PAID, 0)
    (charge,) = charges()
    assert (charge.total, charge.unit_price, charge.tax_rate) == (43_435, 36_500, NINETEEN_PERCENT)
    assert (charge.order_id, charge.period_from, charge.explanation["quantity"]) == (placed.order.id, now.date(), 1)
    reservation = db.session.scalars(select(CreditReservation)).one()
    assert (reservation.status, reservation.amount) == (ReservationStatus.SPENT, 43_435)
    found = figures_of(account.id, day=now.date())
    assert (found.unbilled, found.reserved, found.usable) == (-43_435, 0, 56_565)
    assert db.session.scalars(select(Job.kind)).all() == ["fulfil_order"]
    provide(now)
    period = db.session.scalars(select(SubscriptionPeriod)).one()
    assert (only_subscription().started_on, period.invoice_id, period.net) == (now.date(), None, 36_500)
    assert check_books() == []


def test_the_months_invoice_asks_for_it_with_the_line_that_was_ordered(account, now):
    placed = order(account, now)
    invoice = bill_unbilled(account, actor=CLERK, now=now)
    assert (invoice.net_total, invoice.tax_total, invoice.total) == (36_500, 6_935, placed.order.total)
    assert figures_of(account.id, day=now.date()).usable == 100_000
    assert (rows_of(Order), placed.order.status) == (2, OrderStatus.PAID)


def test_without_enough_credit_an_invoice_is_paid_first(account, now):
    first, second, third = (order(account, now, key) for key in "abc")
    assert [each.on_credit for each in (first, second, third)] == [True, True, False]
    assert (third.order.status, third.invoice.total, len(charges())) == (OrderStatus.PLACED, 43_435, 2)
    assert figures_of(account.id, day=now.date()).reserved == 0
    assert check_books() == []


def test_money_on_the_account_counts_as_credit(account, now):
    give_credit(account, amount=40_000, reason="x", actor=CLERK, now=now)
    assert [order(account, now, key).on_credit for key in "abcd"] == [True, True, True, False]


def test_a_prepaid_account_pays_first_whatever_its_limit(account, now):
    switch_to_prepaid(account, actor=CLERK, now=now)
    assert order(account, now).invoice.total == 43_435
    assert rows_of(UnbilledCharge) == rows_of(CreditReservation) == 0


def test_the_same_key_places_one_order_also_on_credit(account, now):
    first, second = order(account, now), order(account, now)
    assert (first.order.id, second.on_credit) == (second.order.id, True)
    assert (rows_of(Order), len(charges())) == (1, 1)


def test_one_form_sent_sixteen_times_at_once_is_one_order_on_credit(account, now):
    account_id = account.id
    at_once(lambda _: order(db.session.get_one(Account, account_id), now) and None)
    assert (rows_of(Order), rows_of(UnbilledCharge), rows_of(CreditReservation)) == (1, 1, 1)


def test_sixteen_who_order_at_once_spend_no_more_than_the_credit(account, now):
    set_credit_limit(account, amount=3 * 43_435 + 43_434, actor=CLERK, now=now)
    account_id = account.id
    results = at_once(lambda place: order(db.session.get_one(Account, account_id), now, str(place)).on_credit)
    assert (results.count(True), results.count(False)) == (3, 13)
    assert (rows_of(UnbilledCharge), rows_of(Invoice), rows_of(Order)) == (3, 13, 16)
    assert figures_of(account_id, day=now.date()).usable == 43_434
    provide(now)
    assert (rows_of(Subscription), check_books()) == (3, [])


def test_the_tax_of_charges_is_shared_as_an_invoice_over_them_would(account, now):
    cents = [InvoiceLineValues("Cents", unit_price=13, tax_rate=NINETEEN_PERCENT) for _ in range(3)]
    assert [each.total for each in keep_unbilled(account, cents, now=now)] == [16, 15, 15]
    assert bill_unbilled(account, actor=CLERK, now=now).total == 46


@pytest.mark.parametrize(
    ("roles", "pay_limit", "settled"),
    [
        ([MemberRole.PAYMENTS], None, Settled.NEXT_INVOICE),
        ([MemberRole.PAYMENTS], 43_435, Settled.NEXT_INVOICE),
        ([MemberRole.PAYMENTS], 43_434, Settled.NOT_YOURS),
        ([MemberRole.SUBSCRIPTIONS_EDIT], None, Settled.NOT_YOURS),
    ],
)
def test_who_may_not_pay_so_much_alone_does_not_spend_the_credit_instead(account, now, roles, pay_limit, settled):
    currency = None if pay_limit is None else account.currency
    member = MemberFactory(account=account, pay_limit=pay_limit, currency=currency)
    for role in roles:
        MemberRoleGrantFactory(member=member, role=role)
    actor = member_actor(member)
    assert how_settled(account.id, 43_435, currency="USD", actor=actor, day=now.date()) is settled


def test_the_owner_spends_it_and_a_member_that_is_gone_does_not(account, now):
    owner = member_actor(OwnerFactory(account=account))
    gone = Actor("Gone", Source.PORTAL, member_id=10**6)
    settled = [how_settled(account.id, 1, currency="USD", actor=each, day=now.date()) for each in (owner, gone)]
    assert settled == [Settled.NEXT_INVOICE, Settled.NOT_YOURS]
