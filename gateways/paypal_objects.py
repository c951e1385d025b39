"""What PayPal's objects say of money, in the words of the port. Shapes: https://developer.paypal.com/docs/api/orders/v2/"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from domain.money import minor_to_text, parse_minor
from gateways.port import ChargeResult, ChargeState, MethodRefs, RefundResult, StoredMethod

DECLINED: Final = "PayPal declined the payment. Nothing was taken. Choose another way to pay."
EXPIRED: Final = "PayPal's page was open too long. Nothing was taken. Try again."
_PAGE_LINKS: Final = ("payer-action", "approve", "approval_url", "redirect")


def amount_of(amount: int, currency: str) -> dict[str, str]:
    """Minor units, as PayPal writes them."""
    return {"currency_code": currency, "value": minor_to_text(amount, currency)}


def minor_of(told: Mapping[str, str]) -> int:
    """What PayPal writes, as minor units. Raises AmountNotReadable, UnknownCurrency."""
    return parse_minor(told["value"], told["currency_code"])


def page_of(told: Mapping[str, Any]) -> str | None:
    """The address where the payer goes on."""
    links = {link.get("rel"): link.get("href") for link in told.get("links") or ()}
    return next((links[name] for name in _PAGE_LINKS if name in links), None)


def captures_of(order: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return [each for unit in order.get("purchase_units") or () for each in _payments(unit).get("captures") or ()]


def refunds_of(order: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return [each for unit in order.get("purchase_units") or () for each in _payments(unit).get("refunds") or ()]


def charge_of_order(order: Mapping[str, Any]) -> ChargeResult:
    """An order: waiting for its payer or for us, captured, or given up. The newest capture says how it stands."""
    captures = captures_of(order)
    if captures:
        return charge_of_capture(captures[-1], order["id"])
    if order["status"] == "VOIDED":
        return ChargeResult(ChargeState.DECLINED, handle=order["id"], code="voided", message=EXPIRED)
    return ChargeResult(ChargeState.WAITING, handle=order["id"], continue_at=page_of(order))


def charge_of_capture(capture: Mapping[str, Any], order_id: str | None) -> ChargeResult:
    """A capture: what PayPal took, or tried to take. One that was given back later had succeeded."""
    status = capture["status"]
    if status in ("COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED"):
        return ChargeResult(
            ChargeState.SUCCEEDED,
            gateway_ref=capture["id"],
            handle=order_id,
            amount=minor_of(capture["amount"]),
            currency=capture["amount"]["currency_code"],
            fee=fee_of(capture),
        )
    if status == "PENDING":  # an electronic cheque, or PayPal looks into it
        return ChargeResult(ChargeState.WAITING, gateway_ref=capture["id"], handle=order_id)
    code = (capture.get("status_details") or {}).get("reason") or status.lower()
    return ChargeResult(ChargeState.DECLINED, capture["id"], order_id, code=code, message=DECLINED)


def fee_of(capture: Mapping[str, Any]) -> int:
    """What PayPal kept, where it reckons in the same currency."""
    fee = (capture.get("seller_receivable_breakdown") or {}).get("paypal_fee")
    return minor_of(fee) if fee and fee["currency_code"] == capture["amount"]["currency_code"] else 0


def refund_of(refund: Mapping[str, Any]) -> RefundResult:
    """A refund in one of its states."""
    status = refund["status"]
    if status == "COMPLETED":
        return RefundResult(ChargeState.SUCCEEDED, refund["id"])
    if status in ("FAILED", "CANCELLED"):
        reason = (refund.get("status_details") or {}).get("reason") or status.lower()
        return RefundResult(ChargeState.DECLINED, refund["id"], reason, "PayPal did not send the money back.")
    return RefundResult(ChargeState.WAITING, refund["id"])


def agreement_of(agreement: Mapping[str, Any]) -> StoredMethod:
    """A billing agreement, by the address of whose account it is."""
    payer = (agreement.get("payer") or {}).get("payer_info") or {}
    who = payer.get("email") or payer.get("payer_id") or agreement["id"]
    return StoredMethod(
        MethodRefs(str(payer.get("payer_id") or ""), agreement["id"]), label=f"PayPal {who}", brand="PayPal"
    )


def _payments(unit: Mapping[str, Any]) -> Mapping[str, Any]:
    payments: Mapping[str, Any] = unit.get("payments") or {}
    return payments
