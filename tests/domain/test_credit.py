"""What an account may still spend: the formulas of SPEC D14, each by its numbers."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.credit import GrantedLimit, Postpaid, Prepaid, limit_on, lowest_balance

AMOUNTS = st.integers(0, 10**12)
SIGNED = st.integers(-(10**12), 10**12)


@pytest.mark.parametrize(
    ("balance", "limit", "reserved", "usable"),
    [(10_000, 0, 0, 10_000), (10_000, 5_000, 0, 15_000), (10_000, 5_000, 2_500, 12_500), (-4_000, 5_000, 0, 1_000)],
)
def test_prepaid_spends_the_balance_and_the_limit(balance, limit, reserved, usable):
    assert Prepaid(balance, limit, reserved).usable == usable


@given(SIGNED, AMOUNTS)
def test_prepaid_with_nothing_reserved_has_usable_less_limit_as_balance(balance, limit):
    assert Prepaid(balance, limit).usable - limit == balance


@pytest.mark.parametrize(
    ("unbilled", "due", "limit", "reserved", "usable", "current"),
    [
        (-3_000, -20_000, 10_000, 0, 7_000, -23_000),  # what is owed does not eat the limit
        (-3_000, -20_000, 10_000, 1_000, 6_000, -23_000),
        (-3_000, 5_000, 10_000, 0, 12_000, 2_000),  # a credit counts on top
        (-3_000, 0, 10_000, 0, 7_000, -3_000),
        (-12_000, 0, 10_000, 0, -2_000, -12_000),
    ],
)
def test_postpaid_spends_up_to_the_limit_of_what_is_unbilled(unbilled, due, limit, reserved, usable, current):
    account = Postpaid(unbilled, due, limit, reserved)
    assert (account.usable, account.current_balance) == (usable, current)


@given(AMOUNTS, SIGNED, AMOUNTS, AMOUNTS)
def test_a_bill_gives_the_limit_back_whole(used, due, limit, reserved):
    """What was unbilled becomes due; where it is owed then, the limit is there again for the next month."""
    before = Postpaid(-used, due, limit, reserved)
    after = Postpaid(0, due - used, limit, reserved)
    assert after.current_balance == before.current_balance
    assert after.usable == limit + max(0, due - used) - reserved
    assert after.usable >= before.usable


@given(AMOUNTS, AMOUNTS)
def test_what_is_reserved_and_returned_changes_nothing(limit, amount):
    assert Prepaid(0, limit, amount).usable + amount == Prepaid(0, limit).usable


@pytest.mark.parametrize("wrong", [{"limit": -1}, {"reserved": -1}, {"unbilled": 1}])
def test_amounts_of_the_wrong_sign_are_mistakes(wrong):
    with pytest.raises(ValueError, match="zero"):
        Postpaid(**{"unbilled": 0, "due": 0, "limit": 1, "reserved": 0, **wrong})


DAYS = st.dates(dt.date(2020, 1, 1), dt.date(2030, 12, 31))
GRANTS = st.builds(
    lambda amount, first, days: GrantedLimit(amount, first, first + dt.timedelta(days=days) if days else None),
    AMOUNTS,
    DAYS,
    st.integers(0, 400),
)


@given(st.lists(GRANTS), DAYS)
def test_the_highest_limit_in_force_counts_and_an_ended_one_does_not(granted, day):
    limit = limit_on(day, granted)
    in_force = [each.amount for each in granted if each.first <= day and (each.end is None or day < each.end)]
    assert limit == (max(in_force) if in_force else 0)


@given(AMOUNTS, AMOUNTS, DAYS, st.integers(1, 400))
def test_a_temporary_limit_never_lowers_the_permanent_one_and_ends_by_itself(permanent, temporary, first, days):
    end = first + dt.timedelta(days=days)
    granted = [GrantedLimit(permanent, first), GrantedLimit(temporary, first, end)]
    assert limit_on(end - dt.timedelta(days=1), granted) == max(permanent, temporary)
    assert limit_on(end, granted) == permanent
    assert limit_on(first - dt.timedelta(days=1), granted) == 0


@given(SIGNED, AMOUNTS, AMOUNTS, st.data())
def test_all_that_is_usable_or_reserved_can_be_spent_without_falling_below_the_lowest_balance(
    balance, limit, reserved, data
):
    lowest = lowest_balance(balance=balance, limit=limit, reserved=reserved)
    assert balance - reserved >= lowest
    usable = Prepaid(balance, limit, reserved).usable
    spent = data.draw(st.integers(0, max(0, usable)))
    assert balance - reserved - spent >= lowest
