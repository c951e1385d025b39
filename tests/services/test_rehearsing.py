"""The billing rehearsal: nothing is written, and what the real jobs then do is what was foretold."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest
from flask import current_app
from sqlalchemy import event, select, text
from sqlalchemy.exc import DBAPIError

from domain.rehearsal import Kind
from extensions import Base, db
from gateways.port import ChargeState
from gateways.registry import Gateways
from jobs.dunning import take_due_steps
from jobs.subscriptions import move, renew
from models import (
    Account,
    BillingPeriod,
    JobState,
    Subscription,
    SubscriptionPeriod,
    SubscriptionStatus,
)
from services import auto_top_up, dunning
from services.credit_limits import set_credit_limit
from services.credit_reservations import reserve_credit, spend_reservation
from services.invoices import InvoiceLineValues
from services.paying.followers import followers
from services.payment_modes import switch_to_postpaid
from services.rehearsing import asking
from services.rehearsing.asking import (
    ask_for_rehearsal,
    carry_out_rehearsal,
    forget_old_rehearsals,
    is_at_work,
    last_rehearsal,
)
from services.rehearsing.report import Asked, DayNotAhead, Report, TooMuchToForetell, rehearse
from services.settings import change_setting
from services.stored_files import stored_files
from services.unbilled import bill_month
from services.unit_of_work import reading_only, unit_of_work
from tests.factories.catalogue import PackageFactory, PriceFactory, TaxRuleFactory
from tests.factories.money import UnbilledChargeFactory
from tests.factories.people import AccountFactory, StaffMemberFactory
from tests.factories.services import SubscriptionFactory, SubscriptionItemFactory
from tests.services.money import CLERK, fund, issued
from tests.services.rehearsed_town import (
    ONE_DAY,
    account_named,
    build_town,
    context,
    foretold,
    happened,
    rule,
    run_the_house,
    with_card,
)
from tests.support.due_jobs import run_due_jobs
from tests.support.scripted_gateway import ScriptedGateway, says

DAYS = 40


@pytest.fixture(autouse=True)
def _followed():
    before = list(followers)
    dunning.follow_payments()
    auto_top_up.follow_payments()
    yield
    followers[:] = before


@pytest.fixture(autouse=True)
def _files(kept_files):
    """What is kept lies in a folder of this test."""


@pytest.fixture
def gateway() -> ScriptedGateway:
    return ScriptedGateway()


@pytest.fixture
def gateways(session, gateway, monkeypatch) -> Gateways:
    found = Gateways({"scripted": gateway})
    monkeypatch.setitem(current_app.extensions, "gateways", found)
    return found


@pytest.fixture
def town(session, gateways, now):
    build_town(now)


def everything() -> dict[str, list]:
    """Every row of every table."""
    db.session.commit()
    with db.engine.connect() as connection:
        return {
            table.name: sorted(repr(tuple(row)) for row in connection.execute(select(table)))
            for table in Base.metadata.sorted_tables
        }


@pytest.mark.parametrize("succeed", [True, False])
def test_what_the_real_jobs_then_do_is_what_was_foretold(town, gateway, gateways, now, succeed):
    if not succeed:
        gateway.answers = [says(ChargeState.DECLINED)]
    report = rehearse(Asked(now.date() + DAYS * ONE_DAY, charges_succeed=succeed), gateways, now=now)
    run_the_house(now, DAYS)
    assert foretold(report) == happened(now)
    of_renewals = {row.event.kind for row in report.rows if row.event.of_renewal}
    assert of_renewals >= {Kind.INVOICE, Kind.BALANCE, Kind.REMINDER, Kind.CHARGE if succeed else Kind.CHARGE_FAILED}
    kinds = {row.event.kind for row in report.rows}
    charges = {Kind.CHARGE, Kind.TOP_UP} if succeed else {Kind.CHARGE_FAILED, Kind.TOP_UP_FAILED, Kind.TOP_UP_STOPPED}
    assert kinds >= {Kind.REMINDER, Kind.FINAL_WARNING, Kind.SUSPENSION, *charges}


def test_who_is_suspended_for_debt_and_charged_is_foretold_to_be_let_in(session, gateways, gateway, now):
    account = account_named("Late card")
    issued(account, now - 45 * ONE_DAY)
    for days in (22, 10, 2):
        take_due_steps(context(now - days * ONE_DAY))
    with_card(account, is_default=True)
    change_setting("dunning_retry_days", "1, 3, 7, 35", actor=CLERK, now=now)
    report = rehearse(Asked(now.date() + DAYS * ONE_DAY), gateways, now=now)
    assert Kind.LIFTING in {row.event.kind for row in report.rows}
    run_the_house(now, DAYS)
    assert foretold(report) == happened(now)


def test_what_postpaid_accounts_used_is_foretold_as_the_invoice_that_the_job_then_issues(session, gateways, now):
    account = account_named("Uses much")
    set_credit_limit(account, amount=10_000, actor=CLERK, now=now)
    switch_to_postpaid(account, actor=CLERK, now=now)
    for key in ("1", "2"):
        held = reserve_credit(account, amount=2_000, purpose="Calls", key=key, actor=CLERK, now=now)
        spend_reservation(held, [InvoiceLineValues("Calls", unit_price=1_500)], actor=CLERK, now=now)
    report = rehearse(Asked(now.date() + 20 * ONE_DAY), gateways, now=now)
    assert [(row.event.day, row.event.kind, row.event.amount) for row in report.rows] == [
        (dt.date(2026, 6, 1), Kind.INVOICE, 3_000)
    ]
    invoice = bill_month(account.id, actor=CLERK, now=dt.datetime(2026, 6, 1, 0, 10, tzinfo=dt.UTC))
    assert (invoice.issued_on, invoice.total) == (dt.date(2026, 6, 1), 3_000)


def test_the_tax_of_what_was_used_is_rounded_as_on_the_invoice_that_the_job_then_issues(session, gateways, now):
    account = account_named("Calls often")
    for used_on, price, rate in (
        ("04-02", 3, 190_000),
        ("04-30", 3, 190_000),
        ("05-01", 3, 190_000),
        ("05-02", 5, 70_000),
    ):
        day = dt.date.fromisoformat(f"2026-{used_on}")
        UnbilledChargeFactory(account=account, used_on=day, unit_price=price, total=price + 1, tax_rate=rate)
    report = rehearse(Asked(now.date() + 20 * ONE_DAY), gateways, now=now)
    amounts = [row.event.amount for row in report.rows if row.event.kind is Kind.INVOICE]
    billed = [bill_month(account.id, actor=CLERK, now=at) for at in (now, now + 20 * ONE_DAY)]
    assert amounts == [invoice.total for invoice in billed] == [7, 9]


def test_nothing_is_written_and_no_gateway_is_asked(town, gateway, gateways, now):
    SubscriptionFactory(account=account_named("Renews"))
    asked_before, before = list(gateway.calls), everything()
    report = rehearse(Asked(now.date() + DAYS * ONE_DAY), gateways, now=now)
    assert len(report.rows) > 20
    assert (everything(), gateway.calls) == (before, asked_before)


def test_the_database_itself_refuses_a_write_during_a_rehearsal(session, now):
    AccountFactory(name="Before")
    db.session.commit()
    with pytest.raises(DBAPIError), reading_only():
        db.session.execute(text("UPDATE account SET name = 'After'"))
    with unit_of_work():  # and afterwards it takes writes again
        db.session.execute(text("UPDATE account SET name = 'Later'"))
    assert db.session.scalar(select(Account.name)) == "Later"


def test_its_queries_do_not_grow_with_the_accounts(session, gateways, now):
    def count() -> int:
        asked: list[str] = []

        def note(_connection, _cursor, statement, *_rest) -> None:
            asked.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            rehearse(Asked(now.date() + DAYS * ONE_DAY), gateways, now=now)
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        return len(asked)

    def one_more(number):
        account = account_named(f"Account {number}")
        issued(account, now)
        rule(account, now, threshold=0, amount=1_000)
        SubscriptionItemFactory(subscription=SubscriptionFactory(account=account))
        db.session.commit()

    one_more(0)
    before = count()
    for number in range(1, 6):
        one_more(number)
    assert count() == before


# --- Renewals


def renewing(now, **values) -> Subscription:
    account = account_named("Renews", country="US")
    usual = {"period": BillingPeriod.MONTHLY, "recurring_price": 4_900}
    return SubscriptionFactory(account=account, **{**usual, **values})


def invoices_foretold(report: Report) -> list[tuple[str, str, int]]:
    return [
        (row.event.day.isoformat(), row.event.about, row.event.amount)
        for row in report.rows
        if row.event.kind is Kind.INVOICE
    ]


def test_renewals_are_foretold_from_periods_and_prices_with_tax(session, gateways, now):
    subscription = renewing(now, recurring_price=3_000)
    item = SubscriptionItemFactory(subscription=subscription, quantity=3, pending_quantity=2, unit_price=1_000)
    TaxRuleFactory(country="US", region="", product_class=item.product.product_class, rate=190_000)
    fund(subscription.account, 2 * 2_380, now)  # what nobody pays is not billed again
    report = rehearse(Asked(now.date() + 45 * ONE_DAY), gateways, now=now)
    assert invoices_foretold(report) == [
        ("2026-05-25", subscription.number, 2_380),
        ("2026-06-24", subscription.number, 2_380),
    ]
    assert {row.event.of_renewal for row in report.rows} == {True}


def test_a_subscription_without_items_costs_its_price(session, gateways, now):
    renewing(now)
    report = rehearse(Asked(now.date() + 20 * ONE_DAY), gateways, now=now)
    assert [amount for *_rest, amount in invoices_foretold(report)] == [4_900]


def test_a_downgrade_renews_at_the_catalogues_price_of_the_next_package(session, gateways, now):
    cheaper = PackageFactory()
    PriceFactory(product=None, package=cheaper, currency="USD", period=BillingPeriod.MONTHLY, amount=1_900)
    renewing(now, next_package=cheaper)
    report = rehearse(Asked(now.date() + 20 * ONE_DAY), gateways, now=now)
    assert [amount for *_rest, amount in invoices_foretold(report)] == [1_900]


def test_a_renewal_without_a_price_is_counted_as_a_trouble(session, gateways, now):
    renewing(now, next_package=PackageFactory())
    report = rehearse(Asked(now.date() + 20 * ONE_DAY), gateways, now=now)
    assert (report.troubles.unpriced, invoices_foretold(report)[0][2]) == (1, 0)


def test_the_first_aligned_renewal_is_longer_and_costs_more(session, gateways, now):
    renewing(
        now,
        aligns_to_month=True,
        started_on=dt.date(2026, 4, 21),
        current_period_from=dt.date(2026, 4, 21),
        current_period_to=dt.date(2026, 5, 20),
        renews_on=dt.date(2026, 5, 21),
        recurring_price=3_100,
    )
    report = rehearse(Asked(now.date() + 20 * ONE_DAY), gateways, now=now)
    assert invoices_foretold(report)[0][2] == 3_100 * (11 + 31) // 31


def test_subscriptions_that_ran_out_are_counted_and_not_renewed(session, gateways, now):
    renewing(now, current_period_to=dt.date(2026, 5, 10), renews_on=dt.date(2026, 5, 11))
    report = rehearse(Asked(now.date() + 20 * ONE_DAY), gateways, now=now)
    assert (report.rows, report.troubles.run_out) == ([], 1)


def test_a_period_that_was_billed_ahead_is_not_foretold_again(session, gateways, now):
    subscription = renewing(now)
    db.session.add(
        SubscriptionPeriod(
            account_id=subscription.account_id,
            subscription_id=subscription.id,
            period_from=dt.date(2026, 6, 1),
            period_to=dt.date(2026, 6, 30),
            currency="USD",
            net=4_900,
            created_at=now,
        )
    )
    db.session.flush()
    assert rehearse(Asked(now.date() + 20 * ONE_DAY), gateways, now=now).rows == []


def test_a_renewal_that_was_billed_and_that_nobody_pays_is_the_last_one(session, gateways, now):
    renewing(now)
    renew(context(dt.datetime(2026, 5, 25, 0, 15, tzinfo=dt.UTC)))
    later = dt.datetime(2026, 5, 26, 9, 0, tzinfo=dt.UTC)
    report = rehearse(Asked(dt.date(2026, 8, 31)), gateways, now=later)
    assert invoices_foretold(report) == []
    told = [(f"{row.event.day:%m-%d}", row.event.kind) for row in report.rows]
    assert told[-1] == ("06-22", Kind.FINAL_WARNING)


def test_an_expired_subscription_renews_again_once_its_open_renewal_is_charged(session, gateways, now):
    subscription = renewing(now, current_period_to=dt.date(2026, 5, 13), renews_on=dt.date(2026, 5, 14))
    renew(context(dt.datetime(2026, 5, 7, 0, 15, tzinfo=dt.UTC)))
    move(context(dt.datetime(2026, 5, 14, 0, 15, tzinfo=dt.UTC)))
    assert db.session.get_one(Subscription, subscription.id).status is SubscriptionStatus.EXPIRED
    assert invoices_foretold(rehearse(Asked(now.date() + 40 * ONE_DAY), gateways, now=now)) == []
    with_card(subscription.account, is_default=True)
    report = rehearse(Asked(now.date() + 40 * ONE_DAY), gateways, now=now)
    assert [each[:2] for each in invoices_foretold(report)] == [("2026-06-07", subscription.number)]
    assert report.troubles.run_out == 0


# --- Held against last month


def test_a_month_is_held_against_last_month_with_what_is_past_of_it(session, gateways, now):
    account = account_named("Compared")
    for day, net in (("2026-04-03", 1_000), ("2026-04-28", 2_000), ("2026-05-02", 4_000)):
        issued(account, dt.datetime.fromisoformat(f"{day}T10:00+00:00"), net=net)
    renewing(now)
    report = rehearse(Asked(dt.date(2026, 5, 31)), gateways, now=now)
    ((view, compared),) = report.months
    (invoices,) = [row for row in compared if row.kind is Kind.INVOICE]
    assert (view.name, invoices.last_month, invoices.so_far, invoices.foretold) == (
        "2026-05",
        (2, 3_000),
        (1, 4_000),
        (1, 4_900),
    )
    changes = {(each.client_id, each.last_month, each.this_month) for each in report.accounts}
    assert (account.client_id, 3_000, 4_000) in changes
    assert len(changes) == 2


def test_steps_and_charges_of_last_month_are_counted(session, gateways, now):
    account = account_named("Charged")
    with_card(account, is_default=True)
    issued(account, now - 45 * ONE_DAY)
    take_due_steps(context(now - 30 * ONE_DAY))
    report = rehearse(Asked(dt.date(2026, 5, 31)), gateways, now=now)
    ((_view, compared),) = report.months
    found = {row.kind: row.last_month for row in compared}
    assert (found[Kind.CHARGE], found[Kind.REMINDER]) == ((1, 10_000), (1, 0))


@pytest.mark.parametrize(
    ("state", "kind"), [(ChargeState.SUCCEEDED, Kind.CHARGE), (ChargeState.DECLINED, Kind.CHARGE_FAILED)]
)
def test_charges_of_renewals_of_last_month_are_counted(session, gateways, gateway, now, state, kind):
    period = {"current_period_from": dt.date(2026, 4, 1), "current_period_to": dt.date(2026, 4, 30)}
    subscription = renewing(now, **period, renews_on=dt.date(2026, 5, 1))
    with_card(subscription.account, is_default=True)
    gateway.answers = [says(state)]
    renew(context(dt.datetime(2026, 4, 24, 0, 15, tzinfo=dt.UTC)))
    report = rehearse(Asked(dt.date(2026, 5, 31)), gateways, now=now)
    ((_view, compared),) = report.months
    assert {row.kind: row.last_month for row in compared}[kind] == (1, 4_900)


# --- Asking


@pytest.fixture
def asker(session):
    import dataclasses

    return dataclasses.replace(CLERK, person_id=StaffMemberFactory().person.id)


@pytest.mark.parametrize("days", [0, -1, 367])
def test_a_day_that_is_not_ahead_or_too_far_is_refused(session, asker, now, days):
    with pytest.raises(DayNotAhead):
        ask_for_rehearsal(Asked(now.date() + days * ONE_DAY), actor=asker, now=now)


def test_a_job_foretells_into_a_file_that_is_read_day_by_day(town, gateways, asker, now):
    asked = Asked(now.date() + DAYS * ONE_DAY)
    ask_for_rehearsal(asked, actor=asker, now=now)
    ask_for_rehearsal(asked, actor=asker, now=now)
    assert is_at_work(actor=asker)
    assert run_due_jobs(asking.JOB, now=now) == 1
    done = last_rehearsal(actor=asker)
    assert done is not None
    assert (done.asked, done.refused, is_at_work(actor=asker)) == (asked, "", False)
    with done.file() as file:
        rows = list(csv.DictReader(io.StringIO(file.read().decode("utf-8-sig"), newline="")))
    read = [row for day, *_rest in done.found["days"] for row in done.rows_of(dt.date.fromisoformat(day), page=1)]
    assert rows == read
    assert len(rows) == done.found["rows"]
    assert done.rows_of(dt.date(2030, 1, 1), page=1) == []


def test_a_long_day_has_pages(session, gateways, asker, now, monkeypatch):
    monkeypatch.setattr(asking, "ROWS_A_PAGE", 2)
    for number in range(5):
        issued(account_named(f"=Account {number}"), now - 14 * ONE_DAY)
    ask_for_rehearsal(Asked(now.date() + 5 * ONE_DAY), actor=asker, now=now)
    run_due_jobs(asking.JOB, now=now)
    done = last_rehearsal(actor=asker)
    day = now.date() + ONE_DAY
    pages = [done.rows_of(day, page=page) for page in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [2, 2, 1, 0]
    assert pages[0][0]["Account"].startswith("'=Account")


def test_another_person_sees_nothing_of_it(session, gateways, asker, now):
    ask_for_rehearsal(Asked(now.date() + ONE_DAY), actor=asker, now=now)
    run_due_jobs(asking.JOB, now=now)
    assert last_rehearsal(actor=CLERK) is None


def test_too_much_is_refused_and_said(town, gateways, asker, now, monkeypatch):
    monkeypatch.setattr("services.rehearsing.report.MOST_ROWS", 3)
    with pytest.raises(TooMuchToForetell):
        rehearse(Asked(now.date() + DAYS * ONE_DAY), gateways, now=now)
    ask_for_rehearsal(Asked(now.date() + DAYS * ONE_DAY), actor=asker, now=now)
    run_due_jobs(asking.JOB, now=now)
    done = last_rehearsal(actor=asker)
    assert done is not None
    assert done.refused.startswith("More than")


def test_a_rehearsal_that_failed_is_said_instead_of_an_older_one(session, gateways, asker, now):
    ask_for_rehearsal(Asked(now.date() + ONE_DAY), actor=asker, now=now)
    run_due_jobs(asking.JOB, now=now)
    failed = ask_for_rehearsal(Asked(now.date() + 2 * ONE_DAY), actor=asker, now=now)
    failed.state, failed.started_at, failed.error = JobState.FAILED, now, "KeyError"
    db.session.flush()
    newest = last_rehearsal(actor=asker)
    assert newest is not None
    assert (newest.asked.until, newest.found) == (now.date() + 2 * ONE_DAY, {})
    assert newest.refused.startswith("Nothing could be foretold.")
    assert newest.rows_of(now.date(), page=1) == []


def test_files_go_when_their_jobs_are_forgotten(session, gateways, now):
    payload = {"until": "2026-05-20", "charges_succeed": True}
    key = carry_out_rehearsal(payload, gateways, now=now, tell=lambda _done: None)["key"]
    assert forget_old_rehearsals(now=now + 14 * ONE_DAY) == 0
    assert forget_old_rehearsals(now=now + 16 * ONE_DAY) == 1
    assert not stored_files.store.exists(key)
