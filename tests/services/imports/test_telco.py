"""Customers of the telephone company: what each becomes, and that a second time nothing happens."""

from __future__ import annotations

import csv
import datetime as dt
from decimal import Decimal

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from extensions import db
from models import (
    Account,
    AccountAncestor,
    AuditEvent,
    Invoice,
    InvoiceLine,
    LedgerAccount,
    Order,
    Package,
    Payment,
    Product,
    StatementLine,
    Subscription,
    SubscriptionChange,
    SubscriptionItem,
    SubscriptionPeriod,
)
from services.audit import verify_chain
from services.books import check_books
from services.imports import ImportRefused
from tests.services.imports.files import (
    ROOT,
    all_of,
    bring_in,
    changed,
    count_everything,
    look_at,
    places_of,
    problems_of,
    sample,
)

NOW = dt.datetime(2026, 5, 15, 9, 30, tzinfo=dt.UTC)
EXCERPT = ROOT / "tests" / "data" / "telco-sample.csv"


def cents(model: type, column: str) -> Decimal:
    return Decimal(db.session.scalar(select(func.sum(getattr(model, column))))) / 100


def account(customer: str) -> Account:
    return db.session.scalars(select(Account).where(Account.external_ref == customer)).one()


def of(model: type, customer: str) -> list:
    return list(db.session.scalars(select(model).where(model.account_id == account(customer).id).order_by(model.id)))


def test_the_sums_are_those_of_the_file(session: Session) -> None:
    rows = list(csv.DictReader(EXCERPT.read_text().splitlines()))
    totals = [Decimal(row["TotalCharges"]) for row in rows if row["TotalCharges"].strip()]
    report = bring_in("telco", EXCERPT.read_bytes(), NOW)
    assert (report.rows, report.new, report.there) == (60, 60, 0)
    assert report.made == {"accounts": 60, "subscriptions": 60, "invoices": len(totals), "payments": len(totals)}
    assert len(totals) == 57
    assert cents(Subscription, "recurring_price") == sum(Decimal(row["MonthlyCharges"]) for row in rows)
    assert cents(Invoice, "total") == cents(Payment, "amount") == cents(Payment, "amount_allocated") == sum(totals)
    assert db.session.scalar(select(func.sum(LedgerAccount.balance))) == 0
    assert check_books() == []


def test_a_customer_becomes_an_account(session: Session) -> None:
    bring_in("telco", sample("telco"), NOW)
    made = account("7590-VHVEG")
    assert (made.name, made.billing_name, made.customer_ref) == ("7590-VHVEG",) * 3
    assert (made.imported_from, made.country, made.currency) == ("telco", "US", "USD")
    assert made.preferred_payment_method == "electronic_check"
    assert made.client_id == "10001"
    ancestor = db.session.get_one(AccountAncestor, (made.id, made.id))
    assert ancestor.depth == 0


def test_a_contract_becomes_a_subscription_with_the_services_as_items(session: Session) -> None:
    bring_in("telco", sample("telco"), NOW)
    [subscription] = of(Subscription, "5575-GNVDE")  # 34 months, one year, DSL, security and protection
    assert db.session.get_one(Package, subscription.package_id).name == "One year"
    assert (subscription.status, subscription.period) == ("active", "monthly")
    assert subscription.started_on == dt.date(2023, 7, 15)
    assert subscription.current_period_from == dt.date(2026, 5, 15)
    assert subscription.renews_on == subscription.current_period_to + dt.timedelta(days=1) == dt.date(2026, 6, 15)
    assert subscription.recurring_price == 56_95
    items = of(SubscriptionItem, "5575-GNVDE")
    names = [db.session.get_one(Product, item.product_id).name for item in items]
    assert names == ["Phone service", "DSL internet", "Online security", "Device protection"]
    assert sum(item.unit_price * item.quantity for item in items) == 56_95
    [started] = of(SubscriptionChange, "5575-GNVDE")
    assert (started.kind, started.effective_on) == ("started", dt.date(2023, 7, 15))


def test_who_left_has_a_terminated_subscription(session: Session) -> None:
    bring_in("telco", sample("telco"), NOW)
    [subscription] = of(Subscription, "3668-QPYBK")  # 2 months
    assert (subscription.status, subscription.terminated_on) == ("terminated", dt.date(2026, 5, 15))
    assert (subscription.started_on, subscription.renews_on) == (dt.date(2026, 3, 15), None)
    assert (subscription.current_period_from, subscription.current_period_to) == (
        dt.date(2026, 4, 15),
        dt.date(2026, 5, 14),
    )


def test_the_charges_to_date_are_one_invoice_that_is_paid(session: Session) -> None:
    bring_in("telco", sample("telco"), NOW)
    [invoice], [payment], [order] = (of(model, "5575-GNVDE") for model in (Invoice, Payment, Order))
    assert (invoice.description, invoice.status, invoice.total) == ("Charges to date", "paid", 1889_50)
    assert (invoice.amount_paid, invoice.amount_due, invoice.issued_on) == (1889_50, 0, dt.date(2026, 5, 15))
    assert invoice.billing["name"] == "5575-GNVDE"
    assert (payment.method, payment.status, payment.amount) == ("cheque", "settled", 1889_50)
    assert (order.kind, order.total, invoice.order_id) == ("imported", 1889_50, order.id)
    [line] = of(InvoiceLine, "5575-GNVDE")
    assert (line.net, line.tax, line.period_from, line.period_to) == (
        1889_50,
        0,
        dt.date(2023, 7, 15),
        dt.date(2026, 5, 14),
    )
    [billed] = of(SubscriptionPeriod, "5575-GNVDE")
    assert (billed.period_from, billed.period_to, billed.net) == (line.period_from, line.period_to, 1889_50)
    assert [(each.kind, each.amount, each.balance_after) for each in of(StatementLine, "5575-GNVDE")] == [
        ("invoice", -1889_50, -1889_50),
        ("payment", 1889_50, 0),
    ]


def test_blank_charges_are_no_invoice(session: Session) -> None:
    bring_in("telco", sample("telco"), NOW)
    assert of(Invoice, "4472-LVYGI") == of(Payment, "4472-LVYGI") == []
    [subscription] = of(Subscription, "4472-LVYGI")
    assert subscription.started_on == subscription.current_period_from == NOW.date()


def test_each_record_says_that_it_was_imported_in_the_chain_of_its_account(session: Session) -> None:
    bring_in("telco", sample("telco"), NOW)
    made = account("7590-VHVEG")
    events = list(
        db.session.scalars(select(AuditEvent).where(AuditEvent.account_id == made.id).order_by(AuditEvent.id))
    )
    assert [event.event for event in events] == [
        "account.created",
        "subscription.created",
        "customer_order.created",
        "invoice.created",
        "payment.created",
        "invoice.paid",
    ]
    assert {(event.source, event.actor_name) for event in events} == {("import", "Import")}
    assert verify_chain(made.id) is None
    house = db.session.scalars(select(AuditEvent).where(AuditEvent.event == "data.imported")).one()
    assert (house.account_id, house.after["file"], house.after["accounts"]) == (None, "telco.csv", 9)
    assert verify_chain(None) is None


def test_a_second_import_changes_nothing(session: Session) -> None:
    bring_in("telco", sample("telco"), NOW)
    before = count_everything()
    again = bring_in("telco", sample("telco"), NOW + dt.timedelta(days=40))
    assert (again.rows, again.new, again.there) == (9, 0, 9)
    assert not again.made
    assert count_everything() == before


def test_new_rows_of_a_known_file_are_added(session: Session) -> None:
    bring_in("telco", sample("telco"), NOW)
    report = bring_in("telco", EXCERPT.read_bytes(), NOW)
    assert (report.new, report.there) == (51, 9)
    assert len(all_of(Product)) == len({product.code for product in all_of(Product)})
    assert check_books() == []


def test_a_dry_run_tells_what_would_be_and_writes_nothing(session: Session) -> None:
    before = count_everything()
    report = look_at("telco", sample("telco"), NOW)
    assert (report.rows, report.new, report.there) == (9, 9, 0)
    assert count_everything() == before


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        ("53.85,108.15", "-53.85,108.15", "MonthlyCharges"),
        ("53.85,108.15", "53.85,lots", "TotalCharges"),
        ("53.85,108.15", "53.85,1.085", "TotalCharges"),
        ("53.85,108.15", "53.85,99999999999999999999", "TotalCharges"),
        ("53.85,108.15", ",108.15", "MonthlyCharges"),
        ("Month-to-month", "Weekly", "Contract"),
        ("Mailed check", "Gold", "PaymentMethod"),
        (",DSL,", ",Cable,", "InternetService"),
        (",2,", ",two,", "tenure"),
        (",2,", ",-2,", "tenure"),
        (",2,", ",99999,", "tenure"),
        (",Yes,No,DSL", ",Maybe,No,DSL", "PhoneService"),
        (",Yes,No,DSL", ",No,No,DSL", "MultipleLines"),
        ("108.15,Yes", "108.15,Left", "Churn"),
        ("3668-QPYBK", "", "customerID"),
        ("3668-QPYBK", "x" * 65, "customerID"),
    ],
)
def test_a_broken_cell_refuses_the_whole_file_by_line_and_column(
    session: Session, old: str, new: str, column: str
) -> None:
    assert places_of("telco", changed("telco", 4, old, new), NOW) == [(4, column)]


def test_a_customer_without_any_service_is_refused(session: Session) -> None:
    [(line, _column, message)] = problems_of(
        "telco",
        changed(
            "telco",
            2,
            "No,No phone service,DSL,No,Yes,No,No,No,No",
            ",".join(["No", "No phone service", "No"] + ["No internet service"] * 6),
        ),
        NOW,
    )
    assert line == 2
    assert "no service" in message


def test_the_same_customer_twice_is_refused(session: Session) -> None:
    [(line, column, message)] = problems_of("telco", changed("telco", 4, "3668-QPYBK", "7590-VHVEG"), NOW)
    assert (line, column) == (4, "customerID")
    assert "line 2" in message


def test_a_customer_who_is_here_with_something_else_is_refused_and_nothing_is_overwritten(session: Session) -> None:
    bring_in("telco", sample("telco"), NOW)
    content = changed("telco", 2, "29.85,29.85,No", "31.85,29.85,Yes")
    told = "the customer 7590-VHVEG was imported before, and here it has “{}”, not “{}”."
    told += " Change it in the back office, or take the row out of the file."
    assert problems_of("telco", content, NOW) == [
        (2, "MonthlyCharges", told.format("29.85", "31.85")),
        (2, "Churn", told.format("no", "yes")),
    ]


def test_a_crash_half_way_leaves_nothing(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    from services.imports import telco

    before = count_everything()

    def crash(*args: object, **kwargs: object) -> None:
        raise RuntimeError("the machine stopped")

    monkeypatch.setattr(telco, "write_old_payments", crash)
    with pytest.raises(RuntimeError):
        bring_in("telco", sample("telco"), NOW)
    assert count_everything() == before


def test_rows_that_another_import_wrote_meanwhile_are_a_plain_refusal(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    from services.imports import telco

    bring_in("telco", sample("telco"), NOW)
    before = count_everything()
    monkeypatch.setattr(telco, "_imported", lambda _customers: {})  # they were not here a moment ago
    with pytest.raises(ImportRefused, match="somebody else wrote the same"):
        bring_in("telco", sample("telco"), NOW)
    assert count_everything() == before


def test_a_busy_database_is_a_plain_refusal(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    from services.imports import telco

    def busy(*args: object, **kwargs: object) -> None:
        raise OperationalError("INSERT", {}, Exception("database is locked"))

    monkeypatch.setattr(telco, "write_accounts", busy)
    with pytest.raises(ImportRefused, match="busy with other work") as caught:
        bring_in("telco", sample("telco"), NOW)
    assert "INSERT" not in caught.value.message


@pytest.mark.parametrize("today", [dt.date(2026, 3, 31), dt.date(2028, 2, 29), dt.date(2026, 12, 31)])
def test_periods_are_right_on_the_last_day_of_a_month(session: Session, today: dt.date) -> None:
    bring_in("telco", EXCERPT.read_bytes(), dt.datetime(today.year, today.month, today.day, 12, tzinfo=dt.UTC))
    for subscription in all_of(Subscription):
        if subscription.status == "active":
            assert subscription.current_period_from <= today <= subscription.current_period_to
    assert check_books() == []
