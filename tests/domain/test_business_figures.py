"""The months of the business, folded from bookings."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from domain.business_figures import Booked, Figures, fold, months_until

MONTHS = ["2025-12", "2026-01", "2026-02"]


def test_twelve_months_end_with_that_of_the_day_and_cross_the_year():
    months = months_until(dt.date(2026, 2, 28))
    assert (months[0], months[-3:]) == ("2025-03", MONTHS)
    assert len(months) == 12


def test_what_is_held_for_one_customer_makes_the_debt_of_another_no_smaller():
    figures = fold([Booked(1, "EUR", "2026-01", 900, 0, -900), Booked(2, "EUR", "2026-01", 0, 500, 500)], MONTHS)
    assert figures.currencies == {"EUR": Figures([0, 900, 0], [0, 500, 0], [0, 900, 900])}


def test_a_debt_from_before_the_months_is_owed_until_it_is_paid():
    figures = fold([Booked(1, "EUR", "2024-05", 700, 0, -700), Booked(1, "EUR", "2026-02", 0, 700, 700)], MONTHS)
    assert figures.currencies["EUR"] == Figures([0, 0, 0], [0, 0, 700], [700, 700, 0])


def test_the_currency_with_most_invoiced_comes_first_and_none_is_mixed_with_another():
    figures = fold([Booked(1, "EUR", "2026-01", 10, 0, -10), Booked(1, "USD", "2026-01", 20, 0, -20)], MONTHS)
    assert list(figures.currencies) == ["USD", "EUR"]
    assert figures.currencies["EUR"].owed == [0, 10, 10]


def test_nothing_booked_gives_no_currency():
    assert fold([], MONTHS).currencies == {}


@given(
    st.dictionaries(
        st.tuples(st.integers(1, 4), st.sampled_from(["EUR", "USD"]), st.sampled_from(["2025-01", *MONTHS])),
        st.tuples(st.integers(0, 900), st.integers(0, 900)),
    )
)
def test_the_figures_are_those_that_adding_up_each_month_by_itself_gives(moved):
    rows = [Booked(*key, invoiced, paid, paid - invoiced) for key, (invoiced, paid) in sorted(moved.items())]
    figures = fold(rows, MONTHS)
    for currency, found in figures.currencies.items():
        for number, month in enumerate(MONTHS):
            at = [row for row in rows if row.currency == currency and row.month == month]
            assert found.invoiced[number] == sum(row.invoiced for row in at)
            assert found.received[number] == sum(row.received for row in at)
            balances: dict[int, int] = defaultdict(int)
            for row in rows:
                if row.currency == currency and row.month <= month:
                    balances[row.account_id] += row.balance
            assert found.owed[number] == sum(-balance for balance in balances.values() if balance < 0)
