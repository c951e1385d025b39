"""What a change of a subscription would cost, and why one may not be made: shared by quantities and plans."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from domain.money import LARGEST_AMOUNT, AmountTooLarge
from domain.periods import Period
from domain.refusals import Refusal
from domain.sentences import Sentence
from domain.totals import DocumentTotals
from models.subscription import Subscription, SubscriptionItem
from services.invoices import InvoiceLineValues, totals_of
from services.subscriptions.periods import ONE_DAY, billed_ahead, current_period, is_trial
from services.subscriptions.sold import terms_of_period
from services.subscriptions.terms import Terms, current_terms
from services.taxes import TaxTable, tax_table


class SubscriptionNotChangeable(Refusal):
    message = "Only an active subscription can be changed. Renew or reactivate it first."


class ChangeUnderWay(Refusal):
    """The message names the invoice that has to be paid or given up first."""


class NoChangeUnderWay(Refusal):
    message = "There is no change that waits for its payment. Reload the page to see how it stands."


class QuantityNotPossible(Refusal):
    """The message names the product and how many of it are possible."""


class NothingChanges(Refusal):
    message = "Nothing is different from what you have. Change a quantity first."


class NextPeriodBilled(Refusal):
    """What is less takes effect at renewal, and that one is billed; the message says from when on it is possible."""


class PlanNotOffered(Refusal):
    message = "This plan is not offered for this subscription. Reload the page to see which are."


@dataclass(frozen=True, slots=True)
class ItemChange:
    """One quantity: in use, at the next renewal as it stood, and as wanted."""

    item: SubscriptionItem
    now: int
    renews_with: int
    wanted: int


@dataclass(frozen=True, slots=True)
class ChangeQuote:
    """What a change costs now, with the lines of its invoice, and what one whole period costs from then on, net."""

    currency: str
    lines: tuple[InvoiceLineValues, ...]
    totals: DocumentTotals
    recurring_before: int
    recurring_after: int
    items: tuple[ItemChange, ...] = ()
    terms: Terms | None = None
    at_renewal: bool = False


@dataclass(frozen=True, slots=True)
class PaidPeriod:
    """A period that is paid for or billed, with its terms, from the day on which a change would begin in it."""

    period: Period
    begins: dt.date
    terms: Terms
    is_next: bool


def check_running(subscription: Subscription, now: dt.datetime) -> None:
    """Refused: SubscriptionNotChangeable, also on the days on which its renewal is late."""
    if not subscription.can_change or now.date() not in current_period(subscription):
        raise SubscriptionNotChangeable


def paid_periods(subscription: Subscription, now: dt.datetime) -> list[PaidPeriod]:
    """The rest of the current period unless it is tried for nothing, and the next one where it is billed already."""
    parts = []
    if not is_trial(subscription, now.date()):
        terms = current_terms(subscription)
        parts.append(PaidPeriod(current_period(subscription), now.date(), terms, is_next=False))
    ahead = billed_ahead(subscription)
    if ahead is not None:
        period, terms = Period(ahead.period_from, ahead.period_to), terms_of_period(subscription, ahead)
        parts.append(PaidPeriod(period, ahead.period_from, terms, is_next=True))
    return parts


def billed_until(subscription: Subscription) -> NextPeriodBilled:
    """Why nothing can become less now, and when it can."""
    first = subscription.current_period_to + ONE_DAY
    return NextPeriodBilled(
        Sentence(
            "The period that begins on %(first)s is billed already. Less is possible from that day on, and "
            "takes effect at the renewal after it.",
            first=first,
        )
    )


def taxes_of(subscription: Subscription, classes: Collection[int], now: dt.datetime) -> TaxTable:
    return tax_table(subscription.account, set(classes), {now.date()})


def totals_or_nothing(lines: Sequence[InvoiceLineValues]) -> DocumentTotals:
    """Refused: AmountTooLarge."""
    totals = totals_of(lines)
    if totals.total > LARGEST_AMOUNT:
        raise AmountTooLarge
    return totals
