"""From a basket to an invoice: priced and taxed by the server, explained once, ordered once."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from domain.actor import Actor, Source
from domain.money import AmountTooLarge
from extensions import db
from models import Account, BillingPeriod, Invoice, InvoiceLine, InvoiceTax, Order, OrderLine, Package, Price, TaxRule
from models.invoice import InvoiceStatus
from services.ordering import (
    MOST_PACKAGES,
    BasketEmpty,
    BasketItem,
    BasketTooLong,
    OrderKeyMissing,
    PriceChangedMeanwhile,
    QuantityNotAllowed,
    StartNotAllowed,
    order_basket,
    quote_basket,
)
from services.people import NotWhileLoggedInAs
from services.pricing import NotForSale, NotInCatalogue, PriceMissing
from tests.factories.catalogue import PackageFactory, PriceFactory, ProductFactory, TaxRuleFactory
from tests.factories.people import AccountFactory
from tests.services.money import CLERK, assert_books_balance, receivable, rows_of
from tests.support.parallel import at_once

MEMBER = Actor("Member", Source.PORTAL, account_id=1)
TEN = [BasketItem("business", 10)]


@pytest.fixture
def account(session: Session) -> Account:
    return AccountFactory(country="DE")


@pytest.fixture
def package(session: Session) -> Package:
    package = PackageFactory(code="business", name="Business", in_store=True)
    PriceFactory(package=package, amount=4_900, valid_from=dt.date(2026, 1, 1))
    TaxRuleFactory(product_class=package.product_class)
    return package


def lines_of(invoice: Invoice) -> list[InvoiceLine]:
    found = select(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id).order_by(InvoiceLine.position)
    return list(db.session.scalars(found.execution_options(populate_existing=True)))


def rule_of(package: Package) -> TaxRule:
    return db.session.scalars(select(TaxRule).where(TaxRule.product_class_id == package.product_class_id)).one()


def test_a_basket_becomes_an_order_and_an_issued_invoice_of_the_same_lines(account, package, now) -> None:
    setup = ProductFactory(code="setup", product_class=package.product_class)
    PriceFactory(package=None, product=setup, period=BillingPeriod.ONCE, amount=333)
    basket = [*TEN, BasketItem("setup", 3, BillingPeriod.ONCE)]
    quote = quote_basket(account, basket, actor=CLERK, now=now)
    placed = order_basket(account, basket, key="k", actor=CLERK, now=now)
    order, invoice = placed.order, placed.invoice
    assert (quote.totals.net, quote.totals.tax, quote.totals.total) == (49_999, 9_500, 59_499)
    assert (order.net_total, order.tax_total, order.total) == (49_999, 9_500, 59_499)
    assert (invoice.net_total, invoice.tax_total, invoice.total) == (49_999, 9_500, 59_499)
    assert (invoice.status, invoice.order_id) == (InvoiceStatus.UNPAID, order.id)
    ordered = db.session.scalars(select(OrderLine).order_by(OrderLine.position)).all()
    assert [(line.package_id, line.product_id, line.quantity, line.net) for line in ordered] == [
        (package.id, None, 10, 49_000),
        (None, setup.id, 3, 999),
    ]
    lines = lines_of(invoice)
    assert [(line.quantity, line.net, line.tax) for line in lines] == [(10, 49_000, 9_310), (3, 999, 190)]
    assert (lines[0].period_from, lines[0].period_to) == (now.date(), dt.date(2026, 6, 14))
    assert (lines[1].period_from, lines[1].period_to) == (None, None)
    assert db.session.scalars(select(InvoiceTax.tax_rule_id)).one() is not None
    assert receivable(account) == -59_499
    assert_books_balance()


def test_every_line_says_why_it_costs_what_it_costs_and_never_something_else(account, package, now) -> None:
    invoice = order_basket(account, TEN, key="k", actor=CLERK, now=now).invoice
    why = {
        "price": {"unit": 4_900, "period": "monthly", "valid_from": "2026-01-01"},
        "quantity": 10,
        "days": {"left": 31, "of": 31},
        "tax": "taxed",
        "tax_rule": {
            "name": "VAT 19 %",
            "rate": 190_000,
            "valid_from": "2021-01-01",
            "valid_to": None,
            "country": "DE",
            "region": "",
        },
        "changed_by": "Clerk",
        "changed_at": now.isoformat(),
    }
    assert lines_of(invoice)[0].explanation == why
    rule = rule_of(package)
    rule.name, rule.rate, rule.valid_to = "Renamed", 70_000, dt.date(2026, 5, 16)
    db.session.scalars(select(Price)).one().amount = 1
    account.tax_exempt, account.billing_country, package.name = True, "US", "Renamed"
    db.session.flush()
    (line,) = lines_of(invoice)
    assert (line.explanation, line.description, line.total) == (why, "Business", 58_310)


def test_the_same_key_gives_the_same_order(account, package, now) -> None:
    first = order_basket(account, TEN, key="k", actor=CLERK, now=now)
    second = order_basket(account, [BasketItem("business", 99)], key="k", actor=CLERK, now=now)
    assert (second.order.id, second.invoice.id) == (first.order.id, first.invoice.id)
    order_basket(account, TEN, key="another", actor=CLERK, now=now)
    assert rows_of(Order) == rows_of(Invoice) == 2


def test_one_form_sent_sixteen_times_at_once_is_one_order(account, package, now) -> None:
    account_id = account.id
    db.session.commit()
    at_once(lambda _: order_basket(db.session.get_one(Account, account_id), TEN, key="k", actor=CLERK, now=now))
    assert rows_of(Order) == rows_of(Invoice) == 1


def test_a_price_that_changed_since_the_page_was_shown_is_not_charged(account, package, now) -> None:
    with pytest.raises(PriceChangedMeanwhile):
        order_basket(account, TEN, key="k", actor=CLERK, now=now, expected_total=1)
    assert rows_of(Order) == 0
    assert order_basket(account, TEN, key="k", actor=CLERK, now=now, expected_total=58_310).order.total == 58_310


@pytest.mark.parametrize("quantity", [0, -1, MOST_PACKAGES + 1, 1.5, float("nan"), "1", True, None])
def test_a_quantity_that_is_no_sensible_whole_number_is_refused(account, package, now, quantity) -> None:
    with pytest.raises(QuantityNotAllowed):
        quote_basket(account, [BasketItem("business", quantity)], actor=CLERK, now=now)


def test_what_cannot_be_sold_is_refused_by_name_and_nothing_is_written(account, package, now) -> None:
    PackageFactory(code="dear", name="Dear")
    PriceFactory(package=PackageFactory(code="huge", name="Huge"), amount=10**14)
    for basket, refusal in (
        ([], BasketEmpty),
        (TEN * 201, BasketTooLong),
        ([*TEN, BasketItem("nothing")], NotInCatalogue),
        ([*TEN, BasketItem("dear")], PriceMissing),
        ([BasketItem("business", period=BillingPeriod.YEARLY)], PriceMissing),
        ([BasketItem("huge", MOST_PACKAGES)], AmountTooLarge),
    ):
        with pytest.raises(refusal):
            order_basket(account, basket, key="k", actor=CLERK, now=now)
    for key in ("", "k" * 121):
        with pytest.raises(OrderKeyMissing):
            order_basket(account, TEN, key=key, actor=CLERK, now=now)
    assert rows_of(Order) == rows_of(Invoice) == 0


def test_members_order_only_what_is_in_the_store_and_from_today(account, package, now) -> None:
    assert quote_basket(account, TEN, actor=MEMBER, now=now).totals.total == 58_310
    with pytest.raises(StartNotAllowed):
        quote_basket(account, [BasketItem("business", first_day=dt.date(2020, 1, 1))], actor=MEMBER, now=now)
    package.in_store = False
    with pytest.raises(NotForSale):
        quote_basket(account, TEN, actor=MEMBER, now=now)


def test_nobody_orders_while_logged_in_as_a_member(account, package, now) -> None:
    visitor = Actor("Clerk", Source.PORTAL, person_id=1, on_behalf_of_id=2)
    with pytest.raises(NotWhileLoggedInAs):
        order_basket(account, TEN, key="k", actor=visitor, now=now)


def test_the_tax_point_is_the_first_day_of_the_period(account, package, now) -> None:
    rule_of(package).valid_to = dt.date(2026, 6, 1)
    TaxRuleFactory(product_class=package.product_class, rate=200_000, valid_from=dt.date(2026, 6, 1))
    basket = [BasketItem("business"), BasketItem("business", first_day=dt.date(2026, 6, 1))]
    quote = quote_basket(account, basket, actor=CLERK, now=now)
    assert [line.tax_rate for line in quote.values] == [190_000, 200_000]


def test_a_long_basket_asks_as_often_as_a_short_one(account, package, now) -> None:
    for number in range(50):
        PriceFactory(package=PackageFactory(code=f"plan-{number}", product_class=package.product_class))

    def queries(basket) -> int:
        asked: list[str] = []

        def count(conn, cursor, statement, parameters, context, executemany) -> None:
            asked.append(statement)

        event.listen(db.engine, "before_cursor_execute", count)
        try:
            quote_basket(account, basket, actor=CLERK, now=now)
        finally:
            event.remove(db.engine, "before_cursor_execute", count)
        return len(asked)

    queries(TEN)
    assert queries([BasketItem(f"plan-{number}") for number in range(50)]) == queries([BasketItem("plan-1")]) <= 4
