"""What an account may still spend, in words and amounts: on the staff's page of an account and on its own pages."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from babel.dates import format_date
from markupsafe import escape

from domain.permissions import P
from models import Account, PaymentMode
from panel import DetailsField, Facts, Visit
from services.usable_credit import CreditFigures, figures_of
from views.money import format_money


@dataclass(frozen=True, slots=True)
class Figure:
    """One line: what it is, the amount as it is read, and what there is to know about it."""

    name: str
    label: str
    amount: str
    note: str = ""


def credit_facts(visit: Visit, account: Account, now: dt.datetime) -> list[Facts]:
    """The box on the staff's page of an account, for those who read its money."""
    if not visit.allows(P.STATEMENTS_READ):
        return []
    shown = figures_in_words(figures_of(account.id, day=now.date()), visit)
    fields = [
        DetailsField(
            each.name, each.label, "text", escape(f"{each.amount} ({each.note})" if each.note else each.amount)
        )
        for each in shown
    ]
    return [Facts("Credit", fields)]


def money_stats(visit: Visit, account_id: int, now: dt.datetime) -> list[dict[str, Any]]:
    """The numbers of an account's first pages: its balance, what it owes on invoices, and, where that says more, what
    it can use (see templates/components/stat.html).
    """
    figures = figures_of(account_id, day=now.date())

    def money(amount: int) -> str:
        return format_money(amount, figures.currency, visit.locale)

    held = {
        "label": "Balance",
        "value": money(figures.balance),
        "note": "Drawn on your credit limit" if figures.balance < 0 else "Money we hold for you",
        "url": f"{visit.base_url}/pay/funds" if visit.allows(P.FUNDS_ADD) else "",
        "action_label": "Add funds",
    }
    owed = {
        "label": "Amount due",
        "value": money(figures.owed),
        "tone": "warning" if figures.owed else "success",
        "url": _owed_url(visit) if figures.owed else "",
        "action_label": "Pay now" if visit.allows(P.INVOICES_PAY) else "See the invoices",
    }
    usable = {
        "label": "You can use",
        "value": money(figures.usable),
        "note": "Up to your credit limit" if figures.limit else "",
        "url": f"{visit.base_url}/balance/" if visit.allows(P.STATEMENTS_READ) else "",
        "action_label": "See how it adds up",
    }
    says_more = figures.mode is PaymentMode.POSTPAID or figures.usable != figures.balance
    return [held, owed, usable] if says_more else [held, owed]


def _owed_url(visit: Visit) -> str:
    if visit.allows(P.INVOICES_PAY):
        return f"{visit.base_url}/pay/"
    return f"{visit.base_url}/invoices/?status=unpaid&status=partially_paid"


def figures_in_words(figures: CreditFigures, visit: Visit) -> list[Figure]:
    """The lines in the order in which they add up, the result last. What is owed or set aside is below zero."""

    def money(amount: int) -> str:
        return format_money(amount, figures.currency, visit.locale)

    limit = Figure("credit_limit", "Credit limit", money(figures.limit), _limit_note(figures, visit))
    reserved = Figure("reserved", "Reserved", money(-figures.reserved), "set aside for what is under way")
    if figures.mode is PaymentMode.PREPAID:
        drawn = "drawn on the credit limit" if figures.balance < 0 else ""
        return [
            Figure("owed", "Amount due", money(-figures.owed), "on invoices; it is paid from what is usable"),
            Figure("balance", "Balance", money(figures.balance), drawn),
            limit,
            reserved,
            Figure("usable", "Usable", money(figures.usable), "balance and limit, less what is reserved"),
        ]
    due = ("Credit", "more than what is due, and it comes on top of the limit")
    if figures.due <= 0:
        due = ("Amount due", "billed already: it does not lessen the limit")
    return [
        Figure("current_balance", "Current balance", money(figures.current_balance), f"unbilled and {due[0].lower()}"),
        Figure("due", due[0], money(figures.due), due[1]),
        limit,
        Figure("unbilled", "Unbilled", money(figures.unbilled), "used and not billed yet; billed after the month"),
        reserved,
        Figure("usable", "Usable", money(figures.usable), _how_it_adds_up(figures)),
    ]


def _how_it_adds_up(figures: CreditFigures) -> str:
    credit = " and credit" if figures.due > 0 else ""
    return f"limit{credit}, less what is unbilled and reserved"


def _limit_note(figures: CreditFigures, visit: Visit) -> str:
    """Whether the limit that counts ends, and what is left of it then."""
    if not figures.limits:
        return "none is granted"
    counts, *others = figures.limits
    if counts.valid_to is None:
        return "permanent"
    last = format_date(counts.valid_to - dt.timedelta(days=1), "medium", locale=visit.locale)
    later = next((each for each in others if each.valid_to is None), None)
    after = f", then {format_money(later.amount, figures.currency, visit.locale)}" if later is not None else ""
    return f"until {last}{after}"
