"""What the runs of the house would do with one account until some day, foretold by the rules they follow (SPEC D16).

The account is gone through day by day as the clock does it: what was used and renewals are billed, then the steps of
unpaid invoices are taken in the order of the invoices, then subscriptions that nobody paid in time are ended, then the
balance is topped up. Nothing here reads or writes a row.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from domain.credit import Postpaid
from domain.dunning import DunningPolicy, StepKind, may_be_let_in, steps_today, why_passed_over
from domain.invoices import pay_in_order
from domain.periods import Period, PricedPeriod, month_of
from domain.renewals import billed_on, following_period, is_over_for_good, renewal_due_on
from domain.top_ups import PAUSE, gives_up, is_due
from domain.totals import LineAmount, total_lines

USED: Final = "Used and not billed yet"
"""What the invoice of a postpaid account for the months that are over is about."""
_ONE_DAY: Final = dt.timedelta(days=1)


class Kind(StrEnum):
    """What can happen. A kind that ends in ``failed`` took nothing."""

    INVOICE = "invoice"
    BALANCE = "balance"
    CHARGE = "charge"
    CHARGE_FAILED = "charge_failed"
    TOP_UP = "top_up"
    TOP_UP_FAILED = "top_up_failed"
    TOP_UP_STOPPED = "top_up_stopped"
    REMINDER = "reminder"
    FINAL_WARNING = "final_warning"
    SUSPENSION = "suspension"
    LIFTING = "lifting"


_MESSAGES: Final = {
    StepKind.REMINDER: Kind.REMINDER,
    StepKind.FINAL_WARNING: Kind.FINAL_WARNING,
    StepKind.SUSPENSION: Kind.SUSPENSION,
}


@dataclass(frozen=True, slots=True)
class Foretold:
    """One thing that would happen. ``about`` is an invoice's number, or the subscription's of an invoice to come."""

    day: dt.date
    kind: Kind
    amount: int = 0
    about: str = ""
    of_renewal: bool = False


@dataclass(slots=True)
class Debt:
    """An invoice on which ``due`` is open. ``under_way``: somebody is paying it, and nothing is known of that.
    ``can_void``: nothing of it was paid or credited yet.
    """

    id: int
    about: str
    issued_on: dt.date
    due_on: dt.date
    due: int
    ended: set[str] = field(default_factory=set)
    warned_on: dt.date | None = None
    suspended_for: bool = False
    under_way: bool = False
    can_void: bool = True
    of_renewal: bool = False


@dataclass(slots=True)
class TopUp:
    """The rule of an account; ``failed`` tells of its last tries, the newest first."""

    threshold: int
    amount: int
    last_run_at: dt.datetime | None = None
    failed: list[bool] = field(default_factory=list)
    under_way: bool = False


@dataclass(slots=True)
class Billed:
    """A later period that has its invoice. ``debt`` is what is open of that, none if it is paid. ``lost``: the invoice
    was voided or given back.
    """

    period: Period
    debt: Debt | None = None
    lost: bool = False

    @property
    def is_paid(self) -> bool:
        """Whether it may be entered. What cost nothing is paid."""
        return not self.lost and (self.debt is None or self.debt.due <= 0)


@dataclass(slots=True)
class Renewal:
    """A subscription that renews. ``lines`` gives the lines of the invoice over a period. ``billed``
    are later periods by their first days: each is billed once, and entered when it is paid.
    """

    about: str
    current: Period
    anchor: dt.date
    months: int
    aligns: bool
    lines: Callable[[PricedPeriod], list[LineAmount]]
    billed: dict[dt.date, Billed] = field(default_factory=dict)
    not_before: dt.date | None = None  # the last day of a trial
    ended: bool = False

    @property
    def next_day(self) -> dt.date:
        """The first day of the next period."""
        return self.current.last + _ONE_DAY


@dataclass(slots=True)
class Position:
    """How an account stands. ``may_charge`` says whether the default stored method can be charged at a moment,
    ``may_top_up`` the same of the method of its rule. ``debts``: the oldest first. ``overdraft`` says how far below
    zero renewals may take the funds on a day (below zero itself: so much is reserved of them). ``unbilled`` is what was
    used and not billed yet, by the first day of its month; lines of one rate and treatment may stand as one. ``limit``
    is that of a postpaid account on a day, less what is reserved; a prepaid one has none.
    """

    funds: int
    active: bool
    suspended_for_debt: bool
    debts: list[Debt]
    renewals: list[Renewal]
    top_up: TopUp | None
    has_method: bool
    may_charge: Callable[[dt.datetime], bool]
    may_top_up: Callable[[dt.datetime], bool]
    overdraft: Callable[[dt.date], int] = lambda _day: 0
    unbilled: dict[dt.date, list[LineAmount]] = field(default_factory=dict)
    limit: Callable[[dt.date], int] | None = None

    def usable_credit(self, day: dt.date) -> int:
        """What a postpaid account may still put on its next invoice."""
        if self.limit is None:
            return 0
        used = sum(total_lines(lines).total for lines in self.unbilled.values())
        due = self.funds - sum(debt.due for debt in self.debts)
        return Postpaid(unbilled=-used, due=due, limit=0).usable + self.limit(day)


@dataclass(frozen=True, slots=True)
class House:
    """What holds for all accounts. ``grace``: so long after its last day a subscription can still be paid and had back.
    ``charges_succeed`` is the assumption: a gateway's answer cannot be foretold.
    """

    policy: DunningPolicy
    term: dt.timedelta
    grace: dt.timedelta
    charges_succeed: bool


def foretell(account: Position, house: House, *, now: dt.datetime, until: dt.date) -> Iterator[Foretold]:
    """Everything from this moment to the end of the last day, in its order. The position is used up."""
    day = now.date()
    while day <= until:
        begins = max(now, dt.datetime.combine(day, dt.time(), now.tzinfo))
        yield from _bill_used(account, house, day)
        yield from _renew(account, house, begins)
        yield from _dun(account, house, begins)
        _end_unpaid(account, house, day)
        yield from _let_in(account, day)
        yield from _fill(account, house, begins)
        day += _ONE_DAY


def _bill_used(account: Position, house: House, day: dt.date) -> Iterator[Foretold]:
    """One invoice for what was used in the months that are over, its tax rounded once for all of them; nothing is
    charged before it is due.
    """
    over = [month for month in account.unbilled if month < month_of(day).first]
    lines = [line for month in over for line in account.unbilled.pop(month)]
    if lines:
        used = total_lines(lines).total
        yield Foretold(day, Kind.INVOICE, used, USED)
        account.debts.append(Debt(_next_id(account), USED, day, day + house.term, used))


def _next_id(account: Position) -> int:
    return max((each.id for each in account.debts), default=0) + 1


def _renew(account: Position, house: House, at: dt.datetime) -> Iterator[Foretold]:
    """Bill what renews: from the balance if it holds all of it, else by the stored method, else it stays unpaid. Where
    the credit of a postpaid account covers it, it stands on the invoice of the month.
    """
    day = at.date()
    for renewal in account.renewals:
        _enter_paid(renewal, day)
        if account.active and not renewal.ended and _is_billed_on(renewal, day):
            yield from _bill_next(account, renewal, house, at)


def _enter_paid(renewal: Renewal, day: dt.date) -> None:
    """Go on into the periods that are paid; without one it stays where it is, and is expired."""
    while renewal.current.last < day and not renewal.ended:
        ahead = renewal.billed.get(renewal.next_day)
        if ahead is None or not ahead.is_paid:
            return
        renewal.current = ahead.period


def _is_billed_on(renewal: Renewal, day: dt.date) -> bool:
    begins = billed_on(renewal.next_day, trial_ends_on=renewal.not_before)
    return begins <= day <= renewal.current.last and renewal.next_day not in renewal.billed


def _bill_next(account: Position, renewal: Renewal, house: House, at: dt.datetime) -> Iterator[Foretold]:
    day = at.date()
    priced = following_period(renewal.current, anchor=renewal.anchor, months=renewal.months, aligns=renewal.aligns)
    lines = renewal.lines(priced)
    total = total_lines(lines).total
    if 0 < total <= account.usable_credit(day):
        account.unbilled.setdefault(month_of(day).first, []).extend(lines)
        renewal.billed[priced.period.first] = Billed(priced.period)
        return
    due_on = renewal_due_on(priced.period.first, today=day)
    debt = Debt(_next_id(account), renewal.about, day, due_on, total, of_renewal=True)
    renewal.billed[priced.period.first] = Billed(priced.period, debt)
    yield Foretold(day, Kind.INVOICE, debt.due, debt.about, of_renewal=True)
    if 0 < debt.due <= account.funds + account.overdraft(day):
        yield Foretold(day, Kind.BALANCE, debt.due, debt.about, of_renewal=True)
        account.funds -= debt.due
        debt.due = 0
    elif debt.due:
        account.debts.append(debt)
        if account.has_method and account.may_charge(at):
            yield from _charge(account, debt, house, day)


def _end_unpaid(account: Position, house: House, day: dt.date) -> None:
    """Subscriptions that nobody paid in time end, and what is open of their later periods is owed no more. One that is
    partly paid is left to staff; while somebody pays, the subscription waits for that.
    """
    for renewal in account.renewals:
        _enter_paid(renewal, day)
        if renewal.ended or not is_over_for_good(renewal.current.last, grace=house.grace, today=day):
            continue
        later = [each.debt for each in renewal.billed.values() if each.period.first > renewal.current.last]
        owed = [debt for debt in later if debt is not None and debt.due > 0]
        if any(debt.under_way for debt in owed):
            continue
        renewal.ended = True
        for debt in owed:
            if debt.can_void:
                debt.due = 0


def _held_to_no_more(account: Position, house: House, day: dt.date) -> set[int]:
    """The debts over periods that nobody has to take: after a trial, and of a subscription that ends on this day."""
    found: set[int] = set()
    for renewal in account.renewals:
        last = renewal.current.last
        only_tried = renewal.not_before == last
        if not renewal.ended and (only_tried or is_over_for_good(last, grace=house.grace, today=day)):
            later = [each.debt for each in renewal.billed.values() if each.period.first > last]
            found |= {debt.id for debt in later if debt is not None}
    return found


def _dun(account: Position, house: House, at: dt.datetime) -> Iterator[Foretold]:
    day = at.date()
    passed_over = _held_to_no_more(account, house, day)
    for debt in sorted(account.debts, key=lambda each: each.id):
        if debt.due <= 0 or debt.due_on > day or debt.id in passed_over:
            continue
        today = steps_today(debt.due_on, house.policy, today=day, ended=debt.ended, warned_on=debt.warned_on)
        debt.ended |= {step.name for step in (*today.skip, *today.take)}
        charged = False
        for step in today.take:
            if why_passed_over(
                step.kind, has_method=account.has_method, under_way=debt.under_way, can_suspend=account.active
            ):
                continue
            if step.kind is StepKind.RETRY:
                charged = account.may_charge(at)
                continue
            yield Foretold(day, _MESSAGES[step.kind], debt.due, debt.about, debt.of_renewal)
            if step.kind is StepKind.FINAL_WARNING:
                debt.warned_on = day
            elif step.kind is StepKind.SUSPENSION:
                account.active, account.suspended_for_debt, debt.suspended_for = False, True, True
        if charged:  # begun with the other steps, carried out after them
            yield from _charge(account, debt, house, day)


def _charge(account: Position, debt: Debt, house: House, day: dt.date) -> Iterator[Foretold]:
    kind = Kind.CHARGE if house.charges_succeed else Kind.CHARGE_FAILED
    yield Foretold(day, kind, debt.due, debt.about, debt.of_renewal)
    if house.charges_succeed:
        debt.due = 0
        yield from _let_in(account, day)


def _let_in(account: Position, day: dt.date) -> Iterator[Foretold]:
    if account.suspended_for_debt and may_be_let_in(debt.due for debt in account.debts if debt.suspended_for):
        account.active, account.suspended_for_debt = True, False
        yield Foretold(day, Kind.LIFTING)


def _fill(account: Position, house: House, begins: dt.datetime) -> Iterator[Foretold]:
    """Top up; where that brings a subscription back or lets the account in again, the next period is billed at once."""
    while True:
        yield from _top_up(account, house, begins)
        renewed = list(_renew(account, house, begins))
        yield from renewed
        if not renewed:
            return


def _top_up(account: Position, house: House, begins: dt.datetime) -> Iterator[Foretold]:
    """Add funds until there are enough, with the pause between two tries, as long as the day lasts."""
    rule, at = account.top_up, begins
    while rule is not None and account.active:
        if rule.last_run_at is not None:
            at = max(at, rule.last_run_at + PAUSE)
        due = is_due(
            threshold=rule.threshold,
            funds=account.funds,
            last_run_at=rule.last_run_at,
            under_way=rule.under_way,
            now=at,
        )
        if not due or at.date() != begins.date() or not account.may_top_up(at):
            return
        rule.last_run_at = at
        rule.failed.insert(0, not house.charges_succeed)
        if house.charges_succeed:
            yield Foretold(at.date(), Kind.TOP_UP, rule.amount)
            _receive(account, rule.amount)
            yield from _let_in(account, at.date())
        else:
            yield Foretold(at.date(), Kind.TOP_UP_FAILED, rule.amount)
            if gives_up(rule.failed):
                account.top_up = rule = None
                yield Foretold(at.date(), Kind.TOP_UP_STOPPED)


def _receive(account: Position, money: int) -> None:
    """What comes in fills a balance below zero, then covers the oldest debt; the rest is balance."""
    account.debts.sort(key=lambda each: (each.due_on, each.issued_on))
    most = min(money, max(0, account.funds + money))
    parts = pay_in_order(most, [0 if debt.under_way else debt.due for debt in account.debts])
    for debt, part in zip(account.debts, parts, strict=True):
        debt.due -= part
        debt.can_void = debt.can_void and not part
    account.funds += money - sum(parts)
