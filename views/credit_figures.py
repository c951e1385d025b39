"""What an account may still spend, in words and amounts: on the staff's page of an account and on its own pages."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from markupsafe import escape

from domain.permissions import P
from domain.sentences import Sentence
from models import Account, PaymentMode
from panel import DetailsField, Facts, Visit
from panel.kinds import date_text
from services.usable_credit import CreditFigures, figures_of
from views.locale import said
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
            each.name, each.label, "text", escape(f"{each.amount} ({said(each.note)})" if each.note else each.amount)
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
    reserved = Figure("reserved", "Reserved", money(-figures.reserved), Sentence("set aside for what is under way"))
    if figures.mode is PaymentMode.PREPAID:
        drawn = Sentence("drawn on the credit limit") if figures.balance < 0 else ""
        return [
            Figure("owed", "Amount due", money(-figures.owed), Sentence("on invoices; it is paid from what is usable")),
            Figure("balance", "Balance", money(figures.balance), drawn),
            limit,
            reserved,
            Figure("usable", "Usable", money(figures.usable), Sentence("balance and limit, less what is reserved")),
        ]
    with_due = Sentence("unbilled and credit")
    unbilled = Sentence("used and not billed yet; billed after the month")
    due = ("Credit", Sentence("more than what is due, and it comes on top of the limit"))
    if figures.due <= 0:
        with_due = Sentence("unbilled and amount due")
        due = ("Amount due", Sentence("billed already: it does not lessen the limit"))
    return [
        Figure("current_balance", "Current balance", money(figures.current_balance), with_due),
        Figure("due", due[0], money(figures.due), due[1]),
        limit,
        Figure("unbilled", "Unbilled", money(figures.unbilled), unbilled),
        reserved,
        Figure("usable", "Usable", money(figures.usable), _how_it_adds_up(figures)),
    ]


def _how_it_adds_up(figures: CreditFigures) -> str:
    if figures.due > 0:
        return Sentence("limit and credit, less what is unbilled and reserved")
    return Sentence("limit, less what is unbilled and reserved")


def _limit_note(figures: CreditFigures, visit: Visit) -> str:
    """Whether the limit that counts ends, and what is left of it then."""
    if not figures.limits:
        return Sentence("none is granted")
    counts, *others = figures.limits
    if counts.valid_to is None:
        return Sentence("permanent")
    last = date_text(counts.valid_to - dt.timedelta(days=1), visit.locale)
    later = next((each for each in others if each.valid_to is None), None)
    if later is None:
        return Sentence("until %(day)s", day=last)
    amount = format_money(later.amount, figures.currency, visit.locale)
    return Sentence("until %(day)s, then %(amount)s", day=last, amount=amount)
