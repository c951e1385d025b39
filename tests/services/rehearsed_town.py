"""A town of accounts in every state that a run treats differently, the real jobs, and what they did in a rehearsal's words."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from sqlalchemy import select

from domain.periods import add_months
from domain.rehearsal import USED, Kind
from extensions import db
from jobs.auto_top_up import top_up
from jobs.credit import months as bill_months
from jobs.dunning import take_due_steps
from jobs.registry import JobContext
from jobs.subscriptions import move, renew
from models import (
    Account,
    DunningStep,
    Invoice,
    Notification,
    Payment,
    PaymentAllocation,
    PaymentKind,
    PaymentStatus,
    Subscription,
    UnbilledCharge,
)
from services import auto_top_up, dunning
from services.accounts import suspend_account
from services.auto_top_up import set_auto_top_up
from services.credit_limits import set_credit_limit
from services.orders import FULFIL_JOB
from services.payment_modes import switch_to_postpaid
from services.rehearsing.report import Report
from services.subscriptions import renewing
from tests.factories.money import PaymentMethodFactory
from tests.factories.people import AccountFactory, OwnerFactory
from tests.factories.services import SubscriptionFactory
from tests.services.money import CLERK, fund, issued
from tests.support.due_jobs import run_due_jobs

ONE_DAY = dt.timedelta(days=1)


def account_named(name: str, **values) -> Account:
    account = AccountFactory(name=name, currency="USD", **values)
    OwnerFactory(account=account)
    return account


def with_card(account, **values):
    return PaymentMethodFactory(account=account, gateway="scripted", **{"expires_on": None, **values})


def build_town(now) -> None:
    """Every account as it got there by the real services."""
    long_ago, lately = now - 35 * ONE_DAY, now - 18 * ONE_DAY
    for number, issued_at in enumerate((long_ago, lately, now), start=1):
        account = account_named(f"No method {number}")
        issued(account, issued_at)
        issued(account, issued_at + ONE_DAY, net=2_500)
    for number, issued_at in enumerate((long_ago, lately, now), start=1):
        account = account_named(f"Card {number}")
        with_card(account, is_default=True)
        issued(account, issued_at)
        issued(account, issued_at + ONE_DAY, net=2_500)
    expiring = account_named("Card that runs out")
    with_card(expiring, is_default=True, expires_on=now.date() + 2 * ONE_DAY)
    issued(expiring, now - 15 * ONE_DAY)
    partly = account_named("Partly paid")
    issued(partly, lately)
    fund(partly, 4_000, now)
    by_staff = account_named("Suspended by staff")
    issued(by_staff, long_ago)
    suspend_account(by_staff, actor=CLERK, now=now, reason="Abuse")
    topping = account_named("Tops up")
    issued(topping, lately, net=45_000)
    rule(topping, now, threshold=5_000, amount=20_000)
    rich = account_named("Rich")
    fund(rich, 90_000, now)
    rule(rich, now, threshold=5_000, amount=20_000)
    subscribers(now)
    for at in (now - 20 * ONE_DAY, now - 10 * ONE_DAY, now - 2 * ONE_DAY):  # some steps are taken already
        renew_and_move(at)
        take_due_steps(context(at))
    db.session.expire_all()


def subscribers(now) -> None:
    """Subscriptions whose renewals are paid in every way, or by nobody, and some that were billed before now."""
    today = now.date()
    fund(monthly("Renews from the balance", until=today + 16 * ONE_DAY), 20_000, now)
    two = monthly("Renews one of two from the balance", until=today + 10 * ONE_DAY)
    monthly("", account=two, until=today + 12 * ONE_DAY)
    fund(two, 5_000, now)
    with_card(monthly("Renews by card", until=today + 16 * ONE_DAY), is_default=True)
    monthly("Renews and nobody pays", until=today + 8 * ONE_DAY)
    monthly("Ends during the look", until=today + 4 * ONE_DAY)
    with_card(monthly("Expired with a card", until=today - 4 * ONE_DAY), is_default=True)
    rule(monthly("Expired and tops up", until=today - 5 * ONE_DAY), now, threshold=1_000, amount=6_000)
    monthly("Never had a renewal", until=today + 3 * ONE_DAY, renews_on=None)
    postpaid = monthly("One of two fits the credit", until=today + 10 * ONE_DAY)
    monthly("", account=postpaid, until=today + 12 * ONE_DAY)
    set_credit_limit(postpaid, amount=6_000, reason="", actor=CLERK, now=now)
    switch_to_postpaid(postpaid, actor=CLERK, now=now)


def monthly(name: str, *, until: dt.date, account: Account | None = None, **values) -> Account:
    """An account with a subscription whose month ends on this day."""
    account = account or account_named(name, country="US")
    first = period_before(until)
    usual = {
        "started_on": first,
        "current_period_from": first,
        "current_period_to": until,
        "renews_on": until + ONE_DAY,
    }
    SubscriptionFactory(account=account, **{**usual, **values})
    return account


def period_before(last: dt.date) -> dt.date:
    """The first day of the month that ends on this day."""
    return add_months(last + ONE_DAY, -1)


def rule(account, now, **values):
    set_auto_top_up(account, enabled=True, method=with_card(account), actor=CLERK, now=now, **values)


def context(at) -> JobContext:
    db.session.commit()
    return JobContext(1, "test", {}, at)


def renew_and_move(at) -> None:
    renew(context(at))
    run_due_jobs(FULFIL_JOB, now=at)
    move(context(at))


def run_the_house(now, days: int) -> None:
    """The real jobs, as the clock starts them, only less often: twice a day, but every hour what tops up."""
    at, end = now, dt.datetime.combine(now.date() + (days + 1) * ONE_DAY, dt.time(), dt.UTC)
    while at < end:
        if at == now or at.hour in (0, 23):
            bill_months(context(at))
            renew(context(at))
            take_due_steps(context(at))
            run_due_jobs(FULFIL_JOB, now=at)  # what was paid is entered before anything ends
            move(context(at))
        top_up(context(at))
        at += dt.timedelta(hours=1)
        if at.hour == 0:
            at = at.replace(minute=0)
    db.session.expire_all()


def happened(since) -> Counter:
    """What the real jobs did: (day, kind, client id, about, amount)."""
    clients = dict(db.session.execute(select(Account.id, Account.client_id)).all())
    invoices = {row.id: row for row in db.session.scalars(select(Invoice))}
    subscriptions = dict(db.session.execute(select(Subscription.id, Subscription.number)).all())
    renewals = {row.number: subscriptions[row.subscription_id] for row in invoices.values() if renews(row, since)}
    bills = set(db.session.scalars(select(UnbilledCharge.invoice_id).distinct()))
    used = {row.number: USED for row in invoices.values() if row.id in bills and row.created_at >= since}
    about_of = {row.number: row.number for row in invoices.values()} | renewals | used
    paid_of = dict(db.session.execute(select(PaymentAllocation.payment_id, PaymentAllocation.invoice_id)).all())
    found = Counter()
    for invoice in invoices.values():
        about = about_of[invoice.number]
        if about != invoice.number:
            found[invoice.issued_on, "invoice", clients[invoice.account_id], about, invoice.total] += 1
    for step in db.session.scalars(select(DunningStep).where(DunningStep.done_at >= since)):
        if step.kind.value != "retry":
            invoice = invoices[step.invoice_id]
            found[step.done_at.date(), step.kind.value, clients[step.account_id], about_of[invoice.number]] += 1
    for payment in db.session.scalars(select(Payment).where(Payment.created_at >= since)):
        key, about = payment.idempotency_key or "", ""
        if payment.method is PaymentKind.BALANCE:
            kind, about = "balance", about_of[invoices[paid_of[payment.id]].number]
        elif key.startswith(dunning.PREFIX):
            kind, about = "charge", about_of[key.removeprefix(dunning.PREFIX).rpartition("-")[0]]
        elif key.startswith(renewing.PREFIX):
            kind, about = "charge", about_of[key.removeprefix(renewing.PREFIX)]
        elif key.startswith(auto_top_up.PREFIX):
            kind = "top_up"
        else:
            continue  # received by hand
        kind += "_failed" if payment.status is PaymentStatus.FAILED else ""
        found[payment.created_at.date(), kind, clients[payment.account_id], about, payment.amount] += 1
    for told in db.session.scalars(select(Notification).where(Notification.created_at >= since)):
        kind = {"account_lifted": "lifting", "auto_top_up_stopped": "top_up_stopped"}.get(told.event)
        if kind:
            found[told.created_at.date(), kind, clients[told.account_id], ""] += 1
    return found


def renews(invoice: Invoice, since) -> bool:
    """Whether it was to come when it was foretold: then its subscription is all that is known of it."""
    return invoice.subscription_id is not None and invoice.created_at >= since


def foretold(report: Report) -> Counter:
    money = {Kind.INVOICE, Kind.BALANCE, Kind.CHARGE, Kind.CHARGE_FAILED, Kind.TOP_UP, Kind.TOP_UP_FAILED}
    return Counter(
        (row.event.day, row.event.kind.value, row.client_id, row.event.about)
        + ((row.event.amount,) if row.event.kind in money else ())
        for row in report.rows
    )
