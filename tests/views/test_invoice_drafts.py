"""Staff write invoices by hand, over HTTP: the draft, its lines, and every kind of bad input."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from domain.invoices import InvoiceStatus
from domain.permissions import STAFF_GRANTS, MemberRole, P, StaffRole
from extensions import db
from models import BillingPeriod, Invoice, InvoiceLine, InvoiceTax, Order
from tests.factories.catalogue import PackageFactory, PriceFactory, ProductClassFactory, TaxRuleFactory
from tests.factories.people import AccountFactory
from tests.services.money import issued
from tests.support.desk import member_desk, staff_desk
from tests.support.pages import said_by

PATH = "/new-invoice/?account=10001"
OWN = {"item": "", "period": "once", "line": "Visit", "price": "100.00", "product_class": "services", "quantity": "2"}
LISTED = {"item": "business", "period": "monthly", "line": "", "price": "", "product_class": "", "quantity": "3"}


@pytest.fixture
def account(session):
    services = ProductClassFactory(code="services")
    TaxRuleFactory(product_class=services)
    package = PackageFactory(code="business", name="Business", product_class=services)
    PriceFactory(package=package, amount=4_900, period=BillingPeriod.MONTHLY)
    return AccountFactory(client_id="10001", name="Acme", country="DE")


def only_invoice():
    db.session.rollback()
    return db.session.scalars(select(Invoice)).one()


def lines_of(invoice):
    return db.session.scalars(
        select(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id).order_by(InvoiceLine.position)
    ).all()


def test_a_draft_is_written_changed_and_issued(app, account):
    desk = staff_desk(app, StaffRole.BILLING)
    answer = desk.confirm(PATH, **OWN, description="May")
    assert "The draft is written" in desk.flashed(answer)
    invoice = only_invoice()
    assert (invoice.status, invoice.description, invoice.total) == (InvoiceStatus.DRAFT, "May", 23_800)
    assert lines_of(invoice)[0].explanation["tax_rule"]["rate"] == 190_000
    page = f"/invoices/{invoice.number}"
    assert "The line is added." in desk.flashed(desk.confirm(f"{page}/add-line", **LISTED))
    invoice = only_invoice()
    assert (invoice.net_total, invoice.tax_total, invoice.total) == (34_700, 6_593, 41_293)
    assert [line.explanation["price"]["unit"] for line in lines_of(invoice)] == [10_000, 4_900]
    assert "The line is gone." in desk.flashed(desk.confirm(f"{page}/remove-line", position="1"))
    assert "is issued" in desk.flashed(desk.confirm(f"{page}/issue"))
    invoice = only_invoice()
    assert (invoice.total, invoice.status, len(lines_of(invoice))) == (17_493, InvoiceStatus.UNPAID, 1)
    assert [(row.net, row.tax) for row in db.session.scalars(select(InvoiceTax))] == [(14_700, 2_793)]
    assert db.session.scalars(select(Order.total)).one() == 17_493


@pytest.mark.parametrize(
    "values",
    [
        *(
            {"price": price}
            for price in ("-5", "NaN", "inf", "1e3", "10.001", "9" * 20, "1,000.00", "", "10 EUR", "١٠")
        ),
        *({"quantity": quantity} for quantity in ("0", "-1", "1.5", "NaN", "100001", "", "x")),
        {"line": " "},
        {"line": "a\0b"},
        {"line": "x" * 256},
        {"product_class": "none"},
        {"product_class": ""},
        {"item": "nothing", "price": ""},
        {"item": "business", "price": ""},  # no price for "once"
        {"item": "business", "period": "monthly", "price": "0.01"},
        {"period": "weekly"},
        {"price": "9999999999999.99", "quantity": "100000"},
    ],
)
def test_bad_input_is_refused_and_what_was_typed_stays(app, account, values):
    answer = staff_desk(app).post(PATH, **{**OWN, **values, "remark": "Keep me"})
    assert answer.status_code == 422
    assert said_by(answer)
    assert "Keep me" in answer.get_data(as_text=True)
    db.session.rollback()
    assert db.session.scalars(select(Invoice)).all() == []


def test_a_posted_tax_country_or_currency_changes_nothing(app, account):
    staff_desk(app).post(PATH, **OWN, tax_rate="0", country="JP", currency="JPY", unit_price="1")
    invoice = only_invoice()
    assert (invoice.currency, invoice.total) == (account.currency, 23_800)


def test_the_last_line_and_lines_of_an_issued_invoice_stay(app, account, now):
    number = issued(account, now).number
    desk = staff_desk(app)
    desk.post(PATH, **OWN)
    db.session.rollback()
    written = db.session.scalars(select(Invoice).where(Invoice.status == InvoiceStatus.DRAFT)).one().number
    for position in ("1", "2", "0", "-1"):
        answer = desk.post(f"/invoices/{written}/remove-line", position=position)
        assert answer.status_code == 409, position
    desk.post(f"/invoices/{number}/add-line", **OWN)
    db.session.rollback()
    assert db.session.scalars(select(Invoice.total).where(Invoice.number == number)).one() == 10_000


@pytest.mark.parametrize("role", list(StaffRole))
def test_only_who_edits_invoices_writes_one(app, account, role):
    may = P.STAFF_INVOICES_EDIT in STAFF_GRANTS[role]
    desk = staff_desk(app, role)
    assert desk.get(PATH).status_code == (200 if may else 403)
    assert ("/staff/new-invoice/" in desk.get("/").get_data(as_text=True)) is may
    assert desk.post(PATH, **OWN).status_code == (303 if may else 403)


def test_members_find_no_such_page(app, account):
    assert member_desk(app, account, MemberRole.OWNER).get("/new-invoice/").status_code == 404
