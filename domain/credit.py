"""How much an account may still spend (SPEC D14): prepaid from its balance, postpaid up to a limit.

All amounts are minor units of the currency of the account. What is owed is negative, what is in its favour positive.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GrantedLimit:
    """A credit limit as it was granted: from ``first`` on, up to the day before ``end`` (None: for good)."""

    amount: int
    first: dt.date
    end: dt.date | None = None

    def counts_on(self, day: dt.date) -> bool:
        """Whether it is in force. A temporary one ends by itself, with nobody doing anything."""
        return self.first <= day and (self.end is None or day < self.end)


def limit_on(day: dt.date, granted: Iterable[GrantedLimit]) -> int:
    """The limit of a day: the highest in force, so a temporary one never lowers the permanent one. None: zero."""
    return max((limit.amount for limit in granted if limit.counts_on(day)), default=0)


def lowest_balance(*, balance: int, limit: int, reserved: int) -> int:
    """How low a prepaid balance may ever come to stand: to its limit, or to where it is once all is spent that is
    reserved already. The second matters when a limit ended or was lowered meanwhile.
    """
    _not_negative(limit=limit, reserved=reserved)
    return min(-limit, balance - reserved, 0)


@dataclass(frozen=True, slots=True)
class Prepaid:
    """The account spends what it has, and with a credit limit so much more. ``reserved`` is set aside already."""

    balance: int
    limit: int = 0
    reserved: int = 0

    def __post_init__(self) -> None:
        _not_negative(limit=self.limit, reserved=self.reserved)

    @property
    def usable(self) -> int:
        """Balance = usable - credit limit, less what is reserved. Below zero nothing more can be spent."""
        return self.balance + self.limit - self.reserved


@dataclass(frozen=True, slots=True)
class Postpaid:
    """The account is billed afterwards. ``unbilled`` is what it used and was not billed for, ``due`` what was billed.

    The limit is required, and holds for what is unbilled alone: it begins anew with each bill.
    """

    unbilled: int
    due: int
    limit: int
    reserved: int = 0

    def __post_init__(self) -> None:
        _not_negative(limit=self.limit, reserved=self.reserved)
        if self.unbilled > 0:
            raise ValueError("what is unbilled is owed, so it is not above zero")

    @property
    def current_balance(self) -> int:
        """Unbilled + amount due."""
        return self.unbilled + self.due

    @property
    def usable(self) -> int:
        """Limit + unbilled - reserved where the amount due is owed; where it is a credit, that counts too."""
        return self.limit + max(0, self.due) + self.unbilled - self.reserved


def _not_negative(**amounts: int) -> None:
    for name, amount in amounts.items():
        if amount < 0:
            raise ValueError(f"{name} is not below zero")
