"""What a change within a paid period costs: by exact days, both ends counted, never a refund."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from domain.money import divide_rounded
from domain.periods import Period, PricedPeriod

REFUND_DAYS: Final = 14
"""A purchase is given back in full within so many days after the day it was bought (SPEC E3)."""


@dataclass(frozen=True, slots=True)
class ProratedCharge:
    """A charge with all that explains it. ``full`` is what the whole period would have cost."""

    amount: int
    full: int
    days_left: int
    days: int


@dataclass(frozen=True, slots=True)
class QuantityChange:
    """What a new quantity means now: the charge, what is paid for until the period ends, and what renews."""

    charge: ProratedCharge
    paid_quantity: int
    renewal_quantity: int


def prorate(full: int, period: Period, changed_on: dt.date) -> ProratedCharge:
    """The part of ``full`` for the days from ``changed_on`` to the end of the period."""
    days_left = period.days_left(changed_on)
    return ProratedCharge(divide_rounded(full * days_left, period.days), full, days_left, period.days)


def change_price(old: int, new: int, period: Period, changed_on: dt.date) -> ProratedCharge:
    """Dearer: the difference for the days left, now. Cheaper or equal: nothing now, the new price at renewal."""
    return prorate(max(0, new - old), period, changed_on)


def change_quantity(
    unit_price: int, *, paid_quantity: int, new_quantity: int, period: Period, changed_on: dt.date
) -> QuantityChange:
    """Charge only what goes above the most already paid for in this period.

    ``paid_quantity`` is that most, not the quantity in use: whoever goes down and up again has paid already, and going
    down pays nothing out, so no order of changes can gain or lose money.
    """
    if new_quantity < 0 or paid_quantity < 0:
        raise ValueError("a quantity is negative")
    more = max(0, new_quantity - paid_quantity)
    charge = prorate(unit_price * more, period, changed_on)
    return QuantityChange(charge, max(paid_quantity, new_quantity), new_quantity)


def price_of(regular: int, priced: PricedPeriod) -> int:
    """What a period costs that is longer or shorter than a regular one, rounded once."""
    return divide_rounded(regular * priced.numerator, priced.denominator)


def refundable_in_full(bought_on: dt.date, on: dt.date) -> bool:
    """Whether a purchase may still be given back as a whole: the day itself and the 14 after it."""
    return dt.timedelta(0) <= on - bought_on <= dt.timedelta(days=REFUND_DAYS)
