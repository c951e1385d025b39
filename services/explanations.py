"""Why a line costs what it costs, in a sentence, out of what the line kept at its issue (SPEC D4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from domain.sentences import Amount, Sentence, joined
from extensions import db
from models.invoice import Invoice, InvoiceLine
from models.price import BillingPeriod

_TREATMENTS = {"reverse_charge": "Reverse charge", "exempt": "Exempt from tax", "outside": "No tax rule applies"}


def explanation_text(why: Mapping[str, Any], currency: str) -> str:
    """One sentence; empty where nothing was kept, as on lines brought from an older system."""
    parts = [*_price(why, currency), *_days(why), *_tax(why), *_asked(why)]
    return joined(parts, "; ") if parts else ""


def _price(why: Mapping[str, Any], currency: str) -> list[str]:
    price = why.get("price")
    if not isinstance(price, Mapping) or not isinstance(price.get("unit"), int):
        return []
    amount = Amount(price["unit"], currency)
    said = Sentence("%(quantity)s × %(price)s", quantity=str(why.get("quantity", 1)), price=amount)
    if price.get("period"):
        said = Sentence("%(price)s %(period)s", price=said, period=_period(str(price["period"])))
    if price.get("valid_from"):
        said = Sentence("%(price)s (price from %(day)s)", price=said, day=_day(price["valid_from"]))
    return [said]


def _period(kept: str) -> BillingPeriod | str:
    """A period as it was kept; what is none any more stays text."""
    return BillingPeriod(kept) if kept in set(BillingPeriod) else kept.replace("_", " ")


def _days(why: Mapping[str, Any]) -> list[str]:
    days = why.get("days")
    if not isinstance(days, Mapping) or days.get("left") == days.get("of"):
        return []
    return [Sentence("%(left)s of %(of)s days", left=days["left"], of=days["of"])]


def _tax(why: Mapping[str, Any]) -> list[str]:
    treatment = str(why.get("tax") or "")
    if treatment in _TREATMENTS:
        return [Sentence(_TREATMENTS[treatment])]
    rule = why.get("tax_rule")
    if not isinstance(rule, Mapping):
        return []
    said = str(rule["name"]) if rule.get("name") else Sentence("Tax rule")
    if not rule.get("valid_from"):
        return [said]
    first = _day(rule["valid_from"])
    if rule.get("valid_to"):
        return [
            Sentence(
                "%(rule)s, in force from %(first)s to %(last)s", rule=said, first=first, last=_day(rule["valid_to"])
            )
        ]
    return [Sentence("%(rule)s, in force from %(first)s", rule=said, first=first)]


def _asked(why: Mapping[str, Any]) -> list[str]:
    if not why.get("changed_by"):
        return []
    if why.get("changed_at"):
        day = _day(str(why["changed_at"])[:10])
        return [Sentence("asked for by %(who)s on %(day)s", who=why["changed_by"], day=day)]
    return [Sentence("asked for by %(who)s", who=why["changed_by"])]


def _day(kept: Any) -> dt.date | str:
    """A day as it was kept; what is none stays text."""
    try:
        return dt.date.fromisoformat(str(kept))
    except ValueError:
        return str(kept)


def explanations_of(invoice: Invoice) -> list[tuple[str, str]]:
    """Each line's description and why it costs what it costs, in their order."""
    found = select(InvoiceLine.description, InvoiceLine.explanation).where(InvoiceLine.invoice_id == invoice.id)
    return [
        (description, explanation_text(why, invoice.currency))
        for description, why in db.session.execute(found.order_by(InvoiceLine.position))
    ]
