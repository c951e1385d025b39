"""What Authorize.net says of money, in the words of the port. Shapes: https://developer.authorize.net/api/reference/"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from domain.money import parse_minor
from gateways.port import ChargeResult, ChargeState, MethodRefs, StoredMethod, card_label

DECLINED: Final = "The card was declined. Nothing was taken. Try another card or way to pay."
EXPIRED: Final = "The payment provider's page was open too long. Nothing was taken. Try again."

_STATES: Final = {
    "capturedPendingSettlement": ChargeState.SUCCEEDED,
    "settledSuccessfully": ChargeState.SUCCEEDED,
    "refundPendingSettlement": ChargeState.SUCCEEDED,
    "refundSettledSuccessfully": ChargeState.SUCCEEDED,
    "FDSPendingReview": ChargeState.WAITING,
    "FDSAuthorizedPendingReview": ChargeState.WAITING,
    "underReview": ChargeState.WAITING,
    "declined": ChargeState.DECLINED,
    "voided": ChargeState.DECLINED,
    "expired": ChargeState.DECLINED,
    "failedReview": ChargeState.DECLINED,
    "generalError": ChargeState.DECLINED,
    "communicationError": ChargeState.DECLINED,
    "settlementError": ChargeState.DECLINED,
}
APPROVED, REFUSED, HELD = "1", "2", "4"


def state_of(transaction: Mapping[str, Any]) -> ChargeState:
    """How a listed transaction stands; a word that is new to us says nothing."""
    return _STATES.get(transaction["transactionStatus"], ChargeState.UNKNOWN)


def charge_of_listed(transaction: Mapping[str, Any], currency: str) -> ChargeResult:
    """A transaction as the lists and the details show it."""
    state = state_of(transaction)
    if state is ChargeState.DECLINED:
        code = transaction["transactionStatus"]
        return ChargeResult(state, str(transaction["transId"]), code=code, message=DECLINED)
    if state is not ChargeState.SUCCEEDED:
        return ChargeResult(state, str(transaction["transId"]))
    amount = parse_minor(str(transaction["settleAmount"]), currency)
    return ChargeResult(state, str(transaction["transId"]), amount=amount, currency=currency)


def charge_of_response(told: Mapping[str, Any], amount: int, currency: str) -> ChargeResult:
    """The answer to a transaction that was just asked for: approved, refused, or held for a look by the merchant.

    It does not repeat the amount, so that is ``amount``, unless the bank approved a part of it.
    """
    code, ref = str(told["responseCode"]), str(told.get("transId") or "0")
    if code == APPROVED:
        part = (told.get("splitTenderPayments") or [{}])[0].get("approvedAmount")
        taken = parse_minor(str(part), currency) if part is not None else amount
        return ChargeResult(ChargeState.SUCCEEDED, ref, amount=taken, currency=currency)
    if code == HELD:
        return ChargeResult(ChargeState.WAITING, ref)
    error = error_of(told)
    return ChargeResult(ChargeState.DECLINED, ref if ref != "0" else None, code=error or code, message=DECLINED)


def error_of(told: Mapping[str, Any]) -> str:
    """The reason code of a transaction that was refused; empty where there is none."""
    return str((told.get("errors") or [{}])[0].get("errorCode", ""))


def card_of(customer: str, profile: Mapping[str, Any]) -> StoredMethod:
    """A payment profile that is a card. Its date is ``2029-12``, or ``XXXX`` where we may not see it."""
    card = profile["payment"]["creditCard"]
    last_four, brand = str(card["cardNumber"])[-4:], str(card.get("cardType") or "Card")
    return StoredMethod(
        MethodRefs(customer, str(profile["customerPaymentProfileId"])),
        label=card_label(brand, last_four),
        brand=brand,
        last_four=last_four,
        expires_on=_last_day(str(card.get("expirationDate") or "")),
    )


def _last_day(text: str) -> dt.date | None:
    try:
        month = dt.datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007  a month of a card has no time zone
    except ValueError:
        return None
    return month.replace(day=calendar.monthrange(month.year, month.month)[1])
