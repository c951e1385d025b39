"""Customers of a telephone company: each becomes an account with a subscription, an invoice to date and its payment."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import InstrumentedAttribute

from domain.actor import Actor
from domain.money import allocate, minor_to_text
from domain.periods import Period, add_months, nth_period
from extensions import db
from models.account import Account
from models.invoice import Invoice
from models.package import Package
from models.price import BillingPeriod
from models.product import Product
from models.subscription import Subscription, SubscriptionItem, SubscriptionStatus
from models.tax import ProductClass
from services.imports.invoicing import OldInvoice, write_old_invoices
from services.imports.kind import ImportKind, Plan, refuse_differences
from services.imports.opening import write_accounts
from services.imports.problems import Problem
from services.imports.receiving import OldPayment, write_old_payments
from services.imports.subscribing import (
    BilledPeriod,
    OldItem,
    OldSubscription,
    write_billed_periods,
    write_old_subscriptions,
)
from services.imports.telco_file import (
    COLUMNS,
    CONTRACTS,
    COUNTRY,
    CURRENCY,
    NO_INTERNET,
    NO_PHONE,
    SERVICES,
    SOURCE,
    TelcoRow,
    row_of,
)
from services.records import create_record

TO_DATE = "Charges to date"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The rows of packages and products by their codes."""

    packages: dict[str, int]
    products: dict[str, int]


class TelcoImport(ImportKind[TelcoRow, TelcoRow]):
    """One customer a row. What the columns mean stands in telco_file.py."""

    name = "telco"
    about = "Customers of a telephone company, in the form of a well-known public data set."
    columns = COLUMNS

    def __init__(self, *, now: dt.datetime) -> None:
        super().__init__(now=now)
        self._catalogue: Catalogue | None = None

    def row(self, line: int, values: dict[str, Any]) -> TelcoRow:
        return row_of(line, values)

    def faults(self, row: TelcoRow) -> Iterator[Problem]:
        for column, word in row.add_ons.items():
            has, without = (row.has_phone, NO_PHONE) if column == "MultipleLines" else (row.has_internet, NO_INTERNET)
            if (word == without) == has:
                service = "PhoneService" if without == NO_PHONE else "InternetService"
                yield Problem(row.line, column, f"“{word}” does not go with the column {service} of this row.")
        if not row.services:
            yield Problem(row.line, "PhoneService", "this customer has no service at all.")

    def plan(self, rows: Sequence[TelcoRow]) -> Plan[TelcoRow]:
        plan = Plan[TelcoRow]()
        there = _imported([row.customer for row in rows])
        for row in rows:
            if row.customer in there:
                refuse_differences(plan, row.line, there[row.customer], _wanted(row), f"customer {row.customer}")
            else:
                plan.new.append(row)
        return plan

    def line_of(self, new: TelcoRow) -> int:
        return new.line

    def identities(self, new: TelcoRow) -> Iterator[tuple[str, Hashable]]:
        yield "customerID", new.customer

    def write(self, new: Sequence[TelcoRow], *, actor: Actor) -> Counter[str]:
        now, made = self.now, Counter[str]()
        if self._catalogue is None:
            self._catalogue = _catalogue(actor, now)
        accounts = [_account(row, now) for row in new]
        write_accounts(accounts, actor=actor, now=now)
        wanted = [_subscription(row, each, self._catalogue, now) for row, each in zip(new, accounts, strict=True)]
        subscriptions = write_old_subscriptions(wanted, actor=actor, now=now)
        billed = [
            (row, _invoice(row, account, subscription, now))
            for row, account, subscription in zip(new, accounts, subscriptions, strict=True)
            if row.total
        ]
        invoices = write_old_invoices([invoice for _, invoice in billed], actor=actor, now=now)
        by_id = {each.id: each for each in subscriptions}
        write_billed_periods(_billed_periods([old for _, old in billed], invoices, by_id), now=now)
        paid = [_payment(row, invoice, now) for (row, _), invoice in zip(billed, invoices, strict=True)]
        write_old_payments(paid, actor=actor, now=now)
        made.update(
            accounts=len(accounts), subscriptions=len(subscriptions), invoices=len(invoices), payments=len(paid)
        )
        return made


def _imported(customers: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What stands here of these customers, in the words of the file."""
    rows = db.session.execute(
        select(
            Account.external_ref,
            Account.preferred_payment_method,
            Subscription.id,
            Subscription.status,
            Subscription.recurring_price,
            Package.name,
            Invoice.total,
        )
        .outerjoin(
            Subscription,
            and_(Subscription.account_id == Account.id, Subscription.external_ref == Account.external_ref),
        )
        .outerjoin(Package, Package.id == Subscription.package_id)
        .outerjoin(Invoice, and_(Invoice.account_id == Account.id, Invoice.external_ref == Account.external_ref))
        .where(Account.imported_from == SOURCE, Account.external_ref.in_(customers))
    ).all()
    services = _services([row.id for row in rows])
    return {
        row.external_ref: {
            **_by_column(services.get(row.id, frozenset())),
            "Contract": row.name,
            "PaymentMethod": row.preferred_payment_method,
            "MonthlyCharges": minor_to_text(row.recurring_price or 0, CURRENCY),
            "TotalCharges": minor_to_text(row.total or 0, CURRENCY),
            "Churn": row.status is SubscriptionStatus.TERMINATED,
        }
        for row in rows
    }


def _services(subscription_ids: Sequence[int]) -> dict[int, frozenset[str]]:
    rows = db.session.execute(
        select(SubscriptionItem.subscription_id, Product.code)
        .join(Product, Product.id == SubscriptionItem.product_id)
        .where(SubscriptionItem.subscription_id.in_(subscription_ids))
    )
    found: dict[int, set[str]] = {}
    for subscription_id, code in rows:
        found.setdefault(subscription_id, set()).add(code)
    return {subscription_id: frozenset(codes) for subscription_id, codes in found.items()}


def _by_column(codes: frozenset[str]) -> dict[str, str]:
    """The products of a subscription by the columns they come from."""
    chosen = {service.column: service.name for service in SERVICES if service.code in codes}
    return {service.column: chosen.get(service.column, "No") for service in SERVICES}


def _wanted(row: TelcoRow) -> dict[str, Any]:
    return {
        **_by_column(frozenset(service.code for service in row.services)),
        "Contract": CONTRACTS[row.contract].name,
        "PaymentMethod": row.preferred_method,
        "MonthlyCharges": minor_to_text(row.monthly, CURRENCY),
        "TotalCharges": minor_to_text(row.total, CURRENCY),
        "Churn": row.churned,
    }


def _catalogue(actor: Actor, now: dt.datetime) -> Catalogue:
    """The packages and products of the file; those that are missing are made."""
    classes = _by_code(ProductClass, [SOURCE])
    if not classes:
        row = create_record(ProductClass, {"code": SOURCE, "name": "Telephone services"}, actor=actor, now=now)
        classes = {row.code: row.id}
    packages = _by_code(Package, [contract.code for contract in CONTRACTS.values()])
    for contract in CONTRACTS.values():
        if contract.code not in packages:
            values = {"code": contract.code, "name": contract.name, "product_class_id": classes[SOURCE]}
            packages[contract.code] = create_record(Package, values, actor=actor, now=now).id
    products = _by_code(Product, [service.code for service in SERVICES])
    for service in SERVICES:
        if service.code not in products:
            values = {
                "code": service.code,
                "name": service.name,
                "kind": service.kind,
                "product_class_id": classes[SOURCE],
            }
            products[service.code] = create_record(Product, values, actor=actor, now=now).id
    return Catalogue(packages, products)


def _by_code(model: Any, codes: Sequence[str]) -> dict[str, int]:
    code: InstrumentedAttribute[str] = model.code
    return {row.code: row.id for row in db.session.execute(select(code, model.id).where(code.in_(codes)))}


def _account(row: TelcoRow, now: dt.datetime) -> Account:
    return Account(
        name=row.customer,
        billing_name=row.customer,
        customer_ref=row.customer,
        imported_from=SOURCE,
        external_ref=row.customer,
        country=COUNTRY,
        currency=CURRENCY,
        preferred_payment_method=row.preferred_method,
        created_at=now,
    )


def _subscription(row: TelcoRow, account: Account, catalogue: Catalogue, now: dt.datetime) -> OldSubscription:
    """The month that runs today is current; of one that ended, the last whole month."""
    today = now.date()
    started_on = add_months(today, -row.tenure)
    number = max(row.tenure - 1, 0) if row.churned else row.tenure
    contract = CONTRACTS[row.contract]
    # The file has the sum only. The items share it by what they usually cost, so that they add up to it.
    prices = allocate(row.monthly, [service.weight for service in row.services])
    return OldSubscription(
        account_id=account.id,
        external_ref=row.customer,
        package_id=catalogue.packages[contract.code],
        package_name=contract.name,
        period=BillingPeriod.MONTHLY,
        started_on=started_on,
        current_period=nth_period(started_on, 1, number),
        currency=CURRENCY,
        recurring_price=row.monthly,
        items=tuple(
            OldItem(catalogue.products[service.code], 1, price)
            for service, price in zip(row.services, prices, strict=True)
        ),
        status=SubscriptionStatus.TERMINATED if row.churned else SubscriptionStatus.ACTIVE,
        terminated_on=today if row.churned else None,
        reference=row.customer,
    )


def _invoice(row: TelcoRow, account: Account, subscription: Subscription, now: dt.datetime) -> OldInvoice:
    today = now.date()
    billed = nth_period(subscription.started_on, row.tenure, 0) if row.tenure else None
    return OldInvoice(
        account=account,
        external_ref=row.customer,
        description=TO_DATE,
        issued_on=today,
        due_on=today,
        net=row.total,
        subscription_id=subscription.id,
        period_from=billed.first if billed else None,
        period_to=billed.last if billed else None,
        explanation={"months": row.tenure, "monthly_charges": row.monthly},
    )


def _billed_periods(
    old: Sequence[OldInvoice], invoices: Sequence[Invoice], subscriptions: dict[int, Subscription]
) -> Iterator[BilledPeriod]:
    for each, invoice in zip(old, invoices, strict=True):
        if each.subscription_id is not None and each.period_from is not None and each.period_to is not None:
            period = Period(each.period_from, each.period_to)
            yield BilledPeriod(subscriptions[each.subscription_id], invoice.id, period, each.net)


def _payment(row: TelcoRow, invoice: Invoice, now: dt.datetime) -> OldPayment:
    return OldPayment(
        account_id=invoice.account_id,
        external_ref=row.customer,
        amount=row.total,
        currency=CURRENCY,
        method=row.paid_by,
        received_on=now.date(),
        description=TO_DATE,
        reference=row.customer,
        invoice_ids=(invoice.id,),
    )
