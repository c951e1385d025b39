"""What would happen to one account, foretold: by the rules of the runs, day by day."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from domain.dunning import DunningPolicy
from domain.periods import Period
from domain.rehearsal import USED, Billed, Debt, House, Kind, Position, Renewal, TopUp, foretell
from domain.totals import LineAmount

NOW = dt.datetime(2026, 5, 15, 9, 30, tzinfo=dt.UTC)
TODAY = NOW.date()
TERM = dt.timedelta(days=14)
GRACE = dt.timedelta(days=28)


def house(*, succeed: bool = True, policy: DunningPolicy | None = None) -> House:
    return House(policy or DunningPolicy(), TERM, GRACE, succeed)


def debt(number: int = 1, *, due: int = 10_000, due_on: dt.date = TODAY, **values) -> Debt:
    return Debt(number, f"INV-{number}", due_on - TERM, due_on, due, **values)


def position(**values) -> Position:
    usual = {
        "funds": 0,
        "active": True,
        "suspended_for_debt": False,
        "debts": [],
        "renewals": [],
        "top_up": None,
        "has_method": False,
        "may_charge": lambda _at: True,
        "may_top_up": lambda _at: True,
    }
    return Position(**{**usual, **values})


def look(account: Position, days: int = 60, **values) -> list[tuple[int, Kind]]:
    found = foretell(account, house(**values), now=NOW, until=TODAY + dt.timedelta(days=days))
    return [((event.day - TODAY).days, event.kind) for event in found]


def yearly(price: int = 36_500, **values) -> Renewal:
    usual = {
        "about": "S-1",
        "current": Period(dt.date(2025, 6, 1), dt.date(2026, 5, 31)),
        "anchor": dt.date(2025, 6, 1),
        "months": 12,
        "aligns": False,
        "lines": lambda _priced: [LineAmount(price)],
    }
    return Renewal(**{**usual, **values})


def billed_ahead(owed: Debt | None = None, *, lost: bool = False) -> dict[dt.date, Billed]:
    first = dt.date(2026, 6, 1)
    return {first: Billed(Period(first, dt.date(2026, 6, 30)), owed, lost)}


def monthly(**values) -> Renewal:
    may = Period(dt.date(2026, 5, 1), dt.date(2026, 5, 31))
    return yearly(3_000, **{"months": 1, "current": may, "anchor": may.first, **values})


def billed_days(account: Position, days: int = 100, **values) -> list[int]:
    return [day for day, kind in look(account, days, **values) if kind is Kind.INVOICE]


def test_an_invoice_that_stays_unpaid_goes_through_every_step_and_suspends():
    assert look(position(debts=[debt()])) == [
        (1, Kind.REMINDER),
        (7, Kind.REMINDER),
        (14, Kind.REMINDER),
        (21, Kind.FINAL_WARNING),
        (28, Kind.SUSPENSION),
    ]


def test_a_stored_method_pays_on_the_due_day_and_nothing_follows():
    assert look(position(debts=[debt()], has_method=True)) == [(0, Kind.CHARGE)]


def test_charges_that_fail_are_tried_again_and_lead_to_the_suspension():
    found = look(position(debts=[debt()], has_method=True), succeed=False)
    assert [each for each in found if each[1] is Kind.CHARGE_FAILED] == [
        (0, Kind.CHARGE_FAILED),
        (1, Kind.CHARGE_FAILED),
        (3, Kind.CHARGE_FAILED),
        (7, Kind.CHARGE_FAILED),
    ]
    assert found[-1] == (28, Kind.SUSPENSION)


def test_a_method_that_cannot_be_charged_is_not():
    found = look(position(debts=[debt()], has_method=True, may_charge=lambda _at: False))
    assert Kind.CHARGE not in {kind for _day, kind in found}


def test_an_invoice_that_somebody_is_paying_is_not_charged():
    found = look(position(debts=[debt(under_way=True)], has_method=True))
    assert Kind.CHARGE not in {kind for _day, kind in found}


def test_steps_that_were_taken_are_not_foretold_again():
    ended = {"retry_1", "reminder_1", "retry_2", "retry_3", "reminder_2", "reminder_3"}
    assert look(position(debts=[debt(due_on=TODAY - dt.timedelta(days=14), ended=ended)])) == [
        (7, Kind.FINAL_WARNING),
        (14, Kind.SUSPENSION),
    ]


def test_a_suspended_account_is_let_in_when_its_debt_is_charged():
    account = position(
        active=False,
        suspended_for_debt=True,
        debts=[debt(suspended_for=True, due_on=TODAY - dt.timedelta(days=6), ended={"retry_1", "retry_2"})],
        has_method=True,
    )
    assert look(account)[-2:] == [(1, Kind.CHARGE), (1, Kind.LIFTING)]


def test_a_top_up_covers_the_oldest_debt_and_goes_on_until_there_is_enough():
    account = position(debts=[debt(due=25_000)], top_up=TopUp(5_000, 20_000))
    assert look(account) == [(0, Kind.TOP_UP), (0, Kind.TOP_UP)]
    assert (account.funds, account.debts[0].due) == (15_000, 0)


def test_a_top_up_that_fails_three_times_is_switched_off():
    assert look(position(top_up=TopUp(5_000, 20_000)), succeed=False) == [
        (0, Kind.TOP_UP_FAILED),
        (0, Kind.TOP_UP_FAILED),
        (0, Kind.TOP_UP_FAILED),
        (0, Kind.TOP_UP_STOPPED),
    ]


def test_top_ups_keep_their_pause_over_midnight():
    late = TopUp(5_000, 20_000, last_run_at=dt.datetime(2026, 5, 15, 23, 30, tzinfo=dt.UTC))
    assert look(position(top_up=late)) == [(1, Kind.TOP_UP)]


def test_a_renewal_is_billed_seven_days_before_and_paid_from_the_balance():
    assert look(position(funds=36_500, renewals=[yearly()])) == [(10, Kind.INVOICE), (10, Kind.BALANCE)]


def test_a_renewal_that_the_balance_does_not_hold_is_charged_else_it_is_dunned():
    charged = look(position(funds=36_499, has_method=True, renewals=[yearly()]))
    assert charged == [(10, Kind.INVOICE), (10, Kind.CHARGE)]
    assert look(position(renewals=[yearly()]), days=18) == [(10, Kind.INVOICE), (18, Kind.REMINDER)]


def test_a_renewal_is_due_on_the_first_day_of_its_period():
    account = position(renewals=[yearly()])
    look(account, days=11)
    assert [each.due_on for each in account.debts] == [dt.date(2026, 6, 1)]


def test_a_renewal_is_paid_on_credit_while_the_limit_of_that_day_allows_it():
    until = TODAY + dt.timedelta(days=10)

    def limit(day):
        return 500 if day <= until else 0

    assert look(position(funds=36_000, overdraft=limit, renewals=[yearly()])) == [
        (10, Kind.INVOICE),
        (10, Kind.BALANCE),
    ]
    until -= dt.timedelta(days=1)
    assert (10, Kind.BALANCE) not in look(position(funds=36_000, overdraft=limit, renewals=[yearly()]), days=10)


def test_what_is_reserved_pays_no_renewal():
    account = position(funds=36_500, overdraft=lambda _day: -1, renewals=[yearly()])
    assert (10, Kind.BALANCE) not in look(account, days=10)


def test_a_top_up_fills_a_balance_below_zero_before_it_pays_debt():
    account = position(funds=-15_000, debts=[debt(due=25_000)], top_up=TopUp(0, 20_000))
    assert look(account, days=0) == [(0, Kind.TOP_UP)]
    assert (account.funds, account.debts[0].due) == (0, 20_000)


def test_what_was_used_is_billed_after_its_month_and_dunned_when_it_is_not_paid():
    account = position(unbilled={dt.date(2026, 4, 1): [LineAmount(700)], dt.date(2026, 5, 1): [LineAmount(300)]})
    events = list(foretell(account, house(), now=NOW, until=TODAY + dt.timedelta(days=32)))
    assert [((event.day - TODAY).days, event.kind, event.amount) for event in events] == [
        (0, Kind.INVOICE, 700),
        (15, Kind.REMINDER, 700),
        (17, Kind.INVOICE, 300),
        (21, Kind.REMINDER, 700),
        (28, Kind.REMINDER, 700),
        (32, Kind.REMINDER, 300),
    ]


def test_the_tax_of_what_was_used_is_rounded_once_for_all_months_of_the_invoice():
    line = LineAmount(3, rate_ppm=190_000)  # 0.57 cents of tax, 1.14 together
    account = position(unbilled={dt.date(2026, 3, 1): [line], dt.date(2026, 4, 1): [line]})
    events = list(foretell(account, house(), now=NOW, until=TODAY))
    assert [(event.kind, event.amount) for event in events] == [(Kind.INVOICE, 7)]


def test_what_follows_from_a_renewal_says_so():
    events = list(foretell(position(renewals=[yearly()]), house(), now=NOW, until=TODAY + dt.timedelta(days=30)))
    assert {(event.about, event.of_renewal) for event in events} == {("S-1", True)}


def test_a_suspended_account_does_not_renew():
    assert look(position(active=False, renewals=[yearly()])) == []


def test_a_period_that_was_billed_ahead_is_not_billed_again():
    for lost in (False, True):
        assert look(position(renewals=[yearly(billed=billed_ahead(lost=lost))]), days=35) == []


def test_every_month_is_billed_once():
    assert billed_days(position(funds=10**9, renewals=[monthly()])) == [10, 40, 71]


def test_what_nobody_pays_is_not_billed_again():
    assert billed_days(position(renewals=[monthly()])) == [10]
    assert billed_days(position(has_method=True, renewals=[monthly()]), succeed=False) == [10]


def test_an_unpaid_renewal_is_owed_no_more_after_the_days_of_grace():
    policy = DunningPolicy(reminder_days=(1, 27, 40), warning_days=0, suspension_days=0)
    account = position(renewals=[monthly()])
    assert look(account, days=90, policy=policy) == [(10, Kind.INVOICE), (18, Kind.REMINDER), (44, Kind.REMINDER)]
    assert [each.due for each in account.debts] == [0]


def test_who_was_suspended_for_a_renewal_is_let_in_when_it_is_void():
    policy = DunningPolicy(reminder_days=(), warning_days=0, suspension_days=20)
    found = look(position(renewals=[monthly()]), days=90, policy=policy)
    assert found[-2:] == [(37, Kind.SUSPENSION), (45, Kind.LIFTING)]


def test_nobody_is_suspended_for_a_renewal_on_the_day_on_which_it_is_void():
    assert Kind.SUSPENSION not in {kind for _day, kind in look(position(renewals=[monthly()]), days=90)}


def test_a_renewal_that_the_credit_covers_stands_on_the_invoice_of_the_month():
    """Billed on 25 May for the days from June on: used in May, so on the bill of 1 June, which nobody has paid then."""
    account = position(renewals=[monthly()], limit=lambda _day: 3_000)
    found = list(foretell(account, house(), now=NOW, until=dt.date(2026, 6, 2)))
    assert [(event.day, event.about, event.amount) for event in found] == [(dt.date(2026, 6, 1), USED, 3_000)]
    assert account.renewals[0].current.first == dt.date(2026, 6, 1)


def test_a_renewal_beyond_the_credit_is_an_invoice():
    account = position(renewals=[monthly()], limit=lambda _day: 2_999)
    assert look(account, days=14)[0] == (10, Kind.INVOICE)


def test_nobody_is_reminded_of_the_period_after_a_trial():
    trial = monthly(not_before=dt.date(2026, 5, 31))
    assert {kind for _day, kind in look(position(renewals=[trial]), days=90)} == {Kind.INVOICE}


def test_a_renewal_that_is_partly_paid_stays_owed_after_its_subscription_has_ended():
    policy = DunningPolicy(reminder_days=(1, 40), warning_days=0, suspension_days=0)
    owed = debt(due=1_000, due_on=dt.date(2026, 6, 1), can_void=False)
    account = position(debts=[owed], renewals=[monthly(billed=billed_ahead(owed))])
    assert look(account, days=90, policy=policy) == [(18, Kind.REMINDER), (57, Kind.REMINDER)]
    assert (owed.due, account.renewals[0].ended) == (1_000, True)


def test_what_is_owed_for_the_days_before_the_end_stays_owed():
    owed = debt(due=3_000, due_on=dt.date(2026, 5, 1))
    may = Period(dt.date(2026, 5, 1), dt.date(2026, 5, 31))
    account = position(debts=[owed], renewals=[monthly(billed={may.first: Billed(may, owed)})])
    look(account, days=90)
    assert (owed.due, account.renewals[0].ended) == (3_000, True)


def test_a_subscription_whose_renewal_somebody_is_paying_waits_for_that():
    owed = debt(due=3_000, due_on=dt.date(2026, 6, 1), under_way=True)
    account = position(debts=[owed], renewals=[monthly(billed=billed_ahead(owed))])
    look(account, days=90)
    assert (owed.due, account.renewals[0].ended) == (3_000, False)


def test_a_renewal_that_is_paid_late_goes_on_from_its_period():
    owed = debt(due=3_000, due_on=dt.date(2026, 6, 1))
    account = position(debts=[owed], has_method=True, renewals=[monthly(billed=billed_ahead(owed))])
    assert billed_days(account) == [40, 71]


def test_an_expired_subscription_that_a_top_up_pays_is_billed_again_the_same_day():
    april = Period(dt.date(2026, 3, 20), dt.date(2026, 4, 19))
    owed = debt(due=3_000, due_on=dt.date(2026, 4, 20))
    ahead = {dt.date(2026, 4, 20): Billed(Period(dt.date(2026, 4, 20), dt.date(2026, 5, 19)), owed)}
    renewal = monthly(current=april, anchor=april.first, billed=ahead)
    account = position(debts=[owed], top_up=TopUp(0, 5_000), renewals=[renewal], funds=-1)
    assert look(account, days=0, policy=DunningPolicy((), (), 0, 0)) == [(0, Kind.TOP_UP), (0, Kind.INVOICE)]


STATES = st.builds(
    lambda funds, dues, method, top_up, suspended: position(
        funds=funds,
        active=not suspended,
        suspended_for_debt=suspended,
        debts=[
            debt(number, due=due, due_on=TODAY + dt.timedelta(days=day), suspended_for=suspended)
            for number, (due, day) in enumerate(dues, start=1)
        ],
        has_method=method,
        top_up=TopUp(*top_up) if top_up else None,
    ),
    st.integers(0, 50_000),
    st.lists(st.tuples(st.integers(1, 50_000), st.integers(-40, 40)), max_size=4),
    st.booleans(),
    st.none() | st.tuples(st.integers(0, 10_000), st.integers(1_000, 50_000)),
    st.booleans(),
)


@given(STATES, st.booleans(), st.integers(1, 90))
def test_no_money_is_made_up_and_days_never_go_back(account, succeed, days):
    start = account.funds - sum(each.due for each in account.debts)
    events = list(foretell(account, house(succeed=succeed), now=NOW, until=TODAY + dt.timedelta(days=days)))
    taken = sum(event.amount for event in events if event.kind in (Kind.CHARGE, Kind.TOP_UP))
    assert account.funds - sum(each.due for each in account.debts) == start + taken
    assert [event.day for event in events] == sorted(event.day for event in events)
    assert all(TODAY <= event.day <= TODAY + dt.timedelta(days=days) for event in events)
    assert min([account.funds, *(each.due for each in account.debts)]) >= 0


@given(STATES, st.integers(1, 60))
def test_looking_further_tells_the_same_of_the_days_before(account, days):
    from copy import deepcopy

    again = deepcopy(account)
    last = TODAY + dt.timedelta(days=days)
    near = list(foretell(account, house(), now=NOW, until=last))
    far = foretell(again, house(), now=NOW, until=last + dt.timedelta(days=30))
    assert near == [event for event in far if event.day <= last]
