"""Random baskets with tax (a thousand in a whole sweep): cart, order, invoice, its breakdown, statement, CSV, mail and PDF agree to the unit.

Nothing is a sample: every invoice is set, and its PDF read back by pdftotext. What stands on paper and in mails is read
by rules of its own, from the digits alone.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
import re
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from fractions import Fraction

import pytest
from sqlalchemy import select

from domain.money import minor_to_text
from domain.tax import TaxTreatment
from extensions import db
from integrations.pdf import Typesetter
from models import (
    Account,
    BillingPeriod,
    Invoice,
    InvoiceLine,
    InvoiceTax,
    NotificationDelivery,
    Order,
    OrderLine,
    ProductClass,
    StatementLine,
)
from services.documents import TEMPLATE
from services.ordering import BasketItem, PlacedOrder, Quote, order_basket, quote_basket
from services.papers import invoice_paper
from services.unit_of_work import unit_of_work
from tests.factories.catalogue import PackageFactory, PriceFactory, ProductClassFactory, ProductFactory, TaxRuleFactory
from tests.factories.people import AccountFactory, OwnerFactory
from tests.services.money import CLERK, assert_books_balance
from tests.support.desk import staff_desk
from tests.support.pdf import text_of
from tests.support.sweeps import size

CURRENCIES = ("USD", "EUR", "JPY", "KWD")
SIGNS = {"$": "USD", "€": "EUR", "¥": "JPY", "KWD": "KWD"}
MAILED = r"(?P<amount>(?P<sign>[^\d\s]+) ?(?P<digits>[\d,.]+))"
BUYERS = (
    ({"country": "DE"}, TaxTreatment.TAXED),
    ({"country": "DE", "tax_exempt": True}, TaxTreatment.EXEMPT),
    ({"country": "FR", "vat_id": "FR40303265045"}, TaxTreatment.REVERSE_CHARGE),
    ({"country": "FR"}, TaxTreatment.TAXED),
    ({"country": "US", "region": "TX"}, TaxTreatment.TAXED),
    ({"country": "JP"}, TaxTreatment.OUTSIDE),
)
RATES = {
    ("DE", ""): (190_000, 70_000, 0),
    ("FR", ""): (200_000, 55_000, 21_000),
    ("US", "TX"): (82_500, 62_500, 1),
}
PRINTERS = 2
AMOUNT = r"(?:[A-Z]{3} ?)?[^\w ]?[\d.,]+"
LINE = re.compile(rf"^\d+ .+? \d+ +{AMOUNT} +[\d.]+ ?% +({AMOUNT})$", re.MULTILINE)  # … quantity, unit price, tax, net
SUMS = re.compile(r"^ *Net {2,}[^\n]*\d$.*^ *Total {2,}[^\n]*\d$", re.MULTILINE | re.DOTALL)
SUM = re.compile(rf"\S {{2,}}({AMOUNT})$", re.MULTILINE)  # a long name goes on in a line without an amount
PERIODS = (BillingPeriod.ONCE, BillingPeriod.MONTHLY, BillingPeriod.YEARLY)


def make_catalogue(dice: random.Random) -> tuple[list[str], list[ProductClass]]:
    """Packages and products in three classes with prices odd enough to round."""
    classes = [ProductClassFactory() for _ in range(3)]
    for (country, region), rates in RATES.items():
        for product_class, rate in zip(classes, rates, strict=True):
            TaxRuleFactory(
                name=f"{country} {rate}", country=country, region=region, product_class=product_class, rate=rate
            )
    codes = []
    for number in range(12):
        of = {"code": f"thing-{number}", "product_class": classes[number % 3]}
        thing = {"package": PackageFactory(**of)} if number % 2 else {"package": None, "product": ProductFactory(**of)}
        codes.append(of["code"])
        for currency in CURRENCIES:
            for period in PERIODS:
                PriceFactory(**thing, currency=currency, period=period, amount=dice.choice((0, 1, 13, 333, 99_999)))
    return codes, classes


def random_basket(dice: random.Random, codes: list[str]) -> list[BasketItem]:
    """Up to eight lines; many at once only of a product, since each package is provided by itself."""
    wanted = [(number := dice.randrange(len(codes)), codes[number]) for _ in range(dice.randint(1, 8))]
    return [
        BasketItem(code, dice.choice((1, 2, 3, 7) if number % 2 else (1, 2, 7, 999)), dice.choice(PERIODS))
        for number, code in wanted
    ]


def assert_quote_is_right(quote: Quote, treatment: TaxTreatment) -> None:
    """Net by hand, and tax rounded once for each rate: never more than half a unit from the exact one."""
    exact: dict[int, Fraction] = defaultdict(Fraction)
    for line in quote.values:
        assert line.treatment is treatment
        exact[line.tax_rate] += Fraction(line.unit_price * line.quantity * line.tax_rate, 1_000_000)
    assert quote.totals.net == sum(line.unit_price * line.quantity for line in quote.values)
    for row in quote.totals.by_rate:
        assert abs(row.tax - exact[row.rate_ppm]) <= Fraction(1, 2)
    assert quote.totals.tax == sum(row.tax for row in quote.totals.by_rate) == sum(quote.totals.line_taxes)


@pytest.mark.slow
def test_cart_order_invoice_statement_csv_mail_and_pdf_agree(app, database, session, now: dt.datetime) -> None:
    dice = random.Random(20_260_515)
    codes, _classes = make_catalogue(dice)
    buyers = [
        (OwnerFactory(account=AccountFactory(currency=currency, **who)).account_id, treatment)
        for currency in CURRENCIES
        for who, treatment in BUYERS
    ]
    db.session.commit()
    baskets = size(1_000, 150) if database.dialect == "sqlite" else size(100, 48)
    carts: dict[str, tuple[Quote, TaxTreatment]] = {}
    for number in range(baskets):
        account_id, treatment = buyers[number % len(buyers)]
        with unit_of_work():
            account = db.session.get_one(Account, account_id)
            basket = random_basket(dice, codes)
            cart = quote_basket(account, basket, actor=CLERK, now=now)
            placed: PlacedOrder = order_basket(
                account, basket, key=f"{number}", actor=CLERK, now=now, expected_total=cart.totals.total
            )
            carts[placed.invoice.number] = (cart, treatment)
    for cart, treatment in carts.values():
        assert_quote_is_right(cart, treatment)
    assert {invoice.number for invoice in db.session.scalars(select(Invoice))} == set(carts)
    assert_documents_agree(carts)
    assert_csv_agrees(staff_desk(app), carts)
    assert_mails_agree(carts)
    assert_papers_agree(carts)
    assert_books_balance()


def assert_documents_agree(carts: dict[str, tuple[Quote, TaxTreatment]]) -> None:
    """Order, order lines, invoice, lines, breakdown and statement hold what the cart said."""
    ordered, lines, taxes = (grouped(model) for model in (OrderLine, InvoiceLine, InvoiceTax))
    orders = {order.id: order for order in db.session.scalars(select(Order))}
    told = {line.document_number: line for line in db.session.scalars(select(StatementLine))}
    for invoice in db.session.scalars(select(Invoice)):
        cart, treatment = carts[invoice.number]
        sums = (cart.totals.net, cart.totals.tax, cart.totals.total)
        order = orders[invoice.order_id]
        assert (invoice.net_total, invoice.tax_total, invoice.total) == sums
        assert (order.net_total, order.tax_total, order.total) == sums
        assert [(row.quantity, row.unit_price, row.net) for row in ordered[order.id]] == [
            (line.quantity, line.unit_price, line.net) for line in cart.values
        ]
        assert [(row.net, row.tax_rate, row.tax, row.total, row.explanation) for row in lines[invoice.id]] == [
            (line.net, line.tax_rate, tax, line.net + tax, line.explanation)
            for line, tax in zip(cart.values, cart.totals.line_taxes, strict=True)
        ]
        assert {row.explanation["tax"] for row in lines[invoice.id]} == {treatment.value}
        assert [(row.rate, row.net, row.tax) for row in taxes[invoice.id]] == [
            (row.rate_ppm, row.net, row.tax) for row in cart.totals.by_rate
        ]
        assert told[invoice.number].amount == -invoice.total


def grouped(model: type[OrderLine | InvoiceLine | InvoiceTax]) -> dict[int, list]:
    rows = defaultdict(list)
    owner = "order_id" if model is OrderLine else "invoice_id"
    for row in db.session.scalars(select(model).order_by(model.id)):
        rows[getattr(row, owner)].append(row)
    return rows


def assert_csv_agrees(desk, carts: dict[str, tuple[Quote, TaxTreatment]]) -> None:
    text = desk.get("/invoices/export.csv").get_data(as_text=True).lstrip("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["Number"] for row in rows} == set(carts)
    for row in rows:
        cart, _ = carts[row["Number"]]
        assert row["Total"] == minor_to_text(cart.totals.total, cart.currency)


def assert_mails_agree(carts: dict[str, tuple[Quote, TaxTreatment]]) -> None:
    """One mail an invoice; subject, text and HTML name its total, and the same is due."""
    mails = {mail.document_number: mail for mail in db.session.scalars(select(NotificationDelivery))}
    assert set(mails) == set(carts)
    for number, mail in mails.items():
        cart, _ = carts[number]
        text, subject, page = (" ".join(each.split()) for each in (mail.text, mail.subject, mail.html or ""))
        total = re.search(rf"invoice {number} of {MAILED} is issued", text)
        due = re.search(rf"{MAILED} are due on", text)
        assert total is not None
        assert (digits_of(total["digits"]), SIGNS[total["sign"]]) == (cart.totals.total, cart.currency)
        assert (due is not None) == (cart.totals.total > 0)
        assert due is None or due["amount"] == total["amount"]
        assert f"{number}: {total['amount']}" in subject
        assert f"<strong>{total['amount']}</strong>" in re.sub(r"<strong[^>]*>", "<strong>", page)


def assert_papers_agree(carts: dict[str, tuple[Quote, TaxTreatment]]) -> None:
    """The net of every line, and below them net, each tax and total."""
    for number, paper in printed():
        cart, _ = carts[number]
        assert [digits_of(net) for net in LINE.findall(paper)] == [line.net for line in cart.values], number
        [sums] = SUMS.findall(paper)
        taxes = [row.tax for row in cart.totals.by_rate]
        assert [digits_of(each) for each in SUM.findall(sums)] == [cart.totals.net, *taxes, cart.totals.total], number


def printed() -> Iterator[tuple[str, str]]:
    """The text of each invoice's PDF. Typesetters and readers are processes, so several work at once."""
    papers = {
        invoice.number: invoice_paper(invoice) for invoice in db.session.scalars(select(Invoice).order_by(Invoice.id))
    }
    with ExitStack() as ends:
        typesetters = [ends.enter_context(closing(Typesetter())) for _ in range(PRINTERS)]

        def print_and_read(place: int, number: str) -> tuple[str, str]:
            text = text_of(typesetters[place % PRINTERS].typeset(TEMPLATE, papers[number]), "-layout")
            # Sums that no longer fit below the lines begin a page of their own, right behind its form feed.
            return number, text.replace("\N{NO-BREAK SPACE}", " ").replace("\f", "\n")

        with ThreadPoolExecutor(PRINTERS) as printers:
            yield from printers.map(print_and_read, range(len(papers)), papers)


def digits_of(amount: str) -> int:
    """Minor units, as every digit of the currency is written."""
    return int(re.sub(r"\D", "", amount))
