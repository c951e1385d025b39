"""Two months of a postpaid account: it orders, adds, and is renewed on credit, and pays one bill a month (SPEC D14)."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from domain.invoices import InvoiceStatus
from domain.permissions import StaffRole
from extensions import db
from models import CreditNote, Invoice, InvoiceLine, Order, OrderStatus, Subscription, UnbilledCharge
from models.subscription import SubscriptionPeriod, SubscriptionStatus
from services.books import check_books
from services.credit_limits import set_credit_limit
from services.payment_modes import switch_to_postpaid
from services.usable_credit import figures_of
from tests.factories.catalogue import TaxRuleFactory
from tests.factories.people import AccountFactory
from tests.services.money import CLERK, fund, funds, receivable
from tests.support.somebody import Somebody
from tests.support.subscribing import catalogue, only_subscription
from tests.support.townspeople import one_of_the_staff, owner_of

LIMIT = 50_000
ONE_DAY = dt.timedelta(days=1)


def at(month: int, day: int, hour: int = 9) -> dt.datetime:
    return dt.datetime(2026, month, day, hour, tzinfo=dt.UTC)


def newest_bill() -> Invoice:
    db.session.expire_all()
    return db.session.scalars(select(Invoice).order_by(Invoice.id.desc())).first()


def charges_of(bill: Invoice) -> list[UnbilledCharge]:
    found = select(UnbilledCharge).where(UnbilledCharge.invoice_id == bill.id).order_by(UnbilledCharge.id)
    return list(db.session.scalars(found))


@pytest.mark.slow
def test_what_is_ordered_added_and_renewed_on_credit_is_what_the_months_bills_ask_for(app, session, clock, post):
    clock.move_to(at(5, 4))
    plans = catalogue(team=120_000, business=240_000, seat=12_000)  # 100.00, 200.00 and 10.00 a month
    TaxRuleFactory(product_class=plans.team.product_class)
    fjord = AccountFactory(client_id="20001", name="Fjord Telecom", country="DE")
    owner_of(fjord, "ida@fjord.example", "Ida Berg")
    one_of_the_staff("ann@provider.example", "Ann Boss", StaffRole.ADMINISTRATOR)
    set_credit_limit(fjord, amount=LIMIT, actor=CLERK, now=at(5, 4))
    switch_to_postpaid(fjord, actor=CLERK, now=at(5, 4))
    db.session.commit()

    def until(day: dt.datetime) -> None:
        """The clock strikes every morning."""
        now = dt.datetime.now(dt.UTC)
        while now < day:
            now = min(now + ONE_DAY, day)
            clock.move_to(now)
            post.clock_strikes()

    def usable() -> int:
        return figures_of(fjord.id, day=dt.datetime.now(dt.UTC).date()).usable

    # Ida orders a month of Team. Nothing is paid; it begins in a moment, and the balance page has it.
    ida = Somebody(app, "ida@fjord.example").signs_in()
    ida.goes("/portal/20001/store/team?period=monthly&quantity=1")
    assert ida.sees("stands on your next invoice"), ida
    ida.presses("Order for $119.00")
    assert ida.sees("$119.00 stand on your next invoice"), ida
    post.delivers()
    assert only_subscription().status is SubscriptionStatus.ACTIVE
    assert ida.goes("/portal/20001/balance/").sees("$119.00")
    assert usable() == LIMIT - 11_900

    # On the 14th two seats more: 21 of 31 days are left, so 13.55 and 2.57 tax.
    until(at(5, 14))
    number = only_subscription().number
    ida.signs_in().goes(f"/portal/20001/subscription-changes/{number}/quantities?items-seats=12")
    ida.presses("Save for $16.12")
    assert ida.sees("$16.12 stand on your next invoice"), ida
    post.delivers()
    assert only_subscription().items[0].quantity == 12

    # Seven days before it ends June is billed, on credit too: 120.00 and 22.80 tax. It has not begun yet.
    until(at(5, 29))
    assert only_subscription().current_period_to == dt.date(2026, 6, 3)
    assert db.session.scalars(select(SubscriptionPeriod.net).order_by(SubscriptionPeriod.id)).all() == [10_000, 12_000]
    assert (usable(), db.session.scalars(select(Invoice)).all()) == (LIMIT - 11_900 - 1_612 - 14_280, [])

    # The first minutes of June bring one bill, and the limit begins anew.
    until(at(6, 1, 1))
    may = newest_bill()
    assert (may.total, may.net_total, may.tax_total, may.issued_on) == (27_792, 23_355, 4_437, dt.date(2026, 6, 1))
    assert sum(each.total for each in charges_of(may)) == may.total
    lines = db.session.scalars(select(InvoiceLine).where(InvoiceLine.invoice_id == may.id)).all()
    assert sum(line.total for line in lines) == may.total
    assert {line.explanation["tax"] for line in lines} == {"taxed"}
    assert (usable(), receivable(fjord)) == (LIMIT, -27_792)
    assert may.number in post.letter_to("ida@fjord.example", may.number).subject

    # Fjord pays it with a bank transfer. June begins on its day.
    fund(fjord, 27_792, at(6, 3))
    db.session.commit()
    until(at(6, 4))
    assert newest_bill().status is InvoiceStatus.PAID
    june = only_subscription()
    assert (june.current_period_from, june.current_period_to) == (dt.date(2026, 6, 4), dt.date(2026, 7, 3))

    # The limit is lowered: the renewal of July does not fit, so it is an invoice of its own, due when July begins.
    until(at(6, 20))
    set_credit_limit(fjord, amount=14_279, actor=CLERK, now=at(6, 20))
    db.session.commit()
    until(at(6, 27))
    july = newest_bill()
    assert (july.total, july.status, july.due_on) == (14_280, InvoiceStatus.UNPAID, dt.date(2026, 7, 4))
    until(at(6, 28))
    fund(fjord, 14_280, at(6, 28))

    # A second package that fits again is given back by staff the next day: it stands on no bill.
    set_credit_limit(fjord, amount=LIMIT, actor=CLERK, now=at(6, 28))
    db.session.commit()
    ida.signs_in().goes("/portal/20001/store/business?period=monthly&quantity=1").presses("Order for $238.00")
    post.delivers()
    second = db.session.scalars(select(Order).where(Order.description == "Business")).one()
    assert (second.status, usable()) == (OrderStatus.FULFILLED, LIMIT - 23_800)
    until(at(6, 29))
    number = db.session.scalars(select(Subscription.number).where(Subscription.order_id == second.id)).one()
    ann = Somebody(app, "ann@provider.example").signs_in()
    ann.goes(f"/staff/subscriptions/{number}/give-back").presses("Give back")
    assert ann.sees("It is given back"), ann
    db.session.rollback()
    assert usable() == LIMIT

    # So July begins with no bill, and every charge stands on one bill or on none, whole.
    until(at(7, 4))
    assert newest_bill().id == july.id
    assert only_running().current_period_from == dt.date(2026, 7, 4)
    assert db.session.scalars(select(CreditNote)).all() == []
    assert (usable(), funds(fjord), receivable(fjord), check_books()) == (LIMIT, 0, 0, [])


def only_running() -> Subscription:
    found = select(Subscription).where(Subscription.status == SubscriptionStatus.ACTIVE)
    return db.session.scalars(found).one()
