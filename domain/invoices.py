"""What an invoice is: its status from its amounts, and when it is overdue."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from domain.sentences import Sentence


class InvoiceStatus(StrEnum):
    """What was paid of a document. Overdue is no status: it follows from due_on and the day one asks."""

    DRAFT = "draft"
    UNPAID = "unpaid"
    PARTIALLY_PAID = "partially_paid"
    PAID = "paid"
    VOID = "void"


PAYABLE_STATUSES: Final = (InvoiceStatus.UNPAID, InvoiceStatus.PARTIALLY_PAID)


class InvoiceOverpaid(ValueError):
    """More was paid and credited than the invoice asks for: a mistake of the program's, never to be stored."""


def amount_due(*, total: int, paid: int, credited: int) -> int:
    """What is still owed on an issued invoice; never negative."""
    if min(total, paid, credited) < 0:
        raise ValueError("an amount of an invoice is negative")
    due = total - paid - credited
    if due < 0:
        raise InvoiceOverpaid(
            Sentence("%(paid)s paid and %(credited)s credited of %(total)s", paid=paid, credited=credited, total=total)
        )
    return due


def status_of(*, total: int, paid: int, credited: int) -> InvoiceStatus:
    """The status of an issued invoice that is not void. Nothing due is paid, also when credit notes did it."""
    if amount_due(total=total, paid=paid, credited=credited) == 0:
        return InvoiceStatus.PAID
    return InvoiceStatus.PARTIALLY_PAID if paid else InvoiceStatus.UNPAID


def is_overdue(due_on: dt.date | None, status: InvoiceStatus, today: dt.date) -> bool:
    """Something is owed and the day it was due is over. On that day itself there is still time to pay."""
    return status in PAYABLE_STATUSES and due_on is not None and today > due_on


def pay_in_order(money: int, dues: Iterable[int]) -> list[int]:
    """How much of each of these amounts due is paid, one after the other, as far as the money goes."""
    parts = []
    for due in dues:
        parts.append(min(max(0, due), money))
        money -= parts[-1]
    return parts
