"""Why a line costs what it costs, in a sentence, out of what the line kept at its issue (SPEC D4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from domain.money import minor_to_text
from extensions import db
from models.invoice import Invoice, InvoiceLine

_TREATMENTS = {"reverse_charge": "Reverse charge", "exempt": "Exempt from tax", "outside": "No tax rule applies"}


def explanation_text(why: Mapping[str, Any], currency: str) -> str:
    """One sentence; empty where nothing was kept, as on lines brought from an older system."""
    parts = [*_price(why, currency), *_days(why), *_tax(why)]
    if why.get("changed_by"):
        parts.append(f"asked for by {why['changed_by']}{_on(why)}")
    return "; ".join(parts)


def _price(why: Mapping[str, Any], currency: str) -> list[str]:
    price = why.get("price")
    if not isinstance(price, Mapping) or not isinstance(price.get("unit"), int):
        return []
    said = f"{why.get('quantity', 1)} × {minor_to_text(price['unit'], currency)} {currency}"
    if price.get("period"):
        said += f" {str(price['period']).replace('_', ' ')}"
    if price.get("valid_from"):
        said += f" (price from {price['valid_from']})"
    return [said]


def _days(why: Mapping[str, Any]) -> list[str]:
    days = why.get("days")
    if not isinstance(days, Mapping) or days.get("left") == days.get("of"):
        return []
    return [f"{days['left']} of {days['of']} days"]


def _tax(why: Mapping[str, Any]) -> list[str]:
    treatment = str(why.get("tax") or "")
    if treatment in _TREATMENTS:
        return [_TREATMENTS[treatment]]
    rule = why.get("tax_rule")
    if not isinstance(rule, Mapping):
        return []
    said = str(rule.get("name") or "Tax rule")
    until = f" to {rule['valid_to']}" if rule.get("valid_to") else ""
    return [f"{said}, in force from {rule['valid_from']}{until}" if rule.get("valid_from") else said]


def _on(why: Mapping[str, Any]) -> str:
    return f" on {str(why['changed_at'])[:10]}" if why.get("changed_at") else ""


def explanations_of(invoice: Invoice) -> list[tuple[str, str]]:
    """Each line's description and why it costs what it costs, in their order."""
    found = select(InvoiceLine.description, InvoiceLine.explanation).where(InvoiceLine.invoice_id == invoice.id)
    return [
        (description, explanation_text(why, invoice.currency))
        for description, why in db.session.execute(found.order_by(InvoiceLine.position))
    ]
