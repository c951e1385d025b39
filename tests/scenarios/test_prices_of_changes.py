"""The examples of changes and renewals to the cent, through services and onto invoices."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from domain.periods import Period, PricedPeriod, aligned_renewal, nth_period
from domain.proration import change_quantity
from domain.tax import TaxTreatment
from services.changing_prices import ChangedThing, more_line, plan_line, renewal_line
from services.invoices import create_invoice, issue_invoice
from services.taxes import LineTax
from tests.factories.catalogue import ProductFactory
from tests.factories.people import AccountFactory
from tests.factories.services import SubscriptionFactory
from tests.services.money import CLERK

YEAR = Period(dt.date(2020, 11, 16), dt.date(2021, 11, 15))
CHANGED = dt.datetime(2021, 6, 16, 12, tzinfo=dt.UTC)
VAT = LineTax(TaxTreatment.TAXED, 190_000, "VAT 19 %", None, {"name": "VAT 19 %", "rate": 190_000})


@pytest.fixture
def account(session: Session):
    return AccountFactory(currency="EUR")


@pytest.fixture
def thing(account):
    product = ProductFactory(name="Extension")
    return ChangedThing(product, SubscriptionFactory(account=account).id, YEAR, VAT)


def invoiced(account, line, at=CHANGED):
    draft = create_invoice(account, [line], description="Change", actor=CLERK, now=at)
    return issue_invoice(draft, actor=CLERK, now=at)


def test_a_dearer_plan_costs_the_difference_for_the_days_left(account, thing) -> None:
    line = plan_line(thing, old_price=36_500, new_price=73_000, old="Team", new="Business", actor=CLERK, now=CHANGED)
    assert line is not None
    invoice = invoiced(account, line)
    assert (invoice.net_total, invoice.tax_total, invoice.total) == (15_300, 2_907, 18_207)
    assert (line.period_from, line.period_to) == (CHANGED.date(), YEAR.last)
    assert line.description == "Team to Business, 153 of 365 days"
    assert line.explanation == {
        "price": {"unit": 36_500},
        "quantity": 1,
        "days": {"left": 153, "of": 365},
        "from": "Team",
        "to": "Business",
        "tax": "taxed",
        "tax_rule": {"name": "VAT 19 %", "rate": 190_000},
        "changed_by": "Clerk",
        "changed_at": CHANGED.isoformat(),
    }


def test_more_of_something_costs_the_same_and_says_from_how_many_to_how_many(account, thing) -> None:
    line = more_line(thing, 36_500, paid_quantity=1, before=1, after=2, actor=CLERK, now=CHANGED)
    assert line is not None
    assert invoiced(account, line).net_total == 15_300
    assert (line.explanation["from"], line.explanation["to"], line.explanation["quantity"]) == ("1", "2", 1)


def test_less_and_what_was_paid_for_already_cost_nothing(thing) -> None:
    assert more_line(thing, 36_500, paid_quantity=5, before=5, after=2, actor=CLERK, now=CHANGED) is None
    assert more_line(thing, 36_500, paid_quantity=5, before=2, after=5, actor=CLERK, now=CHANGED) is None
    cheaper = plan_line(thing, old_price=2, new_price=1, old="Business", new="Team", actor=CLERK, now=CHANGED)
    assert cheaper is None


def test_the_first_renewal_moves_to_the_calendar_month_and_the_next_ones_are_months(account, thing) -> None:
    first = nth_period(dt.date(2021, 3, 16), 1, 0)
    assert (first.first, first.last) == (dt.date(2021, 3, 16), dt.date(2021, 4, 15))
    longer = aligned_renewal(first.last + dt.timedelta(days=1), 1)
    line = renewal_line(thing, longer, 1_001, 3, actor=CLERK, now=CHANGED)
    assert (line.period_from, line.period_to) == (dt.date(2021, 4, 16), dt.date(2021, 5, 31))
    assert invoiced(account, line).net_total == 4_505  # 30.03 x (15/30 + 1) = 45.045, rounded once
    assert line.explanation["price"] == {"unit": 1_001, "times": "45/30"}
    next_one = aligned_renewal(longer.period.last + dt.timedelta(days=1), 1)
    assert next_one == PricedPeriod(Period(dt.date(2021, 6, 1), dt.date(2021, 6, 30)))
    regular = renewal_line(thing, next_one, 1_001, 3, actor=CLERK, now=CHANGED)
    assert (regular.unit_price, regular.quantity, regular.net) == (1_001, 3, 3_003)


@given(
    st.lists(st.tuples(st.integers(0, 364), st.integers(0, 50)), max_size=12),
    st.integers(0, 10**7),
    st.integers(0, 50),
)
def test_up_and_down_in_one_period_never_pays_out_and_never_costs_more_than_the_most_held(
    changes, price, bought
) -> None:
    paid, charged = bought, 0
    for day, quantity in sorted(changes):
        on = YEAR.first + dt.timedelta(days=day)
        change = change_quantity(price, paid_quantity=paid, new_quantity=quantity, period=YEAR, changed_on=on)
        assert change.charge.amount >= 0
        charged, paid = charged + change.charge.amount, change.paid_quantity
    most = max([bought, *(quantity for _, quantity in changes)])
    assert paid == most
    assert charged <= price * (most - bought)
